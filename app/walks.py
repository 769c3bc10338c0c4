"""What a walk through the people who fit goes through: segments, such as a ring around the viewer, each with a line."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from app import grid
from app.db import Row
from app.fields import LARGEST_ID
from app.grid import Point
from app.parameters import Search
from app.queries import discovery, search
from app.queries.fitting import Fitting, fitting
from app.queries.search import ANYWHERE, NOWHERE, Area

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
    area: Area
    fitting: Fitting

    def where(self) -> tuple[str, Area, Fitting]:
        return self.line, self.area, self.fitting


def segments_of(walk: Walk, query: Search, place: Row, online: str) -> list[Segment]:
    """All that a walk goes through, in its order; nothing where a distance is wished for from an unknown place."""
    me, last = discovery.find(walk.user_id), ("", discovery.ends()["last_id"])
    wished = [km for km in (me["pref_distance_km"], query.max_distance_km) if km]
    most_km = min(wished) if wished else None
    fits = fitting(me, query, place, online)
    if most_km and not walk.origin:
        return []
    if walk.sort == "near":
        turn = ("", walk.turn)
        halves = ((turn, last), (("", 0), turn))
        rings = _rings(walk.origin, most_km, fits)
        return [Segment("ids", *half, area, inside) for area, inside in rings for half in halves]
    area, inside = _ring(walk.origin, 0, most_km, fits)
    if walk.sort == "active":
        return [
            Segment("came", (walk.began, LARGEST_ID), (walk.oldest, 0), area, inside),
            Segment("silent", ("", 0), last, area, inside),
        ]
    return [Segment("ids", ("", min(query.last_seen_id, last[1])), last, area, inside)]


def _rings(origin: Point | None, most_km: float | None, fits: Fitting) -> Iterator[tuple[Area, Fitting]]:
    """Around the viewer, each as wide as a band of distances that are told; then those who are nobody knows where."""
    least_km = 0.0
    for km in grid.BANDS_KM if origin else ():
        if most_km is None or least_km < most_km:
            yield _ring(origin, least_km, min(km, most_km or km), fits)
        least_km = km
    if most_km is None:
        yield (NOWHERE if origin else ANYWHERE), fits


def _ring(origin: Point | None, least_km: float, most_km: float | None, fits: Fitting) -> tuple[Area, Fitting]:
    covered = grid.cover(origin, least_km, most_km) if origin and most_km else None
    return (search.area(*covered) if covered else ANYWHERE), fits.within(least_km, most_km)
