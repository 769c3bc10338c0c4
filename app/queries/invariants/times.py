"""What must hold of every time, and of what the program keeps for itself."""

from app.flask_command import FLASK
from app.queries.invariants.invariant import Invariant

_TIMES = {
    "users": "created_at last_active terms_accepted_at suspended_until banned_at deleted_at",
    "discovery": "active_since active_before",
    "sessions": "created_at last_used_at expires_at ends_at",
    "ended_sessions": "ended_at",
    "swipes": "created_at",
    "latest_swipes": "undone_at",
    "likes_given": "created_at",
    "birthday_changes": "created_at",
    "chats": "created_at closed_at hidden_at",
    "messages": "created_at",
    "events": "created_at",
    "blocks": "created_at",
    "reports": "created_at decided_at",
    "decisions": "until created_at",
    "bans": "created_at",
    "erasures": "started_at",
    "set_aside": "created_at",
}
_KEY = {
    "discovery": "user_id",
    "events": "user_id",
    "blocks": "user_id",
    "bans": "user_id",
    "erasures": "user_id",
    "ended_sessions": "session_id",
    "latest_swipes": "user_id",
}


def _ill_written(table: str) -> str:
    """The rows with a time that is not written as all are, so that it compares wrong."""
    written = "'[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9][0-9][0-9]Z'"
    wrong = " OR ".join(f"{column} NOT GLOB {written}" for column in _TIMES[table].split())
    return f"SELECT {_KEY.get(table, 'id')} AS id FROM {table} WHERE {wrong}"  # noqa: S608


INVARIANTS = [
    Invariant(
        "settings",
        f"a secret is missing: run {FLASK} migrate on a database without it",
        """
        SELECT wanted.value AS id
        FROM json_each('["jwt_secret", "ban_key"]') AS wanted
        LEFT JOIN settings ON settings.name = wanted.value
        WHERE coalesce(settings.value, '') = ''
        """,
    ),
    *(
        Invariant(f"times of {table}", "a time is not written as all are", _ill_written(table))
        for table in _TIMES
    ),
]
