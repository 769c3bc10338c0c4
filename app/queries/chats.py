"""Chats of two, each statement from the side of one member."""

from app import db, times
from app.db import Row
from app.queries import gate

_PEER = "CASE WHEN chats.user1_id = :user_id THEN chats.user2_id ELSE chats.user1_id END"


def insert(user_id: int, peer_id: int) -> Row | None:
    """The new chat of the two, or None when one is open."""
    return db.one(
        """
        INSERT INTO chats (user1_id, user2_id, created_at)
        VALUES (:user1_id, :user2_id, :now)
        ON CONFLICT (user1_id, user2_id) WHERE closed_at IS NULL DO NOTHING
        RETURNING id
        """,
        user1_id=min(user_id, peer_id),
        user2_id=max(user_id, peer_id),
        now=times.from_now(),
    )


def find(chat_id: int, user_id: int) -> Row | None:
    """My chat with that id: `{"id", "peer_id", "is_closed"}`."""
    return db.one(
        f"""
        SELECT chats.id, them.id AS peer_id, chats.closed_at IS NOT NULL AS is_closed
        FROM chats
        JOIN users AS them ON them.id = {_PEER}
        WHERE chats.id = :chat_id
          AND (chats.user1_id = :user_id OR chats.user2_id = :user_id)
          AND {gate.CHAT_OPEN}
        """,  # noqa: S608
        chat_id=chat_id,
        **gate.params(user_id),
    )


def find_with(user_id: int, peer_id: int) -> Row | None:
    """My chat with that person, the latest: `{"id", "peer_id", "is_closed"}`."""
    return db.one(
        f"""
        SELECT chats.id, them.id AS peer_id, chats.closed_at IS NOT NULL AS is_closed
        FROM chats
        JOIN users AS them ON them.id = {_PEER}
        WHERE chats.user1_id = :user1_id
          AND chats.user2_id = :user2_id
          AND :user_id IN (chats.user1_id, chats.user2_id)
          AND {gate.CHAT_OPEN}
        ORDER BY chats.id DESC
        LIMIT 1
        """,  # noqa: S608
        user1_id=min(user_id, peer_id),
        user2_id=max(user_id, peer_id),
        **gate.params(user_id),
    )


def open_of(user_id: int) -> list[Row]:
    """My chats that are not closed, by the other's id: `{"id", "peer_id"}`."""
    return db.every(
        """
        SELECT id, CASE WHEN user1_id = :user_id THEN user2_id ELSE user1_id END AS peer_id
        FROM chats
        WHERE (user1_id = :user_id OR user2_id = :user_id)
          AND closed_at IS NULL
        ORDER BY peer_id
        """,
        user_id=user_id,
    )


def unmatch(chat_id: int, user_id: int) -> bool:
    """Close a chat of mine; whether it was open."""
    closed = db.run(
        """
        UPDATE chats
        SET closed_at = :now,
            unmatched_by = :user_id
        WHERE id = :chat_id
          AND (user1_id = :user_id OR user2_id = :user_id)
          AND closed_at IS NULL
        """,
        chat_id=chat_id,
        user_id=user_id,
        now=times.from_now(),
    )
    return closed == 1


def hide(user_id: int, peer_id: int) -> list[Row]:
    """Close what the two have for good, and show it to neither: `{"id", "is_news"}`, whether it was open till now."""
    return db.every(
        """
        UPDATE chats
        SET closed_at = coalesce(closed_at, :now),
            hidden_at = :now
        WHERE user1_id = :user1_id
          AND user2_id = :user2_id
          AND :user_id IN (user1_id, user2_id)
          AND hidden_at IS NULL
        RETURNING id, closed_at = hidden_at AS is_news
        """,
        user_id=user_id,
        user1_id=min(user_id, peer_id),
        user2_id=max(user_id, peer_id),
        now=times.from_now(),
    )


def has_message(chat_id: int, user_id: int, message_id: int) -> bool:
    found = db.one(
        """
        SELECT 1 AS found
        FROM messages
        JOIN chats ON chats.id = messages.chat_id
        WHERE messages.id = :message_id
          AND messages.chat_id = :chat_id
          AND :user_id IN (chats.user1_id, chats.user2_id)
        """,
        chat_id=chat_id,
        user_id=user_id,
        message_id=message_id,
    )
    return found is not None


def update_last_message(chat_id: int, message_id: int) -> None:
    db.run(
        """
        UPDATE chats
        SET last_message_id = :message_id
        WHERE id = :chat_id
        """,
        chat_id=chat_id,
        message_id=message_id,
    )


def page(user_id: int, before: tuple[int, int], limit: int) -> list[Row]:
    """My chats, newest activity first; `before` is the (last_message_id, id) that the page before ended with."""
    return db.every(
        f"""
        WITH mine AS (
            SELECT * FROM ({_half_page("user1_id", "user2_id")})
            UNION ALL
            SELECT * FROM ({_half_page("user2_id", "user1_id")}))
        SELECT mine.id, mine.user1_id, mine.user2_id, mine.created_at, mine.last_message_id,
               mine.closed_at IS NOT NULL AS is_closed, coalesce(m.content, '') AS last_message,
               coalesce(m.created_at, mine.created_at) AS last_message_time,
               coalesce(m.sender_id, 0) AS last_message_user,
               coalesce(m.receiver_id, 0) <> :user_id OR m.is_read = 1 AS is_read,
               (SELECT count(*)
                FROM messages AS unread
                WHERE unread.chat_id = mine.id
                  AND unread.receiver_id = :user_id
                  AND unread.is_read = 0) AS unread_count,
               peer.id AS peer_id, peer.name AS peer_name, peer.photo_url AS peer_photo_url,
               CASE peer.hide_activity WHEN 0 THEN peer.last_active END AS peer_last_active
        FROM mine
        JOIN users AS peer ON peer.id = mine.peer_id
        LEFT JOIN messages AS m ON m.id = mine.last_message_id
        ORDER BY mine.last_message_id DESC, mine.id DESC
        LIMIT :limit
        """,  # noqa: S608
        **gate.params(user_id),
        last_message_id=before[0],
        chat_id=before[1],
        limit=limit,
    )


def _half_page(me: str, peer: str) -> str:
    """The page's chats in which I stand in the column `me`, and the other in `peer`."""
    return f"""
                SELECT chats.id, chats.user1_id, chats.user2_id, chats.created_at, chats.last_message_id,
                       chats.closed_at, them.id AS peer_id
                FROM chats
                JOIN users AS them ON them.id = chats.{peer}
                WHERE chats.{me} = :user_id
                  AND (chats.last_message_id, chats.id) < (:last_message_id, :chat_id)
                  AND {gate.CHAT_OPEN}
                ORDER BY chats.last_message_id DESC, chats.id DESC
                LIMIT :limit"""  # noqa: S608
