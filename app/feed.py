"""Walks through the people who fit, in the order of ids, by nearness, or by who came last; page by page."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from app import stretches, walks
from app.db import Row
from app.grid import Point
from app.parameters import Search
from app.queries import search
from app.queries.search import FANS, Scan
from app.queries.users import public
from app.walks import At, Group, Part, Route, Segment, Walk

MOST_SCANNED = 2000  # people since the last who fits and was swiped before; then a page ends early
END = 2**31  # more segments than any walk has
LONGER = 10  # times as many are scanned for a page by `last_seen_id` that is still empty
FEW = 500  # people, who are looked at together

Met = tuple[int, At]  # a segment, and a place in it


class Page(NamedTuple):
    users: list[Row]
    next: Walk | None
    is_cut: bool  # whether it ended early, since too many do not fit
    passed: Walk | None = (
        None  # the walk's place where so many were looked at in vain, before anybody was met
    )


def page(walk: Walk, me: Row, query: Search, online: str, goes_on: bool, by_last_id: bool) -> Page:
    """The next people on a walk. `online` is the ids of who has a live socket, a list in JSON.

    `goes_on`: earlier pages showed who likes the viewer on the way there. `by_last_id`: the client
    asks with the last id of the page before, so that a page by ids must be in their order.
    """
    place = _place(walk.origin)
    route = walks.route(walk, me, query, place, online)
    users = [] if goes_on else _fans(walk, route, route.up_to(walk.segment, walk.at), place)
    if len(users) > query.page_size:
        walk, users = _moved(walk, 0, None), []
    left, last, passed, looked_at = MOST_SCANNED, walk, None, 0
    for met, found in _people(walk, route, query.page_size + 1, place):
        if isinstance(found, Scan):
            left = MOST_SCANNED if found.swiped else left - found.scanned
            if last is walk:
                looked_at += found.scanned
                passed = _moved(walk, *met) if looked_at > MOST_SCANNED else None
            is_patient = by_last_id and not users and looked_at <= LONGER * MOST_SCANNED
            if left < 0 and not is_patient and met != route.end_of(len(route.segments) - 1):
                users += (
                    []
                    if users or walk.sort or goes_on or by_last_id
                    else _fans(walk, route, route.beyond(*met), place)
                )
                return Page(
                    users[: query.page_size],
                    _moved(walk, *met),
                    len(users) < query.page_size,
                    passed,
                )
        elif len(users) == query.page_size:
            return Page(users, last, False, passed)
        else:
            users.append(public(found))
            last = _moved(walk, *met)
    return Page(users, None, False, passed)


def ended(walk: Walk) -> Walk:
    """Return the walk at its end."""
    return _moved(walk, END, None)


def _fans(walk: Walk, route: Route, parts: list[Part], place: Row) -> list[Row]:
    """Those who like me and fit, in parts of segments."""
    fans = search.scan(walk.user_id, "around", FANS, route.fitting, {}).fits if parts else []
    if not fans:
        return []
    ids, them = [], search.among([user_id for _, user_id in fans])
    for segment, at, edge in parts:
        found = search.scan(
            walk.user_id, segment.line, them, segment.fitting, segment.between(at, edge)
        ).fits
        ids += [user_id for _, user_id in sorted(found, reverse=segment.line == "came")]
    return [public(fan) for fan in search.profiles(walk.user_id, ids, place)]


def _people(walk: Walk, route: Route, chunk: int, place: Row) -> Iterator[tuple[Met, Row | Scan]]:
    """Everyone who fits, each with where they were met, and after each stretch what it took to look at it."""
    for fits, edge, seen in _stretches(walk, route):
        for start in range(0, len(fits), chunk):
            met = {at[1]: (number, at) for number, at in fits[start : start + chunk]}
            for user in search.profiles(walk.user_id, list(met), place):
                yield met[user["id"]], user
        yield edge, seen


def _stretches(walk: Walk, route: Route) -> Iterator[tuple[list[Met], Met, Scan]]:
    """Who fits, stretch by stretch, in order; where it ends, and what it took to look at it."""
    number, at = walk.segment, walk.at
    while number < len(route.segments):
        size = 1
        if not at and (found := _together(walk, route.groups.get(number, []))):
            size, seen = found
            yield (
                sorted(walks.placed(walk, number, *fit) for fit in seen.fits),
                route.end_of(number + size - 1),
                seen,
            )
        else:
            yield from _along(walk, number, route.segments[number], at)
        number, at = number + size, None


def _together(walk: Walk, groups: list[Group]) -> tuple[int, Scan] | None:
    """The segments of the largest group that has few people, how many, and who fits there."""
    for size, area, fitting in groups:
        if search.count("around", area, {}, FEW + 1) <= FEW:
            return size, search.scan(walk.user_id, "around", area, fitting, {})
    return None


def _along(
    walk: Walk, number: int, segment: Segment, at: At | None
) -> Iterator[tuple[list[Met], Met, Scan]]:
    again = _came_again(walk, segment)
    for since, edge, seen in stretches.along(walk.user_id, segment, at or segment.start):
        fits = sorted(
            seen.fits + _between(again, segment, since, edge), reverse=segment.line == "came"
        )
        yield [(number, fit) for fit in fits], (number, edge), seen


def _came_again(walk: Walk, segment: Segment) -> list[At]:
    """Those who fit and came after the walk began, by where they stood then. That is known for an hour."""
    if segment.line not in ("came", "silent"):
        return []
    return search.scan(
        walk.user_id, "came again", segment.area, segment.fitting, {"began": walk.began}
    ).fits


def _between(again: list[At], segment: Segment, at: At, edge: At) -> list[At]:
    if segment.line == "came":
        return [key for key in again if key[0] and edge <= key < at]
    return [key for key in again if not key[0] and at < key <= edge]


def _place(origin: Point | None) -> Row:
    return dict(zip("xyz", origin.vector() if origin else (None, None, None), strict=True))


def _moved(walk: Walk, segment: int, at: At | None) -> Walk:
    return msgspec.structs.replace(walk, segment=segment, at=at)
