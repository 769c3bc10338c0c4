"""The feed: people I have not swiped, by the filters of one request. The one place where SQL is put together."""

from app import db, times
from app.db import Row
from app.parameters import Search
from app.queries import gate
from app.queries.users import PUBLIC, public

_FILTERS = {
    "gender": "lower(them.gender) = lower(:gender)",
    "interested_in": """
        ' ' || lower(replace(replace(them.interested_in, ',', ' '), ';', ' ')) || ' '
        LIKE '% ' || lower(:interested_in) || ' %' ESCAPE '\\'""",
    "born_until": "them.birthday <= :born_until",
    "born_after": "them.birthday > :born_after",
    "max_distance_km": "distance_km(:latitude, :longitude, them.latitude, them.longitude) <= :max_distance_km",
    "has_photo": "them.photo_url <> ''",
    "active_since": """
        them.hide_activity = 0
        AND (them.last_active >= :active_since OR them.id IN (SELECT value FROM json_each(:online)))""",
}
ONLINE_MINUTES = 5


def search(user_id: int, query: Search, online: str) -> list[Row]:
    """A page of public profiles by ascending id; distances are from the query's place. `online` is the ids of who has
    a live socket, a list in JSON."""
    filters = {
        "gender": query.gender or None,
        "interested_in": _literal(query.interested_in) or None,
        "born_until": None if query.min_age is None else times.years_before(query.min_age),
        "born_after": None if query.max_age is None else times.years_before(query.max_age + 1),
        "max_distance_km": query.max_distance_km,
        "has_photo": query.has_photo or None,
        "active_since": times.from_now(minutes=-ONLINE_MINUTES) if query.online_only else None,
    }
    given = {name: value for name, value in filters.items() if value is not None}
    clauses = "".join(f"          AND {_FILTERS[name]}\n" for name in given)
    sql = f"""
        SELECT {PUBLIC},
               distance_km(:latitude, :longitude, them.latitude, them.longitude) AS distance_km
        FROM users AS them
        WHERE them.id > :last_seen_id
          AND them.id <> :user_id
          AND them.birthday IS NOT NULL
          AND NOT EXISTS (
              SELECT 1
              FROM swipes
              WHERE swipes.user_id = :user_id
                AND swipes.target_id = them.id)
{clauses}          AND {gate.OPEN}
          AND NOT {gate.UNMATCHED}
        ORDER BY them.id
        LIMIT :page_size
        """  # noqa: S608
    rows = db.every(
        sql,
        user_id=user_id,
        last_seen_id=query.last_seen_id,
        page_size=query.page_size,
        latitude=query.latitude,
        longitude=query.longitude,
        now=times.from_now(),
        online=online,
        **given,
    )
    return [public(row) for row in rows]


def _literal(word: str | None) -> str:
    """A word that means itself in a LIKE pattern."""
    return "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in word or "")
