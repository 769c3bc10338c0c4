"""Sessions that their user ended a moment ago."""

from app import db, times


def insert(session_id: int, user_id: int) -> None:
    """Remember that the user ended this session."""
    db.run(
        """
        INSERT INTO ended_sessions (session_id, user_id, ended_at)
        VALUES (:session_id, :user_id, :now)
        ON CONFLICT (session_id) DO NOTHING
        """,
        session_id=session_id,
        user_id=user_id,
        now=times.from_now(),
    )


def exists(session_id: int, user_id: int, since: str) -> bool:
    """Return whether the user ended this session after `since`."""
    row = db.one(
        """
        SELECT 1 AS found
        FROM ended_sessions
        WHERE session_id = :session_id
          AND user_id = :user_id
          AND ended_at > :since
        """,
        session_id=session_id,
        user_id=user_id,
        since=since,
    )
    return row is not None


def delete_before(user_id: int, until: str) -> None:
    """Delete what the user ended up to that time."""
    db.run(
        "DELETE FROM ended_sessions WHERE user_id = :user_id AND ended_at <= :until",
        user_id=user_id,
        until=until,
    )
