"""What a walk through the people who fit goes through: segments, such as a ring around the viewer, each with a line."""

from datetime import datetime
from itertools import groupby
from math import ceil
from typing import NamedTuple

import msgspec

from app import grid
from app.db import Row
from app.fields import LARGEST_ID
from app.grid import Point
from app.parameters import Search
from app.queries import search
from app.queries.fitting import Fitting, fitting
from app.queries.search import ANYWHERE, NOWHERE, Area

FIRST = 20_000  # ids in the first stretch of a segment
LATELY = 10  # times as many people as on the average came in the last hours

At = tuple[str, int]  # a place on a line: when somebody came (empty on a line of ids), and the id


class Walk(msgspec.Struct, array_like=True):
    """Where somebody is on their way; what it began with stays."""

    user_id: int
    sort: str | None
    origin: Point | None
    began: str  # a time: who came later stands where they stood then
    oldest: str  # the time when the first in the table came
    turn: int  # after this id a line of ids begins, so that nobody is always first
    segment: int = 0
    at: At | None = None  # who was met last; None: nobody yet in this segment


class Segment(NamedTuple):
    line: str
    start: At
    end: At
    first: int  # how long its first stretch is to be, in ids or in seconds
    area: Area
    fitting: Fitting

    def between(self, at: At, edge: At) -> Row:
        """A stretch, as queries take it."""
        if self.line != "came":
            return {"after": at[1], "until": edge[1]}
        return {"after": edge[0], "until": at[0], "until_id": at[1]}


class Group(NamedTuple):
    """So many segments on end, of whole rings, that are looked at together where few people are."""

    size: int
    area: Area
    fitting: Fitting


Part = tuple[Segment, At, At]  # of a segment, from one place to another


class Route(NamedTuple):
    fitting: Fitting  # wherever somebody is
    segments: list[Segment]
    groups: dict[int, list[Group]]  # those that begin with a segment, the largest first

    def end_of(self, number: int) -> tuple[int, At]:
        return number, self.segments[number].end

    def up_to(self, number: int, at: At | None) -> list[Part]:
        whole = [(each, each.start, each.end) for each in self.segments[:number]]
        return whole + [(each, each.start, at) for each in self.segments[number : number + 1] if at]

    def beyond(self, number: int, at: At) -> list[Part]:
        first, *more = self.segments[number:]
        return [(first, at, first.end), *((each, each.start, each.end) for each in more)]


class Ring(NamedTuple):
    """Around the viewer. Without an end: those who are nobody knows where, which from such a place is everybody."""

    least_km: float
    most_km: float | None


def route(walk: Walk, me: Row, query: Search, place: Row, online: str) -> Route:
    """All that a walk goes through, in its order; nothing where a distance is wished for from an unknown place."""
    last = ("", me["last_id"])
    wished = [km for km in (me["pref_distance_km"], query.max_distance_km) if km]
    most_km = min(wished) if wished else None
    fits = fitting(me, query, place, online)
    if most_km and not walk.origin:
        return Route(fits, [], {})
    if walk.sort == "near":
        return _outwards(walk, _rings(walk.origin, most_km), last, fits)
    where = _where(walk.origin, Ring(0, most_km), fits) if most_km else (ANYWHERE, fits)
    if walk.sort == "active":
        came = Segment(
            "came", (walk.began, LARGEST_ID), (walk.oldest, 0), _first_seconds(walk, me), *where
        )
        return Route(fits, [came, Segment("silent", ("", 0), last, FIRST, *where)], {})
    return Route(
        fits, [Segment("ids", ("", min(query.last_seen_id, last[1])), last, FIRST, *where)], {}
    )


def _first_seconds(walk: Walk, me: Row) -> int:
    """In which about so many came as FIRST says; most came lately."""
    taken = datetime.fromisoformat(walk.began) - datetime.fromisoformat(walk.oldest)
    return ceil(taken.total_seconds() * min(1, FIRST / me["last_id"] / LATELY))


def _outwards(walk: Walk, rings: list[Ring], last: At, fits: Fitting) -> Route:
    """Ring by ring, and through each from the walk's turn on."""
    turn = ("", walk.turn)
    halves = ((turn, last), (("", 0), turn))
    segments = [
        Segment("ids", *half, FIRST, *_where(walk.origin, ring, fits))
        for ring in rings
        for half in halves
    ]
    groups = {
        2 * number: [Group(2, *_where(walk.origin, ring, fits))]
        for number, ring in enumerate(rings)
    }
    first = 0
    for _, alike in groupby(
        (ring for ring in rings if ring.most_km), lambda ring: grid.level(ring.most_km)
    ):
        shell = list(alike)
        if len(shell) > 1:
            whole = _where(walk.origin, Ring(shell[0].least_km, shell[-1].most_km), fits)
            groups[2 * first].insert(0, Group(2 * len(shell), *whole))
        first += len(shell)
    return Route(fits, segments, groups)


def placed(walk: Walk, group_at: int, chord2: str, user_id: int) -> tuple[int, At]:
    """The segment of somebody in a group that begins with that one, and their place in it."""
    ring = grid.BANDS_KM.index(grid.band(float(chord2))) if chord2 else group_at // 2
    return 2 * ring + (user_id <= walk.turn), ("", user_id)


def _rings(origin: Point | None, most_km: float | None) -> list[Ring]:
    """Each as wide as a band of distances that are told."""
    ends = [km for km in grid.BANDS_KM if origin and (not most_km or km < most_km)]
    ends += [most_km] if most_km else []
    rings = [Ring(least_km, km) for least_km, km in zip([0, *ends], ends, strict=False)]
    return rings if most_km else [*rings, Ring(0, None)]


def _where(origin: Point | None, ring: Ring, fits: Fitting) -> tuple[Area, Fitting]:
    if origin is None:
        return ANYWHERE, fits
    if ring.most_km is None:
        return NOWHERE, fits.nowhere()
    covered = grid.cover(origin, ring.least_km, ring.most_km)
    return (search.area(*covered) if covered else ANYWHERE), fits.within(
        ring.least_km, ring.most_km
    )
