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

from app import times
from app.db import Row
from app.grid import Point
from app.parameters import Search
from app.queries import search
from app.queries.search import FANS
from app.queries.users import public
from app.walks import At, Segment, Walk, segments_of

MOST_SCANNED = 2000  # people who do not fit; then a page ends early
PER_SWIPED = 10  # more of them, for each who fits and was swiped before
LEAST, MOST = 250, 1000  # people that a stretch is to have: more of them when nobody fits
MOST_COUNTED = 5000
GROWTH = 16  # how much longer or shorter the next stretch may be

NOBODY = search.Scan(0, 0, [])


class Page(NamedTuple):
    users: list[Row]
    next: Walk | None
    is_cut: bool  # whether it ended early, since too many do not fit


def page(walk: Walk, query: Search, online: str) -> Page:
    """The next people on a walk. `online` is the ids of who has a live socket, a list in JSON."""
    users: list[Row] = []
    left, last = MOST_SCANNED, walk
    place = _place(walk.origin)
    segments = segments_of(walk, query, place, online)
    for segment, at, found in _people(walk, segments, query.page_size + 1, place):
        if isinstance(found, search.Scan):
            left -= found.scanned - PER_SWIPED * found.swiped
            if left < 0:
                fans = _fans(walk, segments[segment], at, query.page_size - len(users), place)
                return Page(users + fans, _moved(walk, segment, at), True)
        elif len(users) == query.page_size:
            return Page(users, last, False)
        else:
            users.append(public(found))
            last = _moved(walk, segment, at)
    return Page(users, None, False)


def _fans(walk: Walk, segment: Segment, at: At, most: int, place: Row) -> list[Row]:
    """Those further on who like me and fit: who asks by ids may not go on after a page that ended early."""
    if walk.sort:
        return []
    found = search.scan(walk.user_id, "ids", FANS, segment.fitting, _bounds(segment, at, segment.end)).fits
    fans = search.profiles(walk.user_id, sorted(user_id for _, user_id in found), place)
    return [public(fan) for fan in fans[:most]]


def _people(walk: Walk, segments: list[Segment], chunk: int, place: Row) -> Iterator[tuple[int, At, object]]:
    """Everyone who fits, each with their segment and place in it, and after each stretch what it took to look at it."""
    for number, segment in enumerate(segments[walk.segment :], walk.segment):
        at = (number == walk.segment and walk.at) or segment.start
        again = _came_again(walk, segment)
        length, growth, wanted = _length(segment, at), GROWTH, LEAST
        while at != segment.end:
            edge = _step(segment, at, length)
            count = search.count(segment.line, segment.area, _bounds(segment, at, edge), MOST_COUNTED)
            if count > 2 * wanted and length > 1:
                length = max(1, length // GROWTH if count == MOST_COUNTED else length * wanted // count)
                growth = 2  # the crowd is near
                continue
            seen = NOBODY
            if count:
                seen = search.scan(walk.user_id, *segment.where(), _bounds(segment, at, edge))
            fits = sorted(seen.fits + _between(again, segment, at, edge), reverse=segment.line == "came")
            for start in range(0, len(fits), chunk):
                met = {key[1]: key for key in fits[start : start + chunk]}
                for user in search.profiles(walk.user_id, list(met), place):
                    yield number, met[user["id"]], user
            at = edge
            if at != segment.end or segment is not segments[-1]:
                yield number, at, seen
            if 2 * count >= wanted:
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
    return search.scan(walk.user_id, "came again", area, fits, {"began": walk.began}).fits


def _between(again: list[At], segment: Segment, at: At, edge: At) -> list[At]:
    if segment.line == "came":
        return [key for key in again if key[0] and edge <= key < at]
    return [key for key in again if not key[0] and at < key <= edge]


def _place(origin: Point | None) -> Row:
    return dict(zip("xyz", origin.vector() if origin else (None, None, None), strict=True))


def _moved(walk: Walk, segment: int, at: At) -> Walk:
    return msgspec.structs.replace(walk, segment=segment, at=at)
