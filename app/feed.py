"""Walks through the people who fit, in the order of ids, by nearness, or by who came last; page by page.

A walk goes through segments, such as a ring around the viewer, and through each along one line, of ids or of times.
A stretch of the line is looked at as a whole, and its length follows from how many people stood in the last one, so
that a page costs the same in a village and in the largest city.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

import msgspec

from app import grid, times
from app.db import Row
from app.fields import LARGEST_ID
from app.grid import Point
from app.parameters import Search
from app.queries import discovery
from app.queries.discovery import ANYWHERE, NOWHERE, Area
from app.queries.fitting import Fitting, fitting
from app.queries.users import public

MOST_SCANNED = 2500  # people who do not fit; then a page ends early
PER_SWIPED = 10  # more of them, for each who fits and was swiped before
LEAST, MOST = 250, 1000  # people that a stretch is to have: more of them when nobody fits
MOST_COUNTED = 5000
GROWTH = 16  # how much longer or shorter the next stretch may be

NOBODY = discovery.Scan(0, 0, [])

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


class Page(NamedTuple):
    users: list[Row]
    next: Walk | None
    is_cut: bool  # whether it ended early, since too many do not fit


def page(walk: Walk, query: Search, online: str) -> Page:
    """The next people on a walk. `online` is the ids of who has a live socket, a list in JSON."""
    users: list[Row] = []
    left, last = MOST_SCANNED, walk
    place = _place(walk.origin)
    for segment, at, found in _people(walk, _segments(walk, query, place, online), query.page_size + 1, place):
        if isinstance(found, discovery.Scan):
            left -= found.scanned - PER_SWIPED * found.swiped
            if left < 0:
                return Page(users, _moved(walk, segment, at), True)
        elif len(users) == query.page_size:
            return Page(users, last, False)
        else:
            users.append(public(found))
            last = _moved(walk, segment, at)
    return Page(users, None, False)


def _people(walk: Walk, segments: list[Segment], chunk: int, place: Row) -> Iterator[tuple[int, At, object]]:
    """Everyone who fits, each with their segment and place in it, and after each stretch what it took to look at it."""
    for number, segment in enumerate(segments[walk.segment :], walk.segment):
        at = (number == walk.segment and walk.at) or segment.start
        again = _came_again(walk, segment)
        length, growth, wanted = _length(segment, at), GROWTH, LEAST
        while at != segment.end:
            edge = _step(segment, at, length)
            count = discovery.count(segment.line, segment.area, _bounds(segment, at, edge), MOST_COUNTED)
            if count > 2 * wanted and length > 1:
                length = max(1, length // GROWTH if count == MOST_COUNTED else length * wanted // count)
                growth = 2  # the crowd is near
                continue
            seen = NOBODY
            if count:
                seen = discovery.scan(walk.user_id, *segment.where(), _bounds(segment, at, edge))
            fits = sorted(seen.fits + _between(again, segment, at, edge), reverse=segment.line == "came")
            for start in range(0, len(fits), chunk):
                met = {key[1]: key for key in fits[start : start + chunk]}
                for user in discovery.profiles(walk.user_id, list(met), place):
                    yield number, met[user["id"]], user
            at = edge
            if at != segment.end or segment is not segments[-1]:
                yield number, at, seen
            wanted = LEAST if fits else min(4 * wanted, MOST)
            length = round(length * min(growth, max(1 / GROWTH, wanted / (count or 1)))) or 1
            growth = GROWTH if count else growth


def _length(segment: Segment, at: At) -> int:
    """Of what is left of a segment, in ids or in seconds."""
    if segment.line != "came":
        return segment.end[1] - at[1]
    return ceil((datetime.fromisoformat(at[0]) - datetime.fromisoformat(segment.end[0])).total_seconds())


def _step(segment: Segment, at: At, length: int) -> At:
    """The end of the next stretch."""
    if segment.line != "came":
        return "", min(at[1] + length, segment.end[1])
    return max(times.text(datetime.fromisoformat(at[0]) - timedelta(seconds=length)), segment.end[0]), 0


def _bounds(segment: Segment, at: At, edge: At) -> Row:
    if segment.line != "came":
        return {"after": at[1], "until": edge[1]}
    return {"after": edge[0], "until": at[0], "until_id": at[1]}


def _came_again(walk: Walk, segment: Segment) -> list[At]:
    """Those who fit and came after the walk began, by where they stood then. That is known for an hour."""
    if segment.line not in ("came", "silent"):
        return []
    _, area, fits = segment.where()
    return discovery.scan(walk.user_id, "came again", area, fits, {"began": walk.began}).fits


def _between(again: list[At], segment: Segment, at: At, edge: At) -> list[At]:
    if segment.line == "came":
        return [key for key in again if key[0] and edge <= key < at]
    return [key for key in again if not key[0] and at < key <= edge]


def _segments(walk: Walk, query: Search, place: Row, online: str) -> list[Segment]:
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
    if covered and covered[0] == 0:  # its cells are exactly those
        return discovery.area(*covered), fits
    return (discovery.area(*covered) if covered else ANYWHERE), fits.within(least_km, most_km)


def _place(origin: Point | None) -> Row:
    return dict(zip("xyz", origin.vector() if origin else (None, None, None), strict=True))


def _moved(walk: Walk, segment: int, at: At) -> Walk:
    return msgspec.structs.replace(walk, segment=segment, at=at)
