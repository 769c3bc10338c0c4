"""What must hold of people, their places and sessions."""

from app.queries.invariants.invariant import Invariant
from app.queries.origins import MOST_CELLS

INVARIANTS = [
    Invariant(
        "usernames",
        "`canonical` is not that of `username`, so that nobody logs in with it",
        """
        SELECT id
        FROM users
        WHERE deleted_at IS NULL
          AND canonical <> login_key(username)
        """,
    ),
    Invariant(
        "birthdays",
        "the birthday is no day of the calendar",
        """
        SELECT id
        FROM users
        WHERE birthday IS NOT NULL
          AND coalesce(date(birthday), '') <> birthday
        """,
    ),
    Invariant(
        "people in discovery",
        "somebody is there who has left, or is not there who has not",
        """
        SELECT users.id
        FROM users
        LEFT JOIN discovery ON discovery.user_id = users.id
        WHERE (users.deleted_at IS NULL) <> (discovery.user_id IS NOT NULL)
        """,
    ),
    Invariant(
        "discovery",
        "it says something else of somebody than `users`",
        """
        SELECT users.id
        FROM users
        JOIN discovery AS card ON card.user_id = users.id
        WHERE card.birthday IS NOT users.birthday
           OR card.gender <> words(users.gender)
           OR card.interested_in <> words(users.interested_in)
           OR card.pref_min_age IS NOT users.pref_min_age
           OR card.pref_max_age IS NOT users.pref_max_age
           OR card.pref_distance_km IS NOT CASE WHEN users.pref_distance_km <= 5000 THEN users.pref_distance_km END
           OR card.is_pictured <> (coalesce(users.photo_url, '') <> '')
           OR (users.hide_activity = 1 AND card.active_since IS NOT NULL)
        """,
    ),
    Invariant(
        "points of the grid",
        "a place in discovery has another vector or other cells than its point",
        """
        SELECT user_id AS id
        FROM discovery
        WHERE coalesce(abs(x - point_vector(latitude, longitude, 0)) > 1e-9, x IS NOT latitude)
           OR coalesce(abs(y - point_vector(latitude, longitude, 1)) > 1e-9, y IS NOT latitude)
           OR coalesce(abs(z - point_vector(latitude, longitude, 2)) > 1e-9, z IS NOT latitude)
           OR cell_5 IS NOT point_cell(latitude, longitude, 0)
           OR cell_24 IS NOT point_cell(latitude, longitude, 1)
           OR cell_120 IS NOT point_cell(latitude, longitude, 2)
           OR cell_600 IS NOT point_cell(latitude, longitude, 3)
        """,
    ),
    Invariant(  # who is in too many places on a day is left standing in an earlier one
        "places",
        "the place in discovery is not that of `users`, as a point of the grid",
        f"""
        SELECT users.id
        FROM users
        JOIN discovery AS card ON card.user_id = users.id
        WHERE (card.latitude IS NOT grid_latitude(users.latitude, users.longitude)
               OR card.longitude IS NOT grid_longitude(users.latitude, users.longitude))
          AND (users.latitude IS NULL
               OR NOT EXISTS (
                   SELECT 1
                   FROM origins
                   WHERE origins.user_id = users.id
                   GROUP BY origins.day
                   HAVING count(*) >= {MOST_CELLS}))
        """,  # noqa: S608
    ),
    Invariant(
        "origins",
        f"somebody looked from more than {MOST_CELLS} places in a day",
        f"""
        SELECT DISTINCT user_id AS id
        FROM origins
        GROUP BY user_id, day
        HAVING count(*) > {MOST_CELLS}
        """,  # noqa: S608
    ),
    Invariant(  # those that the first server gave once had the end that it gave them
        "sessions",
        "one lives longer than it may, or is of somebody who is banned",
        """
        SELECT sessions.id
        FROM sessions
        JOIN users ON users.id = sessions.user_id
        WHERE (sessions.expires_at > sessions.ends_at
               AND (sessions.imported_sha256 IS NULL OR sessions.counter > 0))
           OR users.banned_at IS NOT NULL
        """,
    ),
]
