"""Signed-in devices."""

import msgspec

from app import db, times
from app.db import Row
from app.fields import latest_birthday

IDLE_DAYS = 30  # without a refresh
MOST_DAYS = 90  # with any number of them
GRACE_SECONDS = (
    10  # in which a refresh may be repeated: an app may send two at once, or miss the answer
)


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


def mine(user_id: int, session_id: int) -> list[Row]:
    """My sessions that live, the last used first; `session_id` is the one that asks."""
    return db.every(
        """
        SELECT id, device_id, created_at, last_used_at, id = :session_id AS is_current
        FROM sessions
        WHERE user_id = :user_id
          AND expires_at > :now
        ORDER BY last_used_at DESC, id DESC
        """,
        user_id=user_id,
        session_id=session_id,
        now=times.from_now(),
    )


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
    """Use up the refresh token with this counter; None when it is not current. `user_id` must match if given."""
    return db.one(
        """
        UPDATE sessions
        SET counter = counter + 1,
            refreshed_at = :now,
            last_used_at = :now,
            expires_at = CASE WHEN ends_at < :idle_until THEN ends_at ELSE :idle_until END
        WHERE id = :session_id
          AND counter = :counter
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


def find_advanced(session_id: int, counter: int, user_id: int | None) -> Row | None:
    """The session that used up the refresh token with this counter a moment ago, and none after it."""
    return db.one(
        """
        SELECT id, user_id, counter, expires_at
        FROM sessions
        WHERE id = :session_id
          AND counter = :counter + 1
          AND refreshed_at > :moment_ago
          AND user_id = coalesce(:user_id, user_id)
          AND expires_at > :now
        """,
        session_id=session_id,
        counter=counter,
        user_id=user_id,
        now=times.from_now(),
        moment_ago=times.from_now(seconds=-GRACE_SECONDS),
    )


def delete_reused(session_id: int, counter: int, user_id: int | None) -> Row | None:
    """End the session whose refresh token with this counter was used up before; returns `{"id", "user_id"}` of it."""
    return db.one(
        """
        DELETE FROM sessions
        WHERE id = :session_id
          AND counter > :counter
          AND user_id = coalesce(:user_id, user_id)
        RETURNING id, user_id
        """,
        session_id=session_id,
        counter=counter,
        user_id=user_id,
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


def ended(known: dict[int, int]) -> list[int]:
    """Return the users of the sessions, by their ids, that have ended or belong to known minors."""
    rows = db.every(
        f"""
        SELECT known.value AS user_id
        FROM {db.PAIRS.format("known")} AS known
        LEFT JOIN sessions ON sessions.id = known.key AND sessions.expires_at > :now
        WHERE sessions.id IS NULL
           OR EXISTS (
               SELECT 1
               FROM users
               WHERE users.id = sessions.user_id
                 AND users.birthday > :latest_birthday)
        """,  # noqa: S608
        known=msgspec.json.encode(known).decode(),
        now=times.from_now(),
        latest_birthday=latest_birthday(),
    )
    return [row["user_id"] for row in rows]
