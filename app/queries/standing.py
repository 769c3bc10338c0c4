"""Whether somebody is shut out: suspended until some time, or banned for good."""

from app import db, times
from app.db import Row


def find(user_id: int) -> Row | None:
    """`{"id", "username", "deleted_at", "banned_at", "suspended_until"}`, the last only while it lasts."""
    return db.one(
        """
        SELECT id, username, deleted_at, banned_at,
               CASE WHEN suspended_until > :now THEN suspended_until END AS suspended_until
        FROM users
        WHERE id = :user_id
        """,
        user_id=user_id,
        now=times.from_now(),
    )


def suspend(user_id: int, until: str) -> None:
    db.run(
        "UPDATE users SET suspended_until = :until WHERE id = :user_id",
        user_id=user_id,
        until=until,
    )


def ban(user_id: int) -> str:
    """Returns the canonical name."""
    row = db.one(
        """
        UPDATE users
        SET banned_at = coalesce(banned_at, :now)
        WHERE id = :user_id
        RETURNING canonical
        """,
        user_id=user_id,
        now=times.from_now(),
    )
    assert row is not None  # noqa: S101
    return row["canonical"]


def readmit(user_id: int) -> None:
    db.run(
        "UPDATE users SET banned_at = NULL, suspended_until = NULL WHERE id = :user_id",
        user_id=user_id,
    )
    db.run("DELETE FROM bans WHERE user_id = :user_id", user_id=user_id)


def insert_ban(name_hmac: str, user_id: int) -> None:
    """Keep the name from being taken again, also when the account is deleted."""
    db.run(
        """
        INSERT INTO bans (name_hmac, user_id, created_at)
        VALUES (:name_hmac, :user_id, :now)
        ON CONFLICT (name_hmac) DO NOTHING
        """,
        name_hmac=name_hmac,
        user_id=user_id,
        now=times.from_now(),
    )


def find_banned(name_hmac: str) -> int | None:
    """Whose name it was, the id of an account that may be deleted."""
    row = db.one("SELECT user_id FROM bans WHERE name_hmac = :name_hmac", name_hmac=name_hmac)
    return row and row["user_id"]
