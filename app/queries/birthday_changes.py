"""Changes of a birthday that was set before."""

from app import db, times
from app.db import Row


def insert(user_id: int) -> None:
    """Count a change that is made now."""
    db.run(
        "INSERT INTO birthday_changes (user_id, created_at) VALUES (:user_id, :now)",
        user_id=user_id,
        now=times.from_now(),
    )


def count(user_id: int, since: str) -> Row:
    """Return `{"made", "oldest"}`: the number of changes after `since` and the time of the first."""
    found = db.one(
        """
        SELECT count(*) AS made, min(created_at) AS oldest
        FROM birthday_changes
        WHERE user_id = :user_id
          AND created_at > :since
        """,
        user_id=user_id,
        since=since,
    )
    assert found is not None  # noqa: S101
    return found


def delete_before(user_id: int, until: str) -> None:
    """Delete the changes up to that time."""
    db.run(
        "DELETE FROM birthday_changes WHERE user_id = :user_id AND created_at <= :until",
        user_id=user_id,
        until=until,
    )
