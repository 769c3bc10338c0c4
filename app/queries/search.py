"""Looking for people in the table discovery, a stretch at a time."""

from typing import NamedTuple

import msgspec

from app import db
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
    "around": "card.user_id > 0",  # all who are in an area
}
_BY = {
    "came": "card.active_since",
    "came again": "card.active_before",
    "around": CHORD2,
}  # else by id


class Area(NamedTuple):
    source: str
    clause: str
    keys: str = "[]"


ANYWHERE = Area("discovery AS card", "TRUE")
NOWHERE = Area("discovery AS card", "card.cell_5 IS NULL")  # those who have not said where they are
FANS = Area(  # the latest who like me and wait for an answer
    """(
                SELECT user_id
                FROM swipes
                WHERE target_id = :user_id
                  AND action = 'like'
                  AND NOT EXISTS (
                      SELECT 1
                      FROM swipes AS mine
                      WHERE mine.user_id = :user_id
                        AND mine.target_id = swipes.user_id)
                ORDER BY id DESC
                LIMIT 500) AS fans
            CROSS JOIN discovery AS card""",
    "card.user_id = fans.user_id",
)


def area(level: int, cells: list[int]) -> Area:
    """The cells of a level, a place in grid.SIZES_KM."""
    return _listed(_LEVELS[level], cells)


def among(ids: list[int]) -> Area:
    """Not a place, but these people."""
    return _listed("user_id", ids)


def _listed(column: str, keys: list[int]) -> Area:
    source = "json_each(:keys) AS listed CROSS JOIN discovery AS card"
    return Area(source, f"card.{column} = listed.value", msgspec.json.encode(keys).decode())


class Scan(NamedTuple):
    scanned: int
    swiped: int  # of those who fit
    fits: list[
        tuple[str, int]
    ]  # the others of them: by what they stand on that line, empty if by id, and the id


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
        keys=area.keys,
        most=most,
        **bounds,
    )
    assert row is not None  # noqa: S101
    return row["people"]


def scan(
    user_id: int, line: str, area: Area, fitting: Fitting, bounds: Row, most: int = LARGEST_ID
) -> Scan:
    """Look at everybody in a stretch of a line, in an area, for those who fit; at no more than `most`, in no order."""
    row = db.one(
        f"""
        SELECT count(*) AS scanned,
               count(CASE WHEN state = 2 THEN 1 END) AS swiped,
               coalesce(group_concat(CASE WHEN state = 1 THEN coalesce(stands, '') || ' ' || user_id END), '') AS fits
        FROM (
            SELECT card.user_id, {_BY.get(line, "NULL")} AS stands,
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
            LIMIT :most) AS looked_at  -- without a limit each state is worked out twice
        """,  # noqa: S608
        user_id=user_id,
        keys=area.keys,
        most=most,
        **bounds,
        **fitting.params,
    )
    assert row is not None  # noqa: S101
    fits = [one.rpartition(" ") for one in row["fits"].split(",") if one]
    return Scan(
        row["scanned"], row["swiped"], [(stands, int(user_id)) for stands, _, user_id in fits]
    )


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
        **gate.params(user_id),
        ids=msgspec.json.encode(ids).decode(),
        **place,
    )
