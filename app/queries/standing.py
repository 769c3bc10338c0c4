"""Whether a user is suspended or banned, and whose name cannot be registered again."""

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
    """Ban a user from now on. Returns the canonical name."""
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
    """End the ban and the suspension of a user, and free the name of a deleted one."""
    db.run(
        "UPDATE users SET banned_at = NULL, suspended_until = NULL WHERE id = :user_id",
        user_id=user_id,
    )
    release_name(user_id)


# Why the name of `them` cannot be registered; while the account is there, only if it is banned.
_NAME_IS_KEPT = """(
              them.banned_at IS NOT NULL
              OR (them.deleted_at IS NOT NULL
                  AND (coalesce(them.suspended_until, '') > :now
                       OR EXISTS (
                           SELECT 1
                           FROM reports
                           WHERE reports.target_id = them.id
                             AND reports.decided_at IS NULL))))"""


def keep_name(name_hmac: str, user_id: int) -> None:
    """Store the HMAC of a user's name, so that it cannot be registered again."""
    _release("name_hmac = :name_hmac", name_hmac=name_hmac)  # of an earlier owner, if it is over
    db.run(
        """
        INSERT INTO bans (name_hmac, user_id, created_at)
        VALUES (:name_hmac, :user_id, :now)
        ON CONFLICT DO NOTHING
        """,
        name_hmac=name_hmac,
        user_id=user_id,
        now=times.from_now(),
    )


def find_name(user_id: int) -> str | None:
    """Return the canonical name of a user whose name must outlive the account, else None."""
    row = db.one(
        """
        SELECT canonical
        FROM users
        WHERE id = :user_id
          AND (suspended_until > :now
               OR EXISTS (
                   SELECT 1
                   FROM reports
                   WHERE reports.target_id = :user_id
                     AND reports.decided_at IS NULL))
        """,
        user_id=user_id,
        now=times.from_now(),
    )
    return row and row["canonical"]


def find_by_name(name_hmac: str) -> Row | None:
    """Return `{"id", "banned_at", "suspended_until"}` of the user for whom a name is kept."""
    return db.one(
        f"""
        SELECT them.id, them.banned_at,
               CASE WHEN them.suspended_until > :now THEN them.suspended_until END
                   AS suspended_until
        FROM bans
        JOIN users AS them ON them.id = bans.user_id
        WHERE bans.name_hmac = :name_hmac
          AND {_NAME_IS_KEPT}
        """,  # noqa: S608
        name_hmac=name_hmac,
        now=times.from_now(),
    )


def release_name(user_id: int) -> None:
    """Delete what is kept of a user's name, unless there still is a reason to keep it."""
    _release("user_id = :user_id", user_id=user_id)


def release_names() -> None:
    """Delete all names that there no longer is a reason to keep."""
    _release("TRUE")


def _release(which: str, **params: int | str) -> None:
    db.run(
        f"""
        DELETE FROM bans
        WHERE {which}
          AND NOT EXISTS (
              SELECT 1
              FROM users AS them
              WHERE them.id = bans.user_id
                AND {_NAME_IS_KEPT})
        """,  # noqa: S608
        now=times.from_now(),
        **params,
    )
