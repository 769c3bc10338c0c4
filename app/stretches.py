"""Going along a segment a stretch at a time. A stretch is looked at as a whole, and its length follows from how many
people stood in the last one, so that a page costs the same in a village and in the largest city."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app import times
from app.fields import LARGEST_ID
from app.queries import search
from app.queries.search import Scan
from app.walks import At, Segment

LEAST, MOST = 500, 1500  # people that a stretch is to have: the most of them when nobody fits
MOST_COUNTED = 2500  # or just as many as are too many, where that is more
GROWTH = 16  # how much longer or shorter the next one may be
NEAR_A_CROWD = 4  # the same, after one that had too many

NOBODY = Scan(0, 0, [])


def along(user_id: int, segment: Segment, at: At) -> Iterator[tuple[At, At, Scan]]:
    """Where each stretch begins and ends, and who is there."""
    length, wanted, growth, is_known = segment.first, LEAST, GROWTH, False
    while at != segment.end:
        edge = _step(segment, at, length)
        stretch = segment.between(at, edge)
        most = max(MOST_COUNTED, 2 * wanted + 1)
        count = wanted if is_known else search.count(segment.line, segment.area, stretch, most)
        if count > 2 * wanted and length > 1:
            length = max(1, length // GROWTH if count == most else length * wanted // count)
            growth = NEAR_A_CROWD
            continue
        crowd = 4 * wanted if length > 1 else LARGEST_ID
        seen = (
            search.scan(user_id, segment.line, segment.area, segment.fitting, stretch, crowd)
            if count
            else NOBODY
        )
        if seen.scanned == crowd:
            is_known = False
            continue
        yield at, edge, seen
        at, is_known = edge, 2 * seen.scanned >= wanted
        if is_known:
            wanted = LEAST if seen.fits else MOST
        longer = wanted / seen.scanned if seen.scanned else growth
        length = round(length * min(growth, max(1 / GROWTH, longer))) or 1


def _step(segment: Segment, at: At, length: int) -> At:
    """The end of the next stretch."""
    if segment.line != "came":
        return "", min(at[1] + length, segment.end[1])
    until, first = datetime.fromisoformat(at[0]), datetime.fromisoformat(segment.end[0])
    if until - first <= timedelta(seconds=length):
        return segment.end
    return times.text(until - timedelta(seconds=length)), 0
