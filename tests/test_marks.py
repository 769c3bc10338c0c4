"""Who has swiped all that comes does not have it gone over again each time."""

from datetime import timedelta

import pytest

from app import bell, create_app, feed, marks, migrate, times
from app.queries import search
from tests.database import run
from tests.people import InProcess, Person
from tests.walks import few_at_a_time, walk

SORTS = ["", "&sort=near", "&sort=active"]
FEED = "/profiles/search?page_size=3"


@pytest.fixture(autouse=True)
def small(monkeypatch):
    few_at_a_time(monkeypatch)
    monkeypatch.setattr(feed, "FEW", 1)
    monkeypatch.setattr("app.blueprints.discovery.random.randint", lambda _first, last: last // 2)


@pytest.fixture
def looked_at(monkeypatch):
    """How many were looked at, request by request."""
    scan, counts = search.scan, []

    def counted(*args):
        found = scan(*args)
        counts.append(found.scanned)
        return found

    monkeypatch.setattr(search, "scan", counted)
    return counts


def ids(answer):
    return [user["id"] for user in answer]


def ids_of(people):
    return [each.id for each in people]


def swipe(person, targets):
    for target_id in targets:
        person.post("/swipe", {"target_id": target_id, "action": "dislike"})


@pytest.fixture
def far(person, settings):
    """`far(path)`: somebody who swiped 15 of 24 in that walk's order and asked again; two who are picky and do
    not fit; the swiped ones; and those who are left, by id."""

    def start(path):
        anna, *others = [person() for _ in range(25)]
        anna.put_me(latitude=50.0, longitude=10.0, gender="female")
        for number, other in enumerate(others):
            other.put_me(latitude=50.0 + number / 5, longitude=10.0)
            at = f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{number + 2} hours')"
            run(
                settings["DATABASE_PATH"],
                f"UPDATE discovery SET active_since = {at} WHERE user_id = {other.id}",
            )
        order, _ = walk(anna, path)
        known = {other.id: other for other in others}
        picky = [known[order[1]], known[order[3]]]
        for each in picky:
            each.put_me(interested_in="male")
        swiped, left = [order[0], order[2], *order[4:15]], order[15:]
        swipe(anna, swiped)
        anna.get(path)
        return anna, picky, swiped, sorted(left)

    return start


@pytest.mark.parametrize("sort", SORTS)
def test_what_was_swiped_is_gone_over_once(far, looked_at, sort):
    anna, _, _, left = far(FEED + sort)
    looked_at.clear()
    first = ids(anna.get(FEED + sort))
    assert sum(looked_at) < 15
    swipe(anna, first)
    assert sorted(first + walk(anna, FEED + sort)[0]) == left


@pytest.mark.parametrize("sort", SORTS)
def test_who_likes_me_is_met_first_wherever_they_stand_and_once(far, sort):
    anna, picky, _, left = far(FEED + sort)
    picky[0].like(anna)
    picky[1].like(anna)
    for path in (FEED, FEED.replace("3", "1")):
        found, _ = walk(anna, path + sort)
        assert (found[:2], sorted(found[2:])) == (ids_of(picky), left)


def test_who_likes_me_is_met_once_also_where_only_those_are_left_who_are_nobody_knows_where(person):
    anna, *others = [person() for _ in range(40)]
    for other in (anna, *others[:10]):
        other.put_me(latitude=50.0, longitude=10.0, gender="female")
    others[0].put_me(interested_in="male")
    order, _ = walk(anna, FEED + "&sort=near")
    swipe(anna, order[:30])
    for _ in range(20):  # each may end early, a little farther on
        anna.get("/profiles/search?sort=near")
    left = order[30:]
    others[0].like(anna)
    assert walk(anna, FEED + "&sort=near")[0] == [others[0].id, *left]


@pytest.mark.parametrize("sort", SORTS)
def test_who_is_taken_back_is_met_again(far, sort):
    anna, _, swiped, left = far(FEED + sort)
    anna.call("DELETE", "/swipe/last")
    assert sorted(walk(anna, FEED + sort)[0]) == sorted([swiped[-1], *left])
    anna.get(FEED + sort)
    anna.call("DELETE", "/clear/my/swipes")
    assert sorted(walk(anna, FEED + sort)[0]) == sorted([*swiped, *left])


def test_another_search_begins_at_its_beginning(far):
    anna, picky, _, left = far(FEED)
    picky[0].put_me(interested_in="")
    assert walk(anna, FEED)[0] == left
    for other in (FEED + "&min_age=20", FEED + "&sort=near", FEED + "&last_seen_id=1"):
        assert sorted(walk(anna, other)[0]) == sorted([picky[0].id, *left])
    anna.put_me(pref_min_age=20)
    assert walk(anna, FEED)[0] == sorted([picky[0].id, *left])


def test_all_is_gone_over_again_ten_minutes_after_it_was(far, app, monkeypatch):
    anna, _, _, left = far(FEED)
    redis, now = app.extensions["bell"].redis, times.now()
    key = mark_key(app, anna)
    assert 590 < redis.ttl(key) <= 600
    monkeypatch.setattr(times, "now", lambda: now + timedelta(seconds=300))
    swipe(anna, left[:7])
    assert ids(anna.get(FEED)) == left[7:]
    assert 290 < redis.ttl(key) <= 300


@pytest.mark.parametrize("value", [b"", b"x", b"\xff\xfe", b"[1]"])
def test_unreadable_mark_is_ignored(far, app, value):
    anna, _, _, left = far(FEED)
    app.extensions["bell"].redis.set(mark_key(app, anna), value)
    assert ids(anna.get(FEED)) == left[:3]


def mark_key(app, person):
    with app.app_context():
        return marks._key(person.id)


def test_a_mark_of_another_database_is_none(far, settings, tmp_path):
    anna, _, swiped, left = far(FEED)
    settings["DATABASE_PATH"] = str(tmp_path / "other.db")
    migrate.migrate(settings["DATABASE_PATH"])
    other = create_app(settings)
    people = [Person(InProcess(other)) for _ in range(25)]
    people[0].put_me(latitude=50.0, longitude=10.0, gender="female")
    assert anna.id == people[0].id
    assert walk(people[0], FEED)[0] == ids_of(people[1:])
    other.extensions["connections"].close()
    other.extensions["bell"].redis.close()


def test_without_redis_all_are_gone_over(far, app, looked_at):
    anna, _, _, left = far(FEED)
    app.extensions["bell"].redis.close()
    app.extensions["bell"].redis = bell.connect("redis://127.0.0.1:1")
    looked_at.clear()
    assert walk(anna, FEED)[0] == left
    assert sum(looked_at) > 20
