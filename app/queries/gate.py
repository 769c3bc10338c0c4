"""Whether two people may see each other: one condition, in every statement that shows somebody to `:user_id` or lets
them be reached. In it `them` is the other's row of `users`, and `:now` the time."""

_IS_ACTIVE = (
    "{0}.deleted_at IS NULL AND {0}.banned_at IS NULL AND coalesce({0}.suspended_until, '') <= :now"
)

OPEN = f"""(
              {_IS_ACTIVE.format("them")}
              AND EXISTS (
                  SELECT 1
                  FROM users AS me
                  WHERE me.id = :user_id
                    AND {_IS_ACTIVE.format("me")})
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

# In a chat, too, but that who has left stays there as "deleted user", while a block hides it for ever.
CHAT_OPEN = f"""(
              chats.hidden_at IS NULL
              AND ({OPEN} OR (them.deleted_at IS NOT NULL AND them.banned_at IS NULL)))"""

# Whether they had a match that one of them ended; these two do not find each other again.
UNMATCHED = """EXISTS (
              SELECT 1
              FROM chats
              WHERE chats.user1_id = CASE WHEN them.id < :user_id THEN them.id ELSE :user_id END
                AND chats.user2_id = CASE WHEN them.id < :user_id THEN :user_id ELSE them.id END
                AND chats.unmatched_by IS NOT NULL)"""
