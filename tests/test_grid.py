"""The grid: where people are for others, at the poles and the antimeridian too."""

import random
import sys
from math import asin, atan2, cos, degrees, pi, radians, sin

import pytest

from app import grid
from app.grid import Point

CORNERS = [
    (90, 0),
    (-90, 180),
    (89.99, -180),
    (0, 180),
    (0, -180),
    (0.0, 0.0),
    (66.5, 179.999),
    (-89.97, 12.3),
]


def places(count):
    chance = random.Random(3)
    return CORNERS + [
        (degrees(asin(chance.uniform(-1, 1))), chance.uniform(-180, 180)) for _ in range(count)
    ]


def moved(point, km, bearing):
    """The place that far away, on a sphere."""
    latitude, longitude, arc = (
        radians(point.latitude),
        radians(point.longitude),
        km / grid.EARTH_RADIUS_KM,
    )
    north = asin(sin(latitude) * cos(arc) + cos(latitude) * sin(arc) * cos(bearing))
    east = longitude + atan2(
        sin(bearing) * sin(arc) * cos(latitude), cos(arc) - sin(latitude) * sin(north)
    )
    return Point(degrees(north), (degrees(east) + 540) % 360 - 180)


def test_the_point_is_near_but_never_too_near():
    for place in places(2000):
        away = grid.distance_km(Point(*place), grid.snap(*place))
        assert grid.LEAST_SHIFT_KM <= away <= 1.1 * grid.GRID_KM


def test_both_sides_of_the_antimeridian_are_neighbours():
    west, east = grid.snap(10.0, -179.999), grid.snap(10.0, 179.999)
    assert grid.distance_km(west, east) <= 2 * grid.GRID_KM


@pytest.mark.parametrize(
    ("least_km", "most_km"), [(0, 1), (0, 50), (25, 50), (0, 120), (100, 250), (0, 1000), (0, 6000)]
)
def test_cells_cover_all_points_of_a_ring(least_km, most_km):
    chance = random.Random(5)
    for place in places(60):
        center = grid.snap(*place)
        level, cells = grid.cover(center, least_km, most_km)
        for _ in range(20):
            there = grid.snap(
                *moved(center, chance.uniform(least_km, most_km), chance.uniform(0, 2 * pi))
            )
            away = grid.distance_km(center, there)
            if least_km < away <= most_km:
                assert grid.cell(*there, grid.SIZES_KM[level]) in cells


def test_the_smallest_cells_are_exact():
    level, cells = grid.cover(grid.snap(48.1, 11.6), 5, 25)
    assert level == 0
    assert len(cells) == pytest.approx((25**2 - 5**2) * pi / grid.GRID_KM**2, rel=0.1)


def test_too_wide_a_circle_is_looked_for_everywhere():
    assert grid.cover(grid.snap(1, 1), 0, 10_000) is None


@pytest.mark.parametrize(
    ("km", "band"),
    [(0, 1), (4.9, 5), (5.1, 10), (30, 50), (101, 250), (9_999, 10_000), (20_015, 25_000)],
)
def test_bands_are_told_by_their_upper_end(km, band):
    assert grid.band(grid.chord2(km)) == band


def test_whoever_is_on_the_other_side_of_the_earth_is_within_the_last_band():
    for latitude, longitude in places(2000):
        one, other = Point(latitude, longitude), Point(-latitude, longitude - 180)
        assert sum(
            (a - b) ** 2 for a, b in zip(one.vector(), other.vector(), strict=True)
        ) <= grid.chord2(25_000)


def test_unknown_is_unknown():
    assert grid.band(None) is None
    assert grid.grid_cell(None, 1.0, 0) is grid.grid_latitude(None, None) is None


def test_cover_cache_is_bounded_in_bytes():
    """6,000 distances around one place took 55 MiB."""
    center = grid.snap(55.75, 37.6)
    for km in range(1, 6001, 40):
        assert grid.cover(center, 0, km)
    largest = max(sys.getsizeof(grid._cells(center, 0, km)) for km in range(1, 6001, 40))
    assert largest * grid._cells.cache_info().maxsize < 16 * 2**20
