"""The log of what each person must hear of."""

from app import db, times


def next_seq(user_id: int) -> int:
    """Their next number, without holes, in the order of commits."""
    row = db.one(
        """
        UPDATE users
        SET event_seq = event_seq + 1
        WHERE id = :user_id
        RETURNING event_seq
        """,
        user_id=user_id,
    )
    assert row is not None  # noqa: S101
    return row["event_seq"]


def insert(user_id: int, seq: int, type: str, payload: str) -> None:
    db.run(
        """
        INSERT INTO events (user_id, seq, type, payload, created_at)
        VALUES (:user_id, :seq, :type, :payload, :now)
        """,
        user_id=user_id,
        seq=seq,
        type=type,
        payload=payload,
        now=times.from_now(),
    )
