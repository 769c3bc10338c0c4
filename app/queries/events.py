"""The log of what each person must hear of."""

import msgspec

from app import db, times
from app.db import Row
from app.queries import gate


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


def insert(user_id: int, seq: int, type: str, payload: str, request_id: str | None) -> None:
    db.run(
        """
        INSERT INTO events (user_id, seq, type, payload, created_at, request_id)
        VALUES (:user_id, :seq, :type, :payload, :now, :request_id)
        """,
        user_id=user_id,
        seq=seq,
        type=type,
        payload=payload,
        now=times.from_now(),
        request_id=request_id,
    )


def following(user_id: int, after: int, limit: int) -> list[Row]:
    """The first `limit` events after that one: `{"seq", "type", "payload", "created_at", "request_id", "is_open"}`,
    as they are kept, and whether it may still be shown."""
    return db.every(
        f"""
        SELECT events.seq, events.type, events.payload, events.created_at, events.request_id,
               chats.id IS NULL OR events.type = 'chat_closed' OR {gate.LOG_OPEN} AS is_open
        FROM events
        LEFT JOIN chats ON chats.id = events.payload ->> 'chat_id'
        LEFT JOIN users AS them
               ON them.id = CASE WHEN chats.user1_id = :user_id THEN chats.user2_id ELSE chats.user1_id END
        WHERE events.user_id = :user_id
          AND events.seq > :after
        ORDER BY events.seq
        LIMIT :limit
        """,  # noqa: S608
        **gate.params(user_id),
        after=after,
        limit=limit,
    )


def head(user_id: int) -> int:
    """The number of their latest event, 0 before the first."""
    row = db.one("SELECT event_seq FROM users WHERE id = :user_id", user_id=user_id)
    return row["event_seq"] if row else 0


def heads_beyond(known: dict[int, int]) -> list[Row]:
    """Of the people by id those whose latest event is beyond the number that is known: `{"user_id", "seq"}`."""
    return db.every(
        f"""
        SELECT users.id AS user_id, users.event_seq AS seq
        FROM {db.PAIRS.format("known")} AS known
        JOIN users ON users.id = known.key
        WHERE users.event_seq > known.value
        """,  # noqa: S608
        known=msgspec.json.encode(known).decode(),
    )


def oldest(user_id: int, up_to: int, limit: int) -> list[Row]:
    """The first `limit` events that are still kept, none after `up_to`: `{"seq", "created_at"}`."""
    return db.every(
        """
        SELECT seq, created_at
        FROM events
        WHERE user_id = :user_id
          AND seq <= :up_to
        ORDER BY seq
        LIMIT :limit
        """,
        user_id=user_id,
        up_to=up_to,
        limit=limit,
    )


def delete_up_to(user_id: int, seq: int) -> None:
    db.run(
        """
        DELETE FROM events
        WHERE user_id = :user_id
          AND seq <= :seq
        """,
        user_id=user_id,
        seq=seq,
    )
