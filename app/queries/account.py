"""All that is held about a person, table by table: what they may take with them, and what becomes of it when they go.

Both work on this one list; a test fails when a table with a user in it is not here.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from app import db, times
from app.db import Row


class Sweep(NamedTuple):
    """Deletes rows that may be many, after the transaction of `erase`."""

    find: str  # the rowids, at most `:most`, of rows that are left of `:user_id`, whose account was deleted
    change: str  # of those in `:ids`, a list in JSON


class Held(NamedTuple):
    """Statements about `:user_id`, the second also with `:now`."""

    export: str  # what is theirs, without secrets and without what others wrote or did
    erase: (
        str | None
    )  # leaves others what is theirs: their copy of a conversation; None: we keep it, to protect others
    sweep: Sweep | None = None


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
        ORDER BY id
        """,
        None,
        Sweep(
            """
            SELECT id
            FROM swipes
            WHERE user_id = :user_id OR target_id = :user_id
            LIMIT :most
            """,
            """
            DELETE FROM swipes
            WHERE id IN (SELECT value FROM json_each(:ids))
              AND (user_id = :user_id OR target_id = :user_id)
            """,
        ),
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
        SELECT messages.id, messages.chat_id, messages.content, messages.is_read, messages.created_at
        FROM (
            SELECT id
            FROM messages
            WHERE sender_id = :user_id
            ORDER BY id
            LIMIT -1) AS mine  -- the limit keeps the order; sorting the ids alone takes little memory
        CROSS JOIN messages ON messages.id = mine.id
        """,
        None,
        Sweep(
            """
            SELECT id
            FROM messages
            WHERE sender_id = :user_id
              AND client_id IS NOT NULL
            LIMIT :most
            """,
            """
            UPDATE messages
            SET client_id = NULL
            WHERE id IN (SELECT value FROM json_each(:ids))
              AND sender_id = :user_id
            """,
        ),
    ),
    "events": Held(
        """
        SELECT seq, type, created_at
        FROM events
        WHERE user_id = :user_id
        ORDER BY seq
        """,
        None,
        Sweep(
            """
            SELECT rowid AS id
            FROM events
            WHERE user_id = :user_id
            LIMIT :most
            """,
            """
            DELETE FROM events
            WHERE rowid IN (SELECT value FROM json_each(:ids))
              AND user_id = :user_id
            """,
        ),
    ),
    "blocks": Held(
        """
        SELECT target_id, created_at
        FROM blocks
        WHERE user_id = :user_id
        ORDER BY created_at
        """,
        None,
        Sweep(  # a later block by another hides the chat with the deleted user, and stays
            """
            SELECT blocks.rowid AS id
            FROM blocks
            JOIN users ON users.id = :user_id
            WHERE blocks.user_id = :user_id
               OR (blocks.target_id = :user_id AND blocks.created_at < users.deleted_at)
            LIMIT :most
            """,
            """
            DELETE FROM blocks
            WHERE rowid IN (SELECT value FROM json_each(:ids))
              AND (user_id = :user_id OR target_id = :user_id)
            """,
        ),
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
        None,
        Sweep(
            """
            SELECT id
            FROM set_aside
            WHERE (table_name = 'users' AND row_id = :user_id)
               OR :user_id IN (original ->> 'user_id', original ->> 'target_id', original ->> 'sender_id',
                               original ->> 'receiver_id', original ->> 'user1_id', original ->> 'user2_id')
            LIMIT :most
            """,
            "DELETE FROM set_aside WHERE id IN (SELECT value FROM json_each(:ids))",
        ),
    ),
    "erasures": Held(
        """
        SELECT started_at
        FROM erasures
        WHERE user_id = :user_id
        """,
        """
        INSERT INTO erasures (user_id, started_at)
        VALUES (:user_id, :now)
        ON CONFLICT (user_id) DO NOTHING
        """,
    ),
}
SWEEPS = [held.sweep for held in TABLES.values() if held.sweep]


def export(user_id: int) -> Iterator[tuple[str, Iterator[Row]]]:
    """Yield each table and the rows that are held about a user there. Only inside `db.snapshot`."""
    for table, held in TABLES.items():
        yield table, db.stream(held.export, user_id=user_id)


def erase(user_id: int) -> None:
    """What is left is a row that stands for somebody who is gone."""
    for held in TABLES.values():
        if held.erase:
            db.run(held.erase, user_id=user_id, now=times.from_now())


def find(sweep: Sweep, user_id: int, most: int) -> list[int]:
    return [row["id"] for row in db.every(sweep.find, user_id=user_id, most=most)]


def change(sweep: Sweep, user_id: int, ids: list[int]) -> int:
    return db.run(sweep.change, user_id=user_id, ids=msgspec.json.encode(ids).decode())


def unfinished(before: str) -> list[int]:
    """Return the deleted accounts whose erasure began before that and is not finished."""
    rows = db.every(
        """
        SELECT user_id
        FROM erasures
        WHERE started_at < :before
        ORDER BY user_id
        """,
        before=before,
    )
    return [row["user_id"] for row in rows]


def finish(user_id: int) -> None:
    db.run("DELETE FROM erasures WHERE user_id = :user_id", user_id=user_id)
