"""Whether two users may see each other: the conditions of every statement that shows a user to
`:user_id` or lets that user be reached.

In each of them `them` is the other user's row of `users`. `params` gives the parameters.
"""

from typing import Any

from app import times
from app.fields import latest_birthday

# An unknown birthday is the earliest text, so that only a user who is known to be a minor is out.
_IS_PRESENT = (
    "{0}.deleted_at IS NULL AND {0}.banned_at IS NULL"
    " AND coalesce({0}.birthday, '') <= :latest_birthday"
)
_IS_ACTIVE = f"{_IS_PRESENT} AND coalesce({{0}}.suspended_until, '') <= :now"


def _mutual(condition: str) -> str:
    """Return the SQL that holds if the condition is true of both and neither blocks the other."""
    return f"""(
              {condition.format("them")}
              AND EXISTS (
                  SELECT 1
                  FROM users AS me
                  WHERE me.id = :user_id
                    AND {condition.format("me")})
              AND NOT EXISTS (
                  SELECT 1
                  FROM blocks
                  WHERE blocks.user_id = :user_id
                    AND blocks.target_id = them.id)
              AND NOT EXISTS (
                  SELECT 1
                  FROM blocks
                  WHERE blocks.target_id = :user_id
                    AND blocks.user_id = them.id))"""  # noqa: S608


def _in_chat(condition: str) -> str:
    """Return the same for a chat: a deleted user stays there, a block hides it for good."""
    return f"""(
              chats.hidden_at IS NULL
              AND ({condition} OR (them.deleted_at IS NOT NULL AND them.banned_at IS NULL)))"""


OPEN = _mutual(_IS_ACTIVE)
CHAT_OPEN = _in_chat(OPEN)

# In the log of events a suspension hides nothing: a client advances past an event once and for
# all, so that it would never be told of a message that is shown again after the suspension.
LOG_OPEN = _in_chat(_mutual(_IS_PRESENT))

_IS_THEIR_CHAT = """chats.user1_id = CASE WHEN them.id < :user_id THEN them.id ELSE :user_id END
                AND chats.user2_id = CASE WHEN them.id < :user_id THEN :user_id ELSE them.id END"""

# Whether the user may be shown in the list of those whom `:user_id` blocks.
BLOCKED_SHOWN = f"""(
              {_IS_ACTIVE.format("them")}
              AND NOT EXISTS (
                  SELECT 1
                  FROM blocks AS theirs
                  WHERE theirs.target_id = :user_id
                    AND theirs.user_id = them.id)
              AND (them.birthday IS NOT NULL
                   OR EXISTS (
                       SELECT 1
                       FROM chats
                       WHERE {_IS_THEIR_CHAT})))"""  # noqa: S608

# Whether they had a match that one of them ended; these two do not find each other again.
UNMATCHED = f"""EXISTS (
              SELECT 1
              FROM chats
              WHERE {_IS_THEIR_CHAT}
                AND chats.unmatched_by IS NOT NULL)"""  # noqa: S608


def params(user_id: int) -> dict[str, Any]:
    """Return the parameters of the conditions, for the user who asks."""
    return {"user_id": user_id, "now": times.from_now(), "latest_birthday": latest_birthday()}
