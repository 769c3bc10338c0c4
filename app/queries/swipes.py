"""Who liked whom."""

import msgspec

from app import db, times
from app.db import Row
from app.fields import LARGEST_ID
from app.queries import gate
from app.queries.users import CHORD2, PUBLIC


def insert(user_id: int, target_id: int, action: str) -> None:
    """My latest swipe, after `delete`."""
    db.run(
        """
        INSERT INTO swipes (user_id, target_id, action, created_at)
        VALUES (:user_id, :target_id, :action, :now)
        """,
        user_id=user_id,
        target_id=target_id,
        action=action,
        now=times.from_now(),
    )


def delete(user_id: int, target_id: int) -> None:
    db.run(
        """
        DELETE FROM swipes
        WHERE user_id = :user_id
          AND target_id = :target_id
        """,
        user_id=user_id,
        target_id=target_id,
    )


def delete_likes(user_id: int, peer_id: int) -> None:
    """Both mine of them and theirs of me."""
    db.run(
        """
        DELETE FROM swipes
        WHERE action = 'like'
          AND ((user_id = :user_id AND target_id = :peer_id)
               OR (user_id = :peer_id AND target_id = :user_id))
        """,
        user_id=user_id,
        peer_id=peer_id,
    )


def find_action(user_id: int, target_id: int) -> str | None:
    """Return what the user thought of the target, `like` or `dislike`; None without a swipe."""
    row = db.one(
        """
        SELECT action
        FROM swipes
        WHERE user_id = :user_id
          AND target_id = :target_id
        """,
        user_id=user_id,
        target_id=target_id,
    )
    return row and row["action"]


def find_reachable(user_id: int, target_id: int) -> Row | None:
    """Return `{"action"}` of the user's swipe of a target whom the user may still see."""
    return db.one(
        f"""
        SELECT swipes.action
        FROM swipes
        JOIN users AS them ON them.id = swipes.target_id
        WHERE swipes.user_id = :user_id
          AND swipes.target_id = :target_id
          AND {gate.OPEN}
        """,  # noqa: S608
        target_id=target_id,
        **gate.params(user_id),
    )


def likes(user_id: int, target_id: int) -> bool:
    return find_action(user_id, target_id) == "like"


def followers(user_id: int, before: int | None, limit: int) -> list[Row]:
    """Those who like me and whom I have not swiped, the newest like (`like_id`) first, before that one if given."""
    return db.every(
        f"""
        SELECT {PUBLIC}, {CHORD2} AS chord2, swipes.id AS like_id
        FROM swipes
        JOIN users AS them ON them.id = swipes.user_id
        JOIN discovery AS card ON card.user_id = them.id
        JOIN discovery AS mine ON mine.user_id = swipes.target_id
        WHERE swipes.target_id = :user_id
          AND swipes.action = 'like'
          AND swipes.id < :before
          AND them.birthday <= :latest_birthday
          AND {gate.OPEN}
          AND NOT {gate.UNMATCHED}
          AND NOT EXISTS (
              SELECT 1
              FROM swipes AS answer
              WHERE answer.user_id = :user_id
                AND answer.target_id = swipes.user_id)
        ORDER BY swipes.id DESC
        LIMIT :limit
        """,  # noqa: S608
        **gate.params(user_id),
        before=before or LARGEST_ID,
        limit=limit,
    )


def mine(user_id: int, up_to: int, most: int) -> list[int]:
    """Return the ids of some swipes of a user, none after `up_to`."""
    rows = db.every(
        """
        SELECT id
        FROM swipes
        WHERE user_id = :user_id
          AND id <= :up_to
        LIMIT :most
        """,
        user_id=user_id,
        up_to=up_to,
        most=most,
    )
    return [row["id"] for row in rows]


def last_id() -> int:
    """Return the largest id of all swipes."""
    row = db.one("SELECT coalesce(max(id), 0) AS id FROM swipes")
    return row["id"] if row else 0


def delete_mine(user_id: int, ids: list[int]) -> None:
    db.run(
        """
        DELETE FROM swipes
        WHERE id IN (SELECT value FROM json_each(:ids))
          AND user_id = :user_id
        """,
        user_id=user_id,
        ids=msgspec.json.encode(ids).decode(),
    )
