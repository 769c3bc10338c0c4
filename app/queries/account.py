"""All that is held about a person, table by table: what they may take with them, and what becomes of it when they go.

Both work on this one list; a test fails when a table with a user in it is not here.
"""

from typing import NamedTuple

from app import db, times
from app.db import Row


class Held(NamedTuple):
    """Statements about `:user_id`, the second also with `:now`."""

    export: str  # what is theirs, without secrets and without what others wrote or did
    erase: (
        str | None
    )  # leaves others what is theirs: their copy of a conversation; None: we keep it, to protect others


TABLES = {
    "users": Held(
        """
        SELECT id, username, name, gender, interested_in, bio, photo_url, location, latitude, longitude, birthday,
               pref_min_age, pref_max_age, pref_distance_km, created_at, last_active, hide_activity,
               terms_accepted_at, suspended_until, banned_at
        FROM users
        WHERE id = :user_id
        """,
        """
        UPDATE users
        SET username = 'deleted user', canonical = ' ' || id, password_hash = '', name = 'deleted user',
            gender = NULL, interested_in = NULL, bio = NULL, photo_url = NULL, location = NULL, latitude = NULL,
            longitude = NULL, birthday = NULL, pref_min_age = NULL, pref_max_age = NULL, pref_distance_km = NULL,
            last_active = NULL, hide_activity = 0, terms_accepted_at = NULL, deleted_at = :now
        WHERE id = :user_id
        """,
    ),
    "discovery": Held(  # the rest of it is in users
        """
        SELECT latitude, longitude, active_since, active_before
        FROM discovery
        WHERE user_id = :user_id
        """,
        "DELETE FROM discovery WHERE user_id = :user_id",
    ),
    "origins": Held(
        """
        SELECT day, cell
        FROM origins
        WHERE user_id = :user_id
        """,
        "DELETE FROM origins WHERE user_id = :user_id",
    ),
    "sessions": Held(
        """
        SELECT id, device_id, created_at, last_used_at, expires_at
        FROM sessions
        WHERE user_id = :user_id
        """,
        "DELETE FROM sessions WHERE user_id = :user_id",
    ),
    "ended_sessions": Held(
        """
        SELECT session_id, ended_at
        FROM ended_sessions
        WHERE user_id = :user_id
        """,
        "DELETE FROM ended_sessions WHERE user_id = :user_id",
    ),
    "swipes": Held(
        """
        SELECT target_id, action, created_at
        FROM swipes
        WHERE user_id = :user_id
        ORDER BY created_at
        """,
        "DELETE FROM swipes WHERE user_id = :user_id OR target_id = :user_id",
    ),
    "latest_swipes": Held(
        """
        SELECT target_id, undone_id, undone_at
        FROM latest_swipes
        WHERE user_id = :user_id
        """,
        "DELETE FROM latest_swipes WHERE user_id = :user_id",
    ),
    "likes_given": Held(
        """
        SELECT created_at
        FROM likes_given
        WHERE user_id = :user_id
        ORDER BY created_at
        """,
        "DELETE FROM likes_given WHERE user_id = :user_id",
    ),
    "birthday_changes": Held(
        """
        SELECT created_at
        FROM birthday_changes
        WHERE user_id = :user_id
        ORDER BY created_at
        """,
        "DELETE FROM birthday_changes WHERE user_id = :user_id",
    ),
    "chats": Held(
        """
        SELECT id, CASE WHEN user1_id = :user_id THEN user2_id ELSE user1_id END AS with_user_id, created_at, closed_at
        FROM chats
        WHERE user1_id = :user_id OR user2_id = :user_id
        """,
        """
        UPDATE chats
        SET closed_at = :now
        WHERE (user1_id = :user_id OR user2_id = :user_id)
          AND closed_at IS NULL
        """,
    ),
    "messages": Held(
        """
        SELECT id, chat_id, content, is_read, created_at
        FROM messages
        WHERE sender_id = :user_id
        ORDER BY id
        """,
        "UPDATE messages SET client_id = NULL WHERE sender_id = :user_id AND client_id IS NOT NULL",
    ),
    "events": Held(
        """
        SELECT seq, type, created_at
        FROM events
        WHERE user_id = :user_id
        ORDER BY seq
        """,
        "DELETE FROM events WHERE user_id = :user_id",
    ),
    "blocks": Held(
        """
        SELECT target_id, created_at
        FROM blocks
        WHERE user_id = :user_id
        ORDER BY created_at
        """,
        "DELETE FROM blocks WHERE user_id = :user_id OR target_id = :user_id",
    ),
    "reports": Held(  # an open one keeps its evidence until it is decided
        """
        SELECT id, target_id, category, comment, chat_id, message_id, created_at
        FROM reports
        WHERE user_id = :user_id
        ORDER BY id
        """,
        "UPDATE reports SET evidence = '{}' WHERE target_id = :user_id AND decided_at IS NOT NULL",
    ),
    "decisions": Held(
        """
        SELECT action, until, created_at
        FROM decisions
        WHERE target_id = :user_id
          AND action <> 'dismiss'
        ORDER BY id
        """,
        None,
    ),
    "bans": Held(
        """
        SELECT created_at
        FROM bans
        WHERE user_id = :user_id
        """,
        None,
    ),
    "set_aside": Held(
        """
        SELECT table_name, row_id, reason, original, created_at
        FROM set_aside
        WHERE (table_name = 'users' AND row_id = :user_id)
           OR :user_id IN (original ->> 'user_id', original ->> 'sender_id')
        """,
        """
        DELETE FROM set_aside
        WHERE (table_name = 'users' AND row_id = :user_id)
           OR :user_id IN (original ->> 'user_id', original ->> 'target_id', original ->> 'sender_id',
                           original ->> 'receiver_id', original ->> 'user1_id', original ->> 'user2_id')
        """,
    ),
}


def export(user_id: int) -> dict[str, list[Row]]:
    """All that is held about me, by table."""
    return {table: db.every(held.export, user_id=user_id) for table, held in TABLES.items()}


def erase(user_id: int) -> None:
    """What is left is a row that stands for somebody who is gone."""
    for held in TABLES.values():
        if held.erase:
            db.run(held.erase, user_id=user_id, now=times.from_now())
