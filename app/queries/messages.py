"""What is said in a chat. On the wire the system's messages have the sender and the receiver 0."""

from app import db, times
from app.db import Row


def insert(
    chat_id: int,
    sender_id: int | None,
    receiver_id: int | None,
    content: str,
    client_id: str | None = None,
) -> Row | None:
    """The new message, or None when this sender used this `client_id` before. The system's has neither end."""
    return db.one(
        """
        INSERT INTO messages (chat_id, sender_id, receiver_id, content, client_id, created_at)
        VALUES (:chat_id, :sender_id, :receiver_id, :content, :client_id, :now)
        ON CONFLICT (sender_id, client_id) DO NOTHING
        RETURNING id, coalesce(sender_id, 0) AS sender_id, coalesce(receiver_id, 0) AS receiver_id, chat_id, content,
                  is_read, created_at
        """,
        chat_id=chat_id,
        sender_id=sender_id,
        receiver_id=receiver_id,
        content=content,
        client_id=client_id,
        now=times.from_now(),
    )


def find_sent(user_id: int, client_id: str) -> Row | None:
    """What I sent under this `client_id`."""
    return db.one(
        """
        SELECT id, sender_id, receiver_id, chat_id, content, is_read, created_at
        FROM messages
        WHERE sender_id = :user_id
          AND client_id = :client_id
        """,
        user_id=user_id,
        client_id=client_id,
    )


def count_sent(chat_id: int, user_id: int, since: str, among: int) -> Row:
    """My messages since then among the latest of a chat of mine: `{"used", "oldest"}`, how many, the first's time."""
    found = db.one(
        """
        SELECT count(*) AS used, min(created_at) AS oldest
        FROM (
            SELECT sender_id, created_at
            FROM messages
            WHERE chat_id = :chat_id
            ORDER BY id DESC
            LIMIT :among) AS late
        WHERE sender_id = :user_id
          AND created_at > :since
        """,
        chat_id=chat_id,
        user_id=user_id,
        since=since,
        among=among,
    )
    assert found is not None  # noqa: S101
    return found


def latest(chat_id: int, user_id: int, before_id: int, limit: int) -> list[Row]:
    """The `limit` messages of my chat just before `before_id`, oldest first."""
    return db.every(
        """
        SELECT m.id, coalesce(m.sender_id, 0) AS sender_id, coalesce(m.receiver_id, 0) AS receiver_id, m.chat_id,
               m.content, m.is_read, m.created_at
        FROM messages AS m
        JOIN chats ON chats.id = m.chat_id
        WHERE m.chat_id = :chat_id
          AND :user_id IN (chats.user1_id, chats.user2_id)
          AND m.id < :before_id
        ORDER BY m.id DESC
        LIMIT :limit
        """,
        chat_id=chat_id,
        user_id=user_id,
        before_id=before_id,
        limit=limit,
    )[::-1]


def following(chat_id: int, user_id: int, after_id: int, before_id: int, limit: int) -> list[Row]:
    """The first `limit` messages of my chat between the two, oldest first."""
    return db.every(
        """
        SELECT m.id, coalesce(m.sender_id, 0) AS sender_id, coalesce(m.receiver_id, 0) AS receiver_id, m.chat_id,
               m.content, m.is_read, m.created_at
        FROM messages AS m
        JOIN chats ON chats.id = m.chat_id
        WHERE m.chat_id = :chat_id
          AND :user_id IN (chats.user1_id, chats.user2_id)
          AND m.id > :after_id
          AND m.id < :before_id
        ORDER BY m.id
        LIMIT :limit
        """,
        chat_id=chat_id,
        user_id=user_id,
        after_id=after_id,
        before_id=before_id,
        limit=limit,
    )


def mark_chat_read(chat_id: int, user_id: int, most: int) -> int:
    """Mark the first unread messages to a user in a chat as read, at most `most`; return how many."""
    return db.run(
        """
        UPDATE messages
        SET is_read = 1
        WHERE id IN (
            SELECT id
            FROM messages
            WHERE chat_id = :chat_id
              AND receiver_id = :user_id
              AND is_read = 0
            ORDER BY id
            LIMIT :most)
        """,
        chat_id=chat_id,
        user_id=user_id,
        most=most,
    )


def has_unread(chat_id: int, user_id: int) -> bool:
    found = db.one(
        """
        SELECT 1 AS found
        FROM messages
        WHERE chat_id = :chat_id
          AND receiver_id = :user_id
          AND is_read = 0
        LIMIT 1
        """,
        chat_id=chat_id,
        user_id=user_id,
    )
    return found is not None


def mark_read(chat_id: int, user_id: int, message_id: int) -> bool:
    """Whether this message to me became read."""
    changed = db.run(
        """
        UPDATE messages
        SET is_read = 1
        WHERE id = :message_id
          AND chat_id = :chat_id
          AND receiver_id = :user_id
          AND is_read = 0
        """,
        chat_id=chat_id,
        user_id=user_id,
        message_id=message_id,
    )
    return changed == 1
