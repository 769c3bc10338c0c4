"""What must hold of chats, of what is said there, and of the log of it."""

from app.queries.invariants.invariant import Invariant

INVARIANTS = [
    Invariant(
        "open chats",
        "two people have several, the second of which is",
        """
        SELECT max(id) AS id
        FROM chats
        WHERE closed_at IS NULL
        GROUP BY user1_id, user2_id
        HAVING count(*) > 1
        """,
    ),
    Invariant(
        "latest messages",
        "the `last_message_id` of a chat is not that of its latest message",
        """
        SELECT chats.id
        FROM chats
        WHERE chats.last_message_id <> (
            SELECT coalesce(max(messages.id), 0)
            FROM messages
            WHERE messages.chat_id = chats.id)
        """,
    ),
    Invariant(
        "messages",
        "one is not from a member of its chat to the other",
        """
        SELECT messages.id
        FROM messages
        JOIN chats ON chats.id = messages.chat_id
        WHERE messages.sender_id IS NOT NULL
          AND (messages.sender_id, messages.receiver_id) NOT IN (
              (chats.user1_id, chats.user2_id), (chats.user2_id, chats.user1_id))
        """,
    ),
    Invariant(
        "logs",
        "somebody's events have a hole, or do not end with `event_seq`",
        """
        SELECT users.id
        FROM users
        JOIN (
            SELECT user_id, min(seq) AS first, max(seq) AS last, count(*) AS kept
            FROM events
            GROUP BY user_id) AS log ON log.user_id = users.id
        WHERE log.last <> users.event_seq
           OR log.kept <> log.last - log.first + 1
        """,
    ),
    Invariant(
        "events",
        "an event of somebody is not the frame of its number and type, or of a chat that is not theirs",
        """
        SELECT DISTINCT events.user_id AS id
        FROM events
        LEFT JOIN chats ON chats.id = events.payload ->> 'chat_id'
        WHERE events.payload ->> 'seq' IS NOT events.seq
           OR events.payload ->> 'type' IS NOT events.type
           OR (events.payload ->> 'chat_id' IS NOT NULL
               AND coalesce(events.user_id NOT IN (chats.user1_id, chats.user2_id), TRUE))
        """,
    ),
    Invariant(
        "events of messages",
        "somebody is told of a message that is not there, not to them, or not what was said",
        """
        SELECT DISTINCT events.user_id AS id
        FROM events
        LEFT JOIN messages ON messages.id = events.payload ->> 'id'
        WHERE events.type = 'message'
          AND (messages.id IS NULL
               OR messages.chat_id IS NOT events.payload ->> 'chat_id'
               OR messages.sender_id IS NOT events.payload ->> 'user_id'
               OR messages.receiver_id IS NOT events.user_id
               OR messages.content IS NOT events.payload ->> 'content')
        """,
    ),
    Invariant(  # of what was said before the oldest event that is kept nothing is known
        "messages that were told",
        "one is not in the events of whom it is to",
        """
        SELECT messages.id
        FROM (
            SELECT user_id, min(payload ->> 'id') AS first
            FROM events
            WHERE type = 'message'
            GROUP BY user_id) AS told
        JOIN messages ON messages.receiver_id = told.user_id
        WHERE messages.id > told.first
          AND messages.id NOT IN (
              SELECT payload ->> 'id'
              FROM events
              WHERE type = 'message')
        """,
    ),
]
