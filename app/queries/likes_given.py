"""Likes that were given, also those that were taken back since."""

from app import db, times
from app.db import Row


def insert(user_id: int) -> None:
    """Count a like that is given now."""
    db.run(
        "INSERT INTO likes_given (user_id, created_at) VALUES (:user_id, :now)",
        user_id=user_id,
        now=times.from_now(),
    )


def count(user_id: int, since: str) -> Row:
    """Return `{"used", "oldest"}`: the number of likes after `since` and the time of the first."""
    found = db.one(
        """
        SELECT count(*) AS used, min(created_at) AS oldest
        FROM likes_given
        WHERE user_id = :user_id
          AND created_at > :since
        """,
        user_id=user_id,
        since=since,
    )
    assert found is not None  # noqa: S101
    return found


def delete_before(user_id: int, until: str) -> None:
    """Delete the likes up to that time."""
    db.run(
        "DELETE FROM likes_given WHERE user_id = :user_id AND created_at <= :until",
        user_id=user_id,
        until=until,
    )
