"""Where people are, as others may learn it: a point of a grid of about 5 km, at least 1 km from where they really are.

The earth is cut into rows of equal height, and each row into cells of equal width, which works at the poles and at the
antimeridian. Cells of several sizes are indexed, so that a circle of any size is a few of them. Distances are compared
as squared chords: points are unit vectors, so that takes no trigonometry and knows no edges.
"""

from array import array
from functools import cache, lru_cache
from math import asin, cos, degrees, floor, pi, radians, sin, sqrt
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0
GRID_KM = 4.8  # so that neighbours are within the band of 5
LEAST_SHIFT_KM = 1.0
SIZES_KM = (GRID_KM, 24.0, 120.0, 600.0)  # of the cells that are indexed
RADII_KM = (
    30.0,
    250.0,
    1250.0,
    6250.0,
)  # of the circles that cells of these sizes cover, at the most
BANDS_KM = (1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000)

FARTHEST_CHORD2 = 4.001  # of what is as far away as can be, 4 but for rounding
_EDGE = 1e-6  # degrees, so that no rounding leaves a point out


class Point(NamedTuple):
    latitude: float
    longitude: float

    def vector(self) -> tuple[float, float, float]:
        """From the middle of the earth."""
        latitude, longitude = radians(self.latitude), radians(self.longitude)
        return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)


def chord2(km: float) -> float:
    """The square of the straight line between two unit vectors that are so far apart on the earth."""
    angle = km / EARTH_RADIUS_KM
    return (2 * sin(angle / 2)) ** 2 if angle < pi else FARTHEST_CHORD2


def distance_km(one: Point, other: Point) -> float:
    squared = sum((a - b) ** 2 for a, b in zip(one.vector(), other.vector(), strict=True))
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(squared) / 2))


_BANDS = [(chord2(km), km) for km in BANDS_KM]


def band(squared: float | None) -> int | None:
    """The upper end, in kilometres, of the band in which a squared chord is; None of an unknown one."""
    return (
        None
        if squared is None
        else next((km for most, km in _BANDS if squared <= most), BANDS_KM[-1])
    )


@lru_cache(20_000)
def snap(latitude: float, longitude: float) -> Point:
    """The nearest point of the grid that is not too near. The point is all that others ever learn."""
    here, row = Point(latitude, longitude), _row(latitude, GRID_KM)
    rows = range(max(0, row - 1), min(_rows(GRID_KM), row + 2))
    points = [
        _center(near, _column(near, longitude, GRID_KM) + step, GRID_KM)
        for near in rows
        for step in (-1, 0, 1)
    ]
    found = [(distance_km(here, point), point) for point in points]
    return min(each for each in found if each[0] >= LEAST_SHIFT_KM)[1]


def cell(latitude: float, longitude: float, size: float) -> int:
    """The number of the cell of that size that a point is in."""
    row = _row(latitude, size)
    return _number(row, _column(row, longitude, size), size)


def level(km: float) -> int | None:
    """The smallest cells of which a circle of that radius is a few; None where even the largest are too many."""
    return next((level for level, radius in enumerate(RADII_KM) if km <= radius), None)


def cover(center: Point, least_km: float, most_km: float) -> tuple[int, list[int]] | None:
    """The level (a place in SIZES_KM) and the numbers of cells that hold all points so far from the center; None where
    these are too many."""
    found = level(most_km)
    return None if found is None else (found, _cells(center, least_km, most_km).tolist())


@lru_cache(4000)
def _cells(center: Point, least_km: float, most_km: float) -> array:
    """Return the numbers of the cells as 32-bit integers, at most 3 KiB, so that the cache stays below 16 MiB."""
    found = level(most_km)
    assert found is not None  # noqa: S101
    size = SIZES_KM[found]
    reach = degrees(most_km / EARTH_RADIUS_KM) + _EDGE
    rows = range(_row(center.latitude - reach, size), _row(center.latitude + reach, size) + 1)
    cells = [(row, column) for row in rows for column in _across(center, row, reach, size)]
    needed = {
        _number(*each, size) for each in cells if _is_needed(center, least_km, most_km, *each, size)
    }
    return array("i", sorted(needed))


def _across(center: Point, row: int, reach: float, size: float) -> range:
    """The columns of a row that a circle touches; `reach` is its radius in degrees."""
    if abs(center.latitude) + reach >= 90:
        return range(_columns(row, size))
    aside = degrees(asin(sin(radians(reach)) / cos(radians(center.latitude)))) + _EDGE
    first, last = (_column(row, center.longitude + way, size) for way in (-aside, aside))
    return range(first, min(last, first + _columns(row, size) - 1) + 1)


def _is_needed(
    center: Point, least_km: float, most_km: float, row: int, column: int, size: float
) -> bool:
    """Whether a cell may hold a point that far away. The smallest hold one point each, in the middle."""
    middle = _center(row, column, size)
    away = distance_km(center, middle)
    if size == GRID_KM:
        return (away > least_km or not least_km) and away <= most_km
    to_corner = 0.8 * size if abs(middle.latitude) < 75 else 2 * EARTH_RADIUS_KM
    return away + to_corner > least_km


def _rows(size: float) -> int:
    return round(pi * EARTH_RADIUS_KM / size)


def _row(latitude: float, size: float) -> int:
    return min(max(0, floor((latitude + 90) / 180 * _rows(size))), _rows(size) - 1)


def _column(row: int, longitude: float, size: float) -> int:
    """Beyond the last column are the first ones again."""
    return floor((longitude + 180) / 360 * _columns(row, size))


@cache
def _columns(row: int, size: float) -> int:
    around = 2 * pi * EARTH_RADIUS_KM * cos(radians(_middle(row, size)))
    return max(1, round(around / size))


def _middle(row: int, size: float) -> float:
    return (row + 0.5) / _rows(size) * 180 - 90


@lru_cache(20_000)
def _center(row: int, column: int, size: float) -> Point:
    columns = _columns(row, size)
    return Point(_middle(row, size), (column % columns + 0.5) / columns * 360 - 180)


def _number(row: int, column: int, size: float) -> int:
    return row * 100_000 + column % _columns(row, size)


# What SQL calls, of exact places.


def grid_latitude(latitude: float | None, longitude: float | None) -> float | None:
    return None if latitude is None or longitude is None else snap(latitude, longitude).latitude


def grid_longitude(latitude: float | None, longitude: float | None) -> float | None:
    return None if latitude is None or longitude is None else snap(latitude, longitude).longitude


def grid_vector(latitude: float | None, longitude: float | None, axis: int) -> float | None:
    return (
        None if latitude is None or longitude is None else snap(latitude, longitude).vector()[axis]
    )


def grid_cell(latitude: float | None, longitude: float | None, level: int) -> int | None:
    return (
        None
        if latitude is None or longitude is None
        else cell(*snap(latitude, longitude), SIZES_KM[level])
    )


# And of points of the grid.


def point_vector(latitude: float | None, longitude: float | None, axis: int) -> float | None:
    return (
        None if latitude is None or longitude is None else Point(latitude, longitude).vector()[axis]
    )


def point_cell(latitude: float | None, longitude: float | None, level: int) -> int | None:
    return (
        None
        if latitude is None or longitude is None
        else cell(latitude, longitude, SIZES_KM[level])
    )


FUNCTIONS = (grid_latitude, grid_longitude, grid_vector, grid_cell, point_vector, point_cell)
