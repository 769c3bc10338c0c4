"""The table by which people are found: made from users."""

from app import db, times
from app.db import Row


def write(user_id: int) -> None:
    """Take over what users says of somebody, but for the place."""
    db.run(
        """
        INSERT INTO discovery (user_id, birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km,
                               is_pictured)
        SELECT id, birthday, words(gender), words(interested_in), pref_min_age, pref_max_age,
               CASE WHEN pref_distance_km <= 5000 THEN pref_distance_km END, coalesce(photo_url, '') <> ''
        FROM users
        WHERE id = :user_id
          AND deleted_at IS NULL
        ON CONFLICT (user_id) DO UPDATE
        SET birthday = excluded.birthday,
            gender = excluded.gender,
            interested_in = excluded.interested_in,
            pref_min_age = excluded.pref_min_age,
            pref_max_age = excluded.pref_max_age,
            pref_distance_km = excluded.pref_distance_km,
            is_pictured = excluded.is_pictured,
            active_since = CASE (SELECT hide_activity FROM users WHERE id = :user_id) WHEN 0 THEN active_since END
        """,
        user_id=user_id,
    )


def find_move(user_id: int) -> Row | None:
    """The `latitude` and `longitude` in users, where others still see another place."""
    return db.one(
        """
        SELECT me.latitude, me.longitude
        FROM users AS me
        JOIN discovery AS card ON card.user_id = me.id
        WHERE me.id = :user_id
          AND (card.latitude IS NOT grid_latitude(me.latitude, me.longitude)
               OR card.longitude IS NOT grid_longitude(me.latitude, me.longitude))
        """,
        user_id=user_id,
    )


def write_place(user_id: int) -> None:
    """Take over the place, as a point of the grid."""
    db.run(
        """
        UPDATE discovery
        SET latitude = grid_latitude(me.latitude, me.longitude),
            longitude = grid_longitude(me.latitude, me.longitude),
            x = grid_vector(me.latitude, me.longitude, 0),
            y = grid_vector(me.latitude, me.longitude, 1),
            z = grid_vector(me.latitude, me.longitude, 2),
            cell_5 = grid_cell(me.latitude, me.longitude, 0),
            cell_24 = grid_cell(me.latitude, me.longitude, 1),
            cell_120 = grid_cell(me.latitude, me.longitude, 2),
            cell_600 = grid_cell(me.latitude, me.longitude, 3)
        FROM users AS me
        WHERE me.id = :user_id
          AND discovery.user_id = :user_id
        """,
        user_id=user_id,
    )


def touch(user_id: int) -> None:
    """Note that they came, at most once an hour, unless they hide it; again after the clock was set back."""
    db.run(
        """
        UPDATE discovery
        SET active_before = CASE WHEN active_since > :minute_ahead THEN active_before ELSE active_since END,
            active_since = :now
        WHERE user_id = :user_id
          AND coalesce(active_since, '') NOT BETWEEN :hour_ago AND :minute_ahead
          AND (SELECT hide_activity FROM users WHERE id = :user_id) = 0
        """,
        user_id=user_id,
        now=times.from_now(),
        hour_ago=times.from_now(hours=-1),
        minute_ahead=times.from_now(minutes=1),
    )


def find(user_id: int) -> Row | None:
    """What is known of me there; and where walks along ids and along times end, `last_id` and `first_came`."""
    return db.one(
        """
        SELECT birthday, gender, interested_in, pref_min_age, pref_max_age, latitude, longitude,
               (SELECT pref_distance_km FROM users WHERE id = :user_id) AS pref_distance_km,
               (SELECT max(user_id) FROM discovery) AS last_id,
               (SELECT min(active_since) FROM discovery) AS first_came
        FROM discovery
        WHERE user_id = :user_id
        """,
        user_id=user_id,
    )
