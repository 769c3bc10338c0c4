"""Walks through the feed in a better order than that of ids."""

import pytest

from app import feed, stretches
from app.queries import search
from tests.database import run
from tests.walks import few_at_a_time, link, walk


def test_near_is_by_the_distances_that_are_told(person):
    anna, *others = [person() for _ in range(9)]
    anna.put_me(latitude=50.0, longitude=10.0)
    for other, degrees in zip(others, (0, 0.06, 3, 0, 40, 0.3, -90, None), strict=True):
        if degrees is not None:
            other.put_me(
                latitude=50.0 + degrees if degrees >= 0 else -50.0,
                longitude=10.0 if degrees >= 0 else -170.0,
            )
    found, answers = walk(anna, "/profiles/search?sort=near&page_size=3")
    assert sorted(found) == sorted(other.id for other in others)
    told = [user["distance_km"] for answer in answers for user in answer.json]
    assert told[:-1] == sorted(told[:-1]) and told[-1] is None
    assert found[-1] == others[-1].id
    assert [len(answer.json) for answer in answers] == [3, 3, 2]
    near, _ = walk(anna, "/profiles/search?sort=near&max_distance_km=100")
    assert set(near) == {others[index].id for index in (0, 1, 3, 5)}


def test_the_order_is_the_same_however_many_are_looked_at_together(person, monkeypatch):
    anna, *others = [person() for _ in range(24)]
    anna.put_me(latitude=50.0, longitude=10.0)
    for number, other in enumerate(others[:-3]):
        other.put_me(latitude=50.0 - (number % 7) ** 3 / 20, longitude=10.0)
    monkeypatch.setattr("app.blueprints.discovery.random.randint", lambda _first, last: last // 2)
    walks = []
    for few in (500, 12, 4, 0):
        monkeypatch.setattr(feed, "FEW", few)
        walks += [
            walk(anna, f"/profiles/search?sort=near&page_size={size}")[0] for size in (2, 5, 30)
        ]
    assert sorted(walks[0]) == [other.id for other in others]
    assert all(found == walks[0] for found in walks)


def test_active_is_by_who_came_last(person, settings):
    anna, *others = [person() for _ in range(5)]
    for hours, other in zip((5, 1, 700, 30), others, strict=True):
        at = f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{hours} hours')"
        run(
            settings["DATABASE_PATH"],
            f"UPDATE discovery SET active_since = {at} WHERE user_id = {other.id}",
        )
    hidden = person()
    hidden.put_me(hide_activity=True)
    found, _ = walk(anna, "/profiles/search?sort=active&page_size=2")
    assert found == [others[index].id for index in (1, 0, 3, 2)] + [hidden.id]


@pytest.mark.parametrize("sort", ["near", "active"])
def test_a_walk_meets_everyone_once_while_others_come_and_go(person, settings, sort):
    anna, *others = [person() for _ in range(30)]
    anna.put_me(latitude=50.0, longitude=10.0)
    for number, other in enumerate(others):
        if number % 3:
            other.put_me(latitude=50.0 + number / 20, longitude=10.0)
        at = f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{number * 2 + 2} hours')"
        run(
            settings["DATABASE_PATH"],
            f"UPDATE discovery SET active_since = {at} WHERE user_id = {other.id}",
        )
    come_back = iter([*others[::-1], *[None] * 99])

    def come_and_go():
        person()
        for other in (
            next(come_back),
            next(come_back),
        ):  # they were late in the order, and are here now
            if other:
                other.log_in()

    found, _ = walk(anna, f"/profiles/search?sort={sort}&page_size=4", come_and_go)
    met = [each for each in found if each in {other.id for other in others}]
    assert sorted(met) == sorted(other.id for other in others)


def test_a_crowd_behind_a_few_is_gone_through_as_well(person, settings, monkeypatch):
    monkeypatch.setattr(stretches, "LEAST", 1)
    monkeypatch.setattr(stretches, "MOST", 3)
    monkeypatch.setattr(stretches, "MOST_COUNTED", 4)
    asked = iter(range(300))
    count = search.count
    monkeypatch.setattr(search, "count", lambda *args: next(asked) is not None and count(*args))
    anna, *others = [person() for _ in range(30)]
    for number, other in enumerate(others):
        hours = number * 24 if number < 5 else 120 + number / 100
        at = f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{hours + 1} hours')"
        run(
            settings["DATABASE_PATH"],
            f"UPDATE discovery SET active_since = {at} WHERE user_id = {other.id}",
        )
    others[-1].put_me(gender="rare")
    assert walk(anna, "/profiles/search?sort=active&gender=rare")[0] == [others[-1].id]


def test_a_page_is_short_only_at_the_end(person, monkeypatch):
    monkeypatch.setattr(stretches, "MOST", 3)
    monkeypatch.setattr(stretches, "LEAST", 2)
    anna, *others = [person() for _ in range(20)]
    for other in others[::3]:
        other.put_me(gender="other")
    for sort in ("", "&sort=near", "&sort=active"):
        found, answers = walk(anna, f"/profiles/search?gender=other&page_size=2{sort}")
        assert sorted(found) == [other.id for other in others[::3]]
        assert [len(answer.json) for answer in answers] == [2, 2, 2, 1]


@pytest.mark.parametrize("sort", ["", "&sort=near", "&sort=active"])
def test_a_search_that_finds_too_little_says_so_and_goes_on_where_it_was(person, monkeypatch, sort):
    monkeypatch.setattr(feed, "FEW", 1)
    few_at_a_time(monkeypatch)
    anna, *others = [person() for _ in range(20)]
    for other in others[-2:]:
        other.put_me(gender="rare")
    found, answers = walk(anna, f"/profiles/search?gender=rare{sort}")
    assert sorted(found) == [other.id for other in others[-2:]]
    assert {answer.headers.get("X-Search") for answer in answers} >= {"widened"}
    assert all(link(answer) for answer in answers if answer.headers.get("X-Search"))


def test_who_likes_me_and_fits_is_on_a_page_that_ends_early(person, monkeypatch):
    few_at_a_time(monkeypatch)
    anna, *others = [person() for _ in range(20)]
    for other in others[-2:]:
        other.put_me(gender="rare")
    anna.put_me(latitude=0.0, longitude=0.0, pref_distance_km=50)
    for other in others[:-2] + others[-1:]:
        other.put_me(latitude=0.0, longitude=0.0)
    others[-2].put_me(latitude=10.0, longitude=0.0)
    for fan in others[-3:]:
        fan.like(anna)
    answer = anna.call("GET", "/profiles/search?gender=rare")
    assert ([user["id"] for user in answer.json], answer.headers["X-Search"]) == (
        [others[-1].id],
        "widened",
    )


def test_who_was_swiped_before_does_not_count_as_too_little(person, monkeypatch):
    monkeypatch.setattr(feed, "MOST_SCANNED", 5)
    anna, *others = [person() for _ in range(20)]
    for other in others[:-1]:
        anna.like(other)
    answer = anna.call("GET", "/profiles/search")
    assert ([user["id"] for user in answer.json], answer.headers.get("X-Search")) == (
        [others[-1].id],
        None,
    )


def test_who_swipes_all_that_comes_and_asks_again_meets_everyone(person, monkeypatch):
    few_at_a_time(monkeypatch)
    anna, *others = [person() for _ in range(40)]
    rare = [other.id for other in others[::4]]
    for other in others[::4]:
        other.put_me(gender="rare")
    found = []
    while page := [user["id"] for user in anna.get("/profiles/search?gender=rare&page_size=2")]:
        for target_id in page:
            anna.post("/swipe", {"target_id": target_id, "action": "dislike"})
        found += page
    assert found == rare


def test_who_goes_on_from_the_last_id_of_a_page_misses_nobody_for_a_fan(person, monkeypatch):
    few_at_a_time(monkeypatch)
    anna, *others = [person() for _ in range(20)]
    rare = [others[0], others[4], others[8], others[-1]]
    for other in rare:
        other.put_me(gender="rare")
    others[-1].like(anna)
    found = []
    while page := anna.get(f"/profiles/search?gender=rare&last_seen_id={([0] + found)[-1]}"):
        found += [user["id"] for user in page]
    assert page is None
    assert found == [other.id for other in rare]


def test_who_goes_on_by_the_link_meets_a_fan_no_more_often_than_pages_are_begun(
    person, monkeypatch
):
    few_at_a_time(monkeypatch)
    anna, *others = [person() for _ in range(40)]
    others[-1].put_me(gender="rare")
    others[-1].like(anna)
    found, answers = walk(anna, "/profiles/search?gender=rare")
    assert (found, len(answers) > 3) == ([others[-1].id] * 2, True)


def test_fans_who_were_answered_hide_none_who_waits(person, monkeypatch):
    few_at_a_time(monkeypatch)
    monkeypatch.setattr(
        search,
        "FANS",
        search.FANS._replace(source=search.FANS.source.replace("LIMIT 500", "LIMIT 1")),
    )
    anna, *others = [person() for _ in range(20)]
    others[-1].put_me(gender="rare")
    others[-1].like(anna)
    others[0].like(anna)
    anna.post("/swipe", {"target_id": others[0].id, "action": "dislike"})
    assert [user["id"] for user in anna.get("/profiles/search?gender=rare")] == [others[-1].id]


def test_a_full_page_is_not_widened(person, monkeypatch):
    few_at_a_time(monkeypatch)
    anna, boris, *_ = [person() for _ in range(40)]
    boris.put_me(gender="rare")
    answer = anna.call("GET", "/profiles/search?gender=rare&page_size=1")
    assert (len(answer.json), answer.headers.get("X-Search")) == (1, None)


def test_a_cursor_is_good_for_a_while(person, monkeypatch):
    anna, *_ = [person() for _ in range(4)]
    path = link(anna.call("GET", "/profiles/search?sort=active&page_size=1"))
    assert anna.call("GET", path).status == 200
    monkeypatch.setattr("app.blueprints.discovery.LIFETIME_HOURS", -0.01)
    refused = anna.call("GET", path)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "cursor")


def test_who_came_in_a_year_long_ago_stops_nobody(person, settings):
    anna, boris, clara = person(), person(), person()
    run(
        settings["DATABASE_PATH"],
        f"UPDATE discovery SET active_since = '0001-01-01T00:00:00.000Z' WHERE user_id = {boris.id}",
    )
    assert walk(anna, "/profiles/search?sort=active")[0] == [clara.id, boris.id]


def test_cursors_are_their_owners_and_nobody_makes_one_up(person):
    anna, boris, *_ = [person() for _ in range(6)]
    path = link(anna.call("GET", "/profiles/search?sort=near&page_size=2"))
    assert boris.call("GET", path).status == 422
    assert anna.call("GET", path.replace("sort=near", "sort=active")).status == 422
    assert anna.call("GET", path[:-1]).status == 422
    assert anna.call("GET", "/profiles/search?sort=near&cursor=").status == 422
    assert (
        anna.call(
            "GET", path.replace("/profiles/search", "/followers").replace("sort=near&", "")
        ).status
        == 422
    )
    assert anna.call("GET", "/profiles/search?sort=far").status == 422


def test_a_walk_goes_on_from_where_it_began(person):
    anna, *others = [person() for _ in range(6)]
    anna.put_me(latitude=0.0, longitude=0.0)
    for other, latitude in zip(others, (0.0, 0.3, 0.8, 2.0, 8.0), strict=True):  # a band each
        other.put_me(latitude=latitude, longitude=0.0)
    first = anna.call("GET", "/profiles/search?sort=near&page_size=2")
    anna.put_me(latitude=8.0, longitude=0.0)
    rest, _ = walk(anna, link(first))
    assert [user["id"] for user in first.json] + rest == [other.id for other in others]
