"""What must hold of those who are kept apart, shut out or gone."""

from app.queries.invariants.invariant import Invariant

_LEFT = "(SELECT id FROM users WHERE deleted_at IS NOT NULL AND id NOT IN (SELECT user_id FROM erasures))"
_PAIR = """chats.user1_id = min(blocks.user_id, blocks.target_id)
                    AND chats.user2_id = max(blocks.user_id, blocks.target_id)"""

INVARIANTS = [
    Invariant(
        "people who have left",
        "something is kept of them in `users`",
        """
        SELECT id
        FROM users
        WHERE deleted_at IS NOT NULL
          AND (canonical <> ' ' || id
               OR username <> 'deleted user'
               OR password_hash <> ''
               OR coalesce(gender, interested_in, bio, photo_url, location, latitude, longitude, birthday,
                           pref_min_age, pref_max_age, pref_distance_km, last_active, terms_accepted_at) IS NOT NULL)
        """,
    ),
    Invariant(  # who has left may be blocked still, so that an old chat with them is not to be seen any more
        "what those had who have left",
        "they still have a session, a swipe, an event, a block, a place or an open chat",
        f"""
        SELECT user_id AS id FROM sessions WHERE user_id IN {_LEFT}
        UNION
        SELECT user_id FROM swipes WHERE user_id IN {_LEFT}
        UNION
        SELECT target_id FROM swipes WHERE target_id IN {_LEFT}
        UNION
        SELECT user_id FROM events WHERE user_id IN {_LEFT}
        UNION
        SELECT user_id FROM blocks WHERE user_id IN {_LEFT}
        UNION
        SELECT target_id FROM blocks JOIN users ON users.id = target_id
        WHERE blocks.created_at < users.deleted_at AND target_id IN {_LEFT}
        UNION
        SELECT user_id FROM origins WHERE user_id IN {_LEFT}
        UNION
        SELECT user_id FROM latest_swipes WHERE user_id IN {_LEFT}
        UNION
        SELECT user_id FROM likes_given WHERE user_id IN {_LEFT}
        UNION
        SELECT user_id FROM birthday_changes WHERE user_id IN {_LEFT}
        UNION
        SELECT user_id FROM ended_sessions WHERE user_id IN {_LEFT}
        UNION
        SELECT user1_id FROM chats WHERE closed_at IS NULL AND user1_id IN {_LEFT}
        UNION
        SELECT user2_id FROM chats WHERE closed_at IS NULL AND user2_id IN {_LEFT}
        """,  # noqa: S608
    ),
    Invariant(
        "erasures",
        "the rows of a deleted account are not all deleted after an hour; run: flask migrate",
        """
        SELECT erasures.user_id AS id
        FROM erasures
        JOIN users ON users.id = erasures.user_id
        WHERE users.deleted_at IS NULL
           OR julianday(erasures.started_at) < julianday('now', '-1 hour')
        """,
    ),
    Invariant(
        "bans",
        "a banned user's name is not kept, or the name of a user who is neither banned nor deleted",
        """
        SELECT users.id
        FROM users
        LEFT JOIN bans ON bans.user_id = users.id
        WHERE users.deleted_at IS NULL
          AND (users.banned_at IS NULL) <> (bans.user_id IS NULL)
        """,
    ),
    Invariant(  # a suspension that is over is a reason still, until the next name is kept
        "kept names",
        "the name of a deleted user is kept without a ban, a suspension or an open report",
        """
        SELECT users.id
        FROM bans
        JOIN users ON users.id = bans.user_id
        WHERE users.deleted_at IS NOT NULL
          AND users.banned_at IS NULL
          AND users.suspended_until IS NULL
          AND NOT EXISTS (
              SELECT 1
              FROM reports
              WHERE reports.target_id = users.id
                AND reports.decided_at IS NULL)
        """,
    ),
    Invariant(
        "blocks",
        "somebody blocks a person whom they like, or who likes them, or with whom a chat is to be seen",
        f"""
        SELECT DISTINCT blocks.user_id AS id
        FROM blocks
        WHERE EXISTS (
                  SELECT 1
                  FROM swipes
                  WHERE swipes.action = 'like'
                    AND swipes.user_id = blocks.user_id
                    AND swipes.target_id = blocks.target_id)
           OR EXISTS (
                  SELECT 1
                  FROM swipes
                  WHERE swipes.action = 'like'
                    AND swipes.user_id = blocks.target_id
                    AND swipes.target_id = blocks.user_id)
           OR EXISTS (
                  SELECT 1
                  FROM chats
                  WHERE {_PAIR}
                    AND chats.hidden_at IS NULL)
        """,  # noqa: S608
    ),
    Invariant(
        "reports",
        "the chat is not one of the two, or the message not one of the reported person there",
        """
        SELECT reports.id
        FROM reports
        LEFT JOIN chats ON chats.id = reports.chat_id
        LEFT JOIN messages ON messages.id = reports.message_id
        WHERE (reports.chat_id IS NOT NULL
               AND (chats.user1_id IS NOT min(reports.user_id, reports.target_id)
                    OR chats.user2_id IS NOT max(reports.user_id, reports.target_id)))
           OR (reports.message_id IS NOT NULL
               AND (messages.sender_id IS NOT reports.target_id OR messages.chat_id IS NOT reports.chat_id))
        """,
    ),
    Invariant(
        "evidence",
        "that about somebody who has left is kept, though it is decided",
        f"""
        SELECT id
        FROM reports
        WHERE decided_at IS NOT NULL
          AND evidence <> '{{}}'
          AND target_id IN {_LEFT}
        """,  # noqa: S608
    ),
    Invariant(
        "decisions",
        "a dismissal names no report, a suspension no end, or another one does",
        """
        SELECT id
        FROM decisions
        WHERE (action = 'dismiss') <> (report_id IS NOT NULL)
           OR (action = 'suspend') <> (until IS NOT NULL)
        """,
    ),
]
