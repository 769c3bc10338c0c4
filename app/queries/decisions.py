"""What moderators did, and why: rows that are only added."""

from app import db, times
from app.db import Row


def insert(
    action: str, target_id: int, moderator: str, reason: str, **about: str | int | None
) -> None:
    """`about` may have `report_id`, of a dismissal, and `until`, of a suspension."""
    db.run(
        """
        INSERT INTO decisions (action, target_id, report_id, until, moderator, reason, created_at)
        VALUES (:action, :target_id, :report_id, :until, :moderator, :reason, :now)
        """,
        action=action,
        target_id=target_id,
        moderator=moderator,
        reason=reason,
        now=times.from_now(),
        **{"report_id": None, "until": None} | about,
    )


def about(target_id: int) -> list[Row]:
    return db.every(
        """
        SELECT id, action, report_id, until, moderator, reason, created_at
        FROM decisions
        WHERE target_id = :target_id
        ORDER BY id
        """,
        target_id=target_id,
    )
