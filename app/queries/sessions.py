"""Signed-in devices."""

from app import db, times
from app.db import Row

LIFETIME_DAYS = 30  # since the last refresh


def insert(user_id: int, device_id: str) -> Row:
    """A new session of this device, after `delete_device`."""
    created = db.one(
        """
        INSERT INTO sessions (user_id, device_id, created_at, expires_at)
        VALUES (:user_id, :device_id, :now, :expires_at)
        RETURNING id, user_id, counter, expires_at
        """,
        user_id=user_id,
        device_id=device_id,
        now=times.from_now(),
        expires_at=times.from_now(days=LIFETIME_DAYS),
    )
    assert created is not None  # noqa: S101
    return created


def delete_device(user_id: int, device_id: str) -> None:
    db.run(
        """
        DELETE FROM sessions
        WHERE user_id = :user_id
          AND device_id = :device_id
        """,
        user_id=user_id,
        device_id=device_id,
    )


def find(session_id: int, user_id: int) -> Row | None:
    """A session that lives, and when its user was last seen."""
    return db.one(
        """
        SELECT s.id, s.user_id, s.device_id, u.last_active
        FROM sessions AS s
        JOIN users AS u ON u.id = s.user_id
        WHERE s.id = :session_id
          AND s.user_id = :user_id
          AND s.expires_at > :now
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
            expires_at = :expires_at
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
        expires_at=times.from_now(days=LIFETIME_DAYS),
    )


def delete(session_id: int, user_id: int) -> None:
    db.run(
        """
        DELETE FROM sessions
        WHERE id = :session_id
          AND user_id = :user_id
        """,
        session_id=session_id,
        user_id=user_id,
    )
