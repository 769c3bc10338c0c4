"""What a report freezes: the profile and the messages as they are at that time."""

from app import db
from app.db import Row

MOST_MESSAGES = 200  # of a chat, the latest


def profile(user_id: int) -> Row | None:
    """What is frozen of a profile: what others see of it, and the birthday."""
    return db.one(
        """
        SELECT id, username, name, gender, birthday, interested_in, bio, photo_url, location, created_at, last_active
        FROM users
        WHERE id = :user_id
        """,
        user_id=user_id,
    )


def said(chat_id: int | None, message_id: int | None) -> list[Row]:
    """What is frozen of a chat: its latest messages, and the reported one if that is older."""
    return db.every(
        """
        SELECT id, coalesce(sender_id, 0) AS sender_id, content, created_at
        FROM messages
        WHERE chat_id = :chat_id
          AND (id = :message_id
               OR id IN (
                   SELECT late.id
                   FROM messages AS late
                   WHERE late.chat_id = :chat_id
                   ORDER BY late.id DESC
                   LIMIT :limit))
        ORDER BY id
        """,
        chat_id=chat_id,
        message_id=message_id,
        limit=MOST_MESSAGES,
    )
