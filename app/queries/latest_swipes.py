"""The latest swipe of each user, and the latest one that was undone."""

from app import db, times
from app.db import Row


def write(user_id: int, target_id: int) -> None:
    """Store the target of the latest swipe. An undone swipe of that target is then forgotten."""
    db.run(
        """
        INSERT INTO latest_swipes (user_id, target_id)
        VALUES (:user_id, :target_id)
        ON CONFLICT (user_id) DO UPDATE
        SET target_id = excluded.target_id,
            undone_id = nullif(undone_id, excluded.target_id),
            undone_at = CASE WHEN undone_id <> excluded.target_id THEN undone_at END
        """,
        user_id=user_id,
        target_id=target_id,
    )


def write_undone(user_id: int, target_id: int) -> None:
    """Store the target of a swipe that is undone now."""
    db.run(
        """
        INSERT INTO latest_swipes (user_id, target_id, undone_id, undone_at)
        VALUES (:user_id, :target_id, :target_id, :now)
        ON CONFLICT (user_id) DO UPDATE
        SET undone_id = excluded.undone_id,
            undone_at = excluded.undone_at
        """,
        user_id=user_id,
        target_id=target_id,
        now=times.from_now(),
    )


def find_target(user_id: int) -> int | None:
    """Return the target of the latest swipe ever made, also when that swipe is gone."""
    row = db.one("SELECT target_id FROM latest_swipes WHERE user_id = :user_id", user_id=user_id)
    return row and row["target_id"]


def is_undone(user_id: int, target_id: int, since: str) -> bool:
    """Return whether the latest undone swipe was of that target, and undone after `since`."""
    row: Row | None = db.one(
        """
        SELECT 1 AS found
        FROM latest_swipes
        WHERE user_id = :user_id
          AND undone_id = :target_id
          AND undone_at > :since
        """,
        user_id=user_id,
        target_id=target_id,
        since=since,
    )
    return row is not None
