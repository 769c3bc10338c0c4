"""Who does not exist for whom."""

from app import db, times
from app.db import Row
from app.queries import gate

_AFTER_ALL = "9999"  # compares as later than any time


def insert(user_id: int, target_id: int) -> bool:
    """Whether I had not blocked them before."""
    inserted = db.run(
        """
        INSERT INTO blocks (user_id, target_id, created_at)
        VALUES (:user_id, :target_id, :now)
        ON CONFLICT (user_id, target_id) DO NOTHING
        """,
        user_id=user_id,
        target_id=target_id,
        now=times.from_now(),
    )
    return inserted == 1


def delete(user_id: int, target_id: int) -> bool:
    """Whether I had blocked them."""
    deleted = db.run(
        """
        DELETE FROM blocks
        WHERE user_id = :user_id
          AND target_id = :target_id
        """,
        user_id=user_id,
        target_id=target_id,
    )
    return deleted == 1


def mine(user_id: int, before: tuple[str, int] | None, limit: int) -> list[Row]:
    """Return whom a user blocks, the latest first; no names of users that this user may not see.

    `before`: the (created_at, user_id) that the page before ended with.
    """
    created_at, target_id = before or (_AFTER_ALL, 0)
    return db.every(
        f"""
        SELECT blocks.target_id AS user_id,
               CASE WHEN {gate.BLOCKED_SHOWN} THEN them.username END AS username,
               CASE WHEN {gate.BLOCKED_SHOWN} THEN them.name END AS name,
               blocks.created_at
        FROM blocks
        JOIN users AS them ON them.id = blocks.target_id
        WHERE blocks.user_id = :user_id
          AND (blocks.created_at, blocks.target_id) < (:created_at, :target_id)
        ORDER BY blocks.created_at DESC, blocks.target_id DESC
        LIMIT :limit
        """,  # noqa: S608
        **gate.params(user_id),
        created_at=created_at,
        target_id=target_id,
        limit=limit,
    )
