"""Nobody finds out where others are, however they ask."""

import random
from math import cos, radians
from statistics import median

from app import grid
from app.grid import Point
from app.queries.origins import MOST_CELLS
from tests.database import rows, run

TARGETS, QUERIES = 30, 300


def position(user):
    return {"latitude": user[0], "longitude": user[1]}


def asked(attacker, target, latitude, longitude, km):
    """Whether the target is found within a distance of a place."""
    query = f"latitude={latitude}&longitude={longitude}&max_distance_km={km}&last_seen_id={target.id - 1}&page_size=1"
    found = attacker.get(f"/profiles/search?{query}")
    return [user["id"] for user in found or []] == [target.id]


def measured(attacker, target, place, queries):
    """How far away the target seems from a place: halving the doubt with each query."""
    near, far = 0.0, 60.0
    for _ in range(queries):
        middle = (near + far) / 2
        near, far = (near, middle) if asked(attacker, target, *place, middle) else (middle, far)
    return (near + far) / 2


def located(origins, distances, start):
    """The place that fits the distances best: ever smaller steps around the best one so far."""
    best, step = start, 0.2

    def misfit(place):
        return sum(
            (grid.distance_km(Point(*place), Point(*one)) - km) ** 2
            for one, km in zip(origins, distances, strict=True)
        )

    while step > 1e-5:
        around = [(best[0] + a * step, best[1] + b * step) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        nearest = min(around, key=misfit)
        best, step = nearest, step if nearest != best else step / 2
    return best


def test_three_hundred_questions_do_not_locate_anybody(person):
    """An attacker who knows the grid measures from ten points of it, to a few metres, and still is a kilometre off."""
    chance, missed = random.Random(9), []
    for _ in range(TARGETS):
        home = (chance.uniform(-60, 60), chance.uniform(-179, 179))
        target = person()
        target.put_me(**position(home))
        attacker = person()  # as many accounts as it takes to begin anew
        spread = [(chance.uniform(-0.2, 0.2), chance.uniform(-0.2, 0.2)) for _ in range(MOST_CELLS)]
        places = [
            (home[0] + north, home[1] + east / cos(radians(home[0]))) for north, east in spread
        ]
        origins = [grid.snap(*place) for place in places]
        distances = [measured(attacker, target, place, QUERIES // MOST_CELLS) for place in places]
        guess = located(origins, distances, origins[0])
        assert grid.distance_km(Point(*guess), grid.snap(*home)) < 0.1  # it is a good attack
        missed.append(grid.distance_km(Point(*guess), Point(*home)))
    print(f"missed by {median(missed):.1f} km at the median, {min(missed):.1f} at the least")
    assert median(missed) >= 1
    assert min(missed) >= 0.5


def test_two_places_with_one_point_of_the_grid_get_the_same_answers(person):
    anna, boris = person(), person()
    shown = []
    for place in ((55.7563, 37.6071), (55.7637, 37.6029)):
        assert grid.snap(*place) == grid.snap(55.76, 37.605)
        boris.put_me(**position(place))
        asks = [(55.7 + step / 9970, 37.5 + step / 6130, 1 + step % 9) for step in range(60)]
        shown.append(
            [
                anna.get(f"/profiles/search?latitude={a}&longitude={b}&max_distance_km={km}")
                for a, b, km in asks
            ]
        )
        shown[-1].append(anna.get(f"/user/{boris.id}")["distance_km"])
    told = [
        [
            page if isinstance(page, int | None) else [user["distance_km"] for user in page]
            for page in pages
        ]
        for pages in shown
    ]
    assert told[0] == told[1]
    assert any(told[0][:-1]) and not all(told[0][:-1])


def test_exact_coordinates_are_for_their_owner_alone(person):
    anna, boris = person(), person()
    boris.put_me(latitude=12.3456, longitude=65.4321)
    boris.like(anna)
    for path in (f"/user/{boris.id}", "/profiles/search", "/followers"):
        body = anna.call("GET", path).body
        assert b"12.34" not in body and b"65.43" not in body
    assert boris.get("/me")["latitude"] == 12.3456


def test_one_looks_from_ten_cells_a_day(person, settings):
    anna, boris = person(), person()
    anna.put_me(latitude=0.0, longitude=0.0)
    boris.put_me(latitude=0.0, longitude=0.01)
    for step in range(1, MOST_CELLS):
        assert not asked(anna, boris, 10 + step, 10, 50)
    assert asked(anna, boris, 40, 40, 50)  # the eleventh: my own place answers
    assert not asked(anna, boris, 11, 10, 50)  # one of the ten
    kept = rows(
        settings["DATABASE_PATH"], "SELECT count(*) FROM origins WHERE user_id = ?", [anna.id]
    )
    assert kept == [(MOST_CELLS,)]


def test_who_moves_on_and_on_is_shown_where_they_were(person):
    anna, boris = person(), person()
    boris.put_me(latitude=0.0, longitude=MOST_CELLS)
    for step in range(1, MOST_CELLS + 1):
        anna.put_me(latitude=0.0, longitude=float(step))
    assert anna.put_me(latitude=50.0, longitude=50.0)["latitude"] == 50.0
    assert anna.get(f"/user/{boris.id}")["distance_km"] == 1


def test_who_was_in_too_many_places_is_shown_where_they_are_another_day(person, settings):
    anna, boris = person(), person()
    boris.put_me(latitude=50.0, longitude=50.0)
    for step in range(MOST_CELLS):
        anna.put_me(latitude=0.0, longitude=float(step))
    anna.put_me(latitude=50.0, longitude=50.0)
    assert anna.get(f"/user/{boris.id}")["distance_km"] > 1
    run(settings["DATABASE_PATH"], "UPDATE origins SET day = '2026-01-01'")
    run(settings["DATABASE_PATH"], "UPDATE sessions SET last_used_at = '2026-01-01T00:00:00.000Z'")
    assert anna.get(f"/user/{boris.id}")["distance_km"] == 1
