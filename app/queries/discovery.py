"""The table by which people are found: made from users, and looked through a stretch at a time."""

from typing import NamedTuple

import msgspec

from app import db, times
from app.db import Row
from app.fields import LARGEST_ID
from app.queries import gate
from app.queries.fitting import CHORD2, Fitting
from app.queries.users import PUBLIC

_LEVELS = ("cell_5", "cell_24", "cell_120", "cell_600")
_LINES = {  # along which people stand: ids, or the times when they came, of which a stretch goes from :until down
    "ids": "card.user_id > :after AND card.user_id <= :until",
    "came": "(card.active_since, card.user_id) < (:until, :until_id) AND card.active_since >= :after",
    "silent": "card.active_since IS NULL AND card.user_id > :after AND card.user_id <= :until",
    "came again": "card.active_since > :began",
}
_CAME = {"came": "card.active_since", "came again": "card.active_before"}


class Area(NamedTuple):
    source: str
    clause: str
    cells: str = "[]"


ANYWHERE = Area("discovery AS card", "TRUE")
NOWHERE = Area("discovery AS card", "card.cell_5 IS NULL")  # those who have not said where they are


def area(level: int, cells: list[int]) -> Area:
    """The cells of a level, a place in grid.SIZES_KM."""
    source = "json_each(:cells) AS near CROSS JOIN discovery AS card"
    return Area(source, f"card.{_LEVELS[level]} = near.value", msgspec.json.encode(cells).decode())


class Scan(NamedTuple):
    scanned: int
    swiped: int  # of those who fit
    fits: list[tuple[str, int]]  # the others of them: when they came, empty on a line of ids, and the id


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
    """Note that they came, at most once an hour, unless they hide it."""
    db.run(
        """
        UPDATE discovery
        SET active_before = active_since,
            active_since = :now
        WHERE user_id = :user_id
          AND coalesce(active_since, '') < :hour_ago
          AND (SELECT hide_activity FROM users WHERE id = :user_id) = 0
        """,
        user_id=user_id,
        now=times.from_now(),
        hour_ago=times.from_now(hours=-1),
    )


def find(user_id: int) -> Row:
    """What is known of me there."""
    found = db.one(
        """
        SELECT birthday, gender, interested_in, pref_min_age, pref_max_age, pref_distance_km, latitude, longitude
        FROM discovery
        WHERE user_id = :user_id
        """,
        user_id=user_id,
    )
    assert found is not None  # noqa: S101
    return found


def ends() -> Row:
    """`{"last_id", "first_came"}`: where walks along ids and along times end."""
    found = db.one(
        """
        SELECT (SELECT max(user_id) FROM discovery) AS last_id,
               (SELECT min(active_since) FROM discovery) AS first_came
        """
    )
    assert found is not None  # noqa: S101
    return found


def count(line: str, area: Area, bounds: Row, most: int) -> int:
    """How many people there are in a stretch, fitting or not; counted up to `most`."""
    row = db.one(
        f"""
        SELECT count(*) AS people
        FROM (
            SELECT 1
            FROM {area.source}
            WHERE {area.clause}
              AND {_LINES[line]}
            LIMIT :most) AS counted
        """,  # noqa: S608
        cells=area.cells,
        most=most,
        **bounds,
    )
    assert row is not None  # noqa: S101
    return row["people"]


def scan(user_id: int, line: str, area: Area, fitting: Fitting, bounds: Row) -> Scan:
    """Look at everybody in a stretch of a line, in an area, for those who fit."""
    row = db.one(
        f"""
        SELECT count(*) AS scanned,
               count(CASE WHEN state = 2 THEN 1 END) AS swiped,
               coalesce(group_concat(CASE WHEN state = 1 THEN coalesce(came, '') || ' ' || user_id END), '') AS fits
        FROM (
            SELECT card.user_id, {_CAME.get(line, "NULL")} AS came,
                   CASE WHEN {" AND ".join(fitting.clauses)} THEN
                       CASE WHEN EXISTS (
                           SELECT 1
                           FROM swipes
                           WHERE swipes.user_id = :user_id
                             AND swipes.target_id = card.user_id) THEN 2 ELSE 1 END
                   ELSE 0 END AS state
            FROM {area.source}
            WHERE {area.clause}
              AND {_LINES[line]}
            LIMIT :all) AS looked_at  -- without a limit each state is worked out twice
        """,  # noqa: S608
        user_id=user_id,
        cells=area.cells,
        all=LARGEST_ID,
        **bounds,
        **fitting.params,
    )
    assert row is not None  # noqa: S101
    fits = [one.rpartition(" ") for one in row["fits"].split(",") if one]
    return Scan(row["scanned"], row["swiped"], [(came, int(user_id)) for came, _, user_id in fits])


def profiles(user_id: int, ids: list[int], place: Row) -> list[Row]:
    """These people in this order, as I see them from a place (`x`, `y`, `z`), but for those whom I may not."""
    return db.every(
        f"""
        SELECT {PUBLIC}, {CHORD2} AS chord2
        FROM json_each(:ids) AS found
        CROSS JOIN users AS them ON them.id = found.value
        JOIN discovery AS card ON card.user_id = them.id
        WHERE {gate.OPEN}
          AND NOT {gate.UNMATCHED}
        ORDER BY found.key
        """,  # noqa: S608
        user_id=user_id,
        ids=msgspec.json.encode(ids).decode(),
        now=times.from_now(),
        **place,
    )
