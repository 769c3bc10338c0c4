"""Signed-in devices."""

import msgspec

from app import db, times
from app.db import Row
from app.fields import latest_birthday

IDLE_DAYS = 30  # without a refresh
MOST_DAYS = 90  # with any number of them
MAX_EXPIRED_DELETED = 20  # at a login, so that no login waits for it


def insert(user_id: int, device_id: str) -> Row:
    """A new session of this device, after `delete_device`."""
    created = db.one(
        """
        INSERT INTO sessions (user_id, device_id, created_at, last_used_at, expires_at, ends_at)
        VALUES (:user_id, :device_id, :now, :now, :expires_at, :ends_at)
        RETURNING id, user_id, counter, expires_at
        """,
        user_id=user_id,
        device_id=device_id,
        now=times.from_now(),
        expires_at=times.from_now(days=IDLE_DAYS),
        ends_at=times.from_now(days=MOST_DAYS),
    )
    assert created is not None  # noqa: S101
    return created


def find(session_id: int, user_id: int) -> Row | None:
    """A session that lives."""
    return db.one(
        """
        SELECT id, user_id, device_id, last_used_at,
               EXISTS (
                   SELECT 1
                   FROM users
                   WHERE users.id = :user_id
                     AND users.birthday > :latest_birthday) AS is_minor
        FROM sessions
        WHERE id = :session_id
          AND user_id = :user_id
          AND expires_at > :now
        """,
        session_id=session_id,
        user_id=user_id,
        now=times.from_now(),
        latest_birthday=latest_birthday(),
    )


def page(user_id: int, session_id: int, before: tuple[str, int], limit: int) -> list[Row]:
    """Return the user's live sessions before that time of last use and id, the last used first.

    `session_id` is the one that asks.
    """
    return db.every(
        """
        SELECT id, device_id, created_at, last_used_at, id = :session_id AS is_current
        FROM sessions
        WHERE user_id = :user_id
          AND (last_used_at, id) < (:before_time, :before_id)
          AND expires_at > :now
        ORDER BY last_used_at DESC, id DESC
        LIMIT :limit
        """,
        user_id=user_id,
        session_id=session_id,
        before_time=before[0],
        before_id=before[1],
        now=times.from_now(),
        limit=limit,
    )


def has_other(user_id: int, session_id: int) -> bool:
    """Return whether the user has a live session beside this one."""
    found = db.one(
        """
        SELECT 1 AS found
        FROM sessions
        WHERE user_id = :user_id
          AND id <> :session_id
          AND expires_at > :now
        LIMIT 1
        """,
        user_id=user_id,
        session_id=session_id,
        now=times.from_now(),
    )
    return found is not None


def touch(session_id: int, user_id: int) -> None:
    """Note that it is used."""
    db.run(
        """
        UPDATE sessions
        SET last_used_at = :now
        WHERE id = :session_id
          AND user_id = :user_id
        """,
        session_id=session_id,
        user_id=user_id,
        now=times.from_now(),
    )


def find_imported(sha256: str) -> Row | None:
    """The session whose refresh token the first server gave."""
    return db.one(
        """
        SELECT id
        FROM sessions
        WHERE imported_sha256 = :sha256
        """,
        sha256=sha256,
    )


def advance(session_id: int, counter: int, user_id: int | None) -> Row | None:
    """Use the latest refresh token, or the one before it again, and return the session.

    Return None for an older token. `user_id` must match; None matches any.
    """
    return db.one(
        """
        UPDATE sessions
        SET counter = :counter + 1,
            last_used_at = :now,
            expires_at = CASE WHEN ends_at < :idle_until THEN ends_at ELSE :idle_until END
        WHERE id = :session_id
          AND counter IN (:counter, :counter + 1)
          AND user_id = coalesce(:user_id, user_id)
          AND expires_at > :now
        RETURNING id, user_id, counter, expires_at
        """,
        session_id=session_id,
        counter=counter,
        user_id=user_id,
        now=times.from_now(),
        idle_until=times.from_now(days=IDLE_DAYS),
    )


def delete_reused(session_id: int, counter: int, user_id: int | None) -> Row | None:
    """End the session whose refresh token with this counter has a successor that was used.

    Return its `{"id", "user_id"}`.
    """
    return db.one(
        """
        DELETE FROM sessions
        WHERE id = :session_id
          AND counter > :counter + 1
          AND user_id = coalesce(:user_id, user_id)
        RETURNING id, user_id
        """,
        session_id=session_id,
        counter=counter,
        user_id=user_id,
    )


def delete_expired() -> None:
    """Delete some sessions that have expired. Each login does it, so they cannot pile up."""
    db.run(
        """
        DELETE FROM sessions
        WHERE id IN (SELECT id FROM sessions WHERE expires_at <= :now ORDER BY expires_at LIMIT :most)
        """,
        now=times.from_now(),
        most=MAX_EXPIRED_DELETED,
    )


def delete(session_id: int, user_id: int) -> list[int]:
    """End one of my sessions. Returns the ids of those that ended, here and below."""
    return _deleted("id = :session_id", user_id=user_id, session_id=session_id)


def delete_device(user_id: int, device_id: str) -> list[int]:
    return _deleted("device_id = :device_id", user_id=user_id, device_id=device_id)


def delete_others(user_id: int, session_id: int) -> list[int]:
    return _deleted("id <> :session_id", user_id=user_id, session_id=session_id)


def delete_all(user_id: int) -> list[int]:
    return _deleted("TRUE", user_id=user_id)


def _deleted(which: str, **params: int | str) -> list[int]:
    sql = f"DELETE FROM sessions WHERE user_id = :user_id AND {which} RETURNING id"  # noqa: S608
    return [row["id"] for row in db.every(sql, **params)]


def ended(session_ids: list[int]) -> set[int]:
    """Return those of the sessions that no longer live, or that belong to known minors."""
    rows = db.every(
        """
        SELECT known.value AS session_id
        FROM json_each(:session_ids) AS known
        LEFT JOIN sessions ON sessions.id = known.value AND sessions.expires_at > :now
        WHERE sessions.id IS NULL
           OR EXISTS (
               SELECT 1
               FROM users
               WHERE users.id = sessions.user_id
                 AND users.birthday > :latest_birthday)
        """,
        session_ids=msgspec.json.encode(session_ids).decode(),
        now=times.from_now(),
        latest_birthday=latest_birthday(),
    )
    return {row["session_id"] for row in rows}
