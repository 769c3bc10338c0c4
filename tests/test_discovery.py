"""The feed, and who likes me."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from app import times
from app.queries import discovery
from tests.database import run


def search(person, **query):
    found = person.get(f"/profiles/search?{urlencode(query)}")
    return None if found is None else [user["id"] for user in found]


def years_ago(years, **offset):
    return (
        times.years_before(years)
        if not offset
        else (times.now() + timedelta(**offset)).strftime("%Y-%m-%d")
    )


def test_the_feed_holds_whom_i_have_not_swiped_by_ascending_id(person):
    anna, boris, clara, dima = (person() for _ in range(4))
    assert search(anna) == [boris.id, clara.id, dima.id]
    anna.like(clara)
    anna.post("/swipe", {"target_id": boris.id, "action": "dislike"})
    assert search(anna) == [dima.id]
    assert search(dima) == [anna.id, boris.id, clara.id]


def test_pages_are_complete_and_follow_each_other(person):
    anna, *others = [person() for _ in range(8)]
    anna.like(others[1])
    others[2].put_me(gender="male")
    found, last = [], 0
    while page := search(anna, page_size=2, last_seen_id=last):
        found, last = found + page, page[-1]
    assert found == [other.id for other in others if other is not others[1]]
    assert search(anna, page_size=2, gender="male") == [others[2].id]


def test_a_feed_of_people_without_anything_in_their_profile_works(person):
    anna, boris = person(), person()
    (seen,) = anna.get("/profiles/search")
    assert (seen["id"], seen["name"], seen["distance_km"]) == (boris.id, None, None)


def test_who_has_no_birthday_is_not_shown_but_to_those_who_have_a_chat_with_them(person):
    anna, boris = person(), person(birthday=None)
    boris.like(anna)
    assert (search(anna), anna.get("/followers")) == ([], [])
    assert anna.call("GET", f"/user/{boris.id}").status == 404
    anna.like(boris)
    assert anna.get(f"/user/{boris.id}")["age"] == 0
    assert boris.get(f"/user/{boris.id}")["id"] == boris.id
    boris.put_me(birthday="1990-01-01")
    assert search(person()) == [anna.id, boris.id]


def test_words_are_compared_whole(person):
    anna, man, woman, both = (person() for _ in range(4))
    man.put_me(gender="male", interested_in="female")
    woman.put_me(gender="female", interested_in="male")
    both.put_me(gender="Male", interested_in="female, male")
    assert search(anna, gender="male") == [man.id, both.id]
    assert search(anna, interested_in="male") == [woman.id, both.id]
    assert search(anna, interested_in="female") == [man.id, both.id]
    assert search(anna, interested_in="_ale") == search(anna, interested_in="%") == []
    assert search(anna, gender="", interested_in="") == [man.id, woman.id, both.id]


def test_ages_are_whole_years(person, monkeypatch):
    anna, young, just, last, old = (person(birthday="1950-01-01") for _ in range(5))
    today = times.now().date().isoformat()
    eve = (times.now() - timedelta(days=1)).date().isoformat()
    morrow = (times.now() + timedelta(days=1)).date().isoformat()
    young.put_me(birthday=f"{int(morrow[:4]) - 30}{morrow[4:]}")
    just.put_me(birthday=f"{int(today[:4]) - 30}{today[4:]}")
    last.put_me(birthday=f"{int(morrow[:4]) - 31}{morrow[4:]}")
    old.put_me(birthday=f"{int(eve[:4]) - 31}{eve[4:]}")
    assert [person_.get("/me")["age"] for person_ in (young, just, last, old)] == [29, 30, 30, 31]
    assert search(anna, min_age=30, max_age=30) == [just.id, last.id]
    assert search(anna, max_age=30) == [young.id, just.id, last.id]
    assert search(anna, min_age=31) == [old.id]


def test_the_distance_filter_runs_before_the_page_is_cut(person):
    anna, *far = [person() for _ in range(4)]
    near, nowhere = person(), person()
    anna.put_me(latitude=55.75, longitude=37.62)
    for other in far:
        other.put_me(latitude=59.94, longitude=30.31)
    near.put_me(latitude=55.80, longitude=37.62)
    assert search(anna, max_distance_km=10, page_size=2) == [near.id]
    assert search(anna, max_distance_km=1000, page_size=9) == [
        *(other.id for other in far),
        near.id,
    ]
    assert search(anna, max_distance_km=10, latitude=59.9, longitude=30.3) == [
        other.id for other in far
    ]
    assert search(nowhere, max_distance_km=10) == []
    (seen,) = anna.get("/profiles/search?max_distance_km=10")
    assert (seen["distance_km"], seen["latitude"], seen["longitude"]) == (10, None, None)


def test_zero_is_a_coordinate(person):
    anna, boris = person(), person()
    anna.put_me(latitude=0.0, longitude=0.0)
    boris.put_me(latitude=0.0, longitude=0.1)
    assert search(anna, max_distance_km=20) == [boris.id]
    assert search(anna, max_distance_km=20, latitude=0, longitude=0) == [boris.id]


def test_photo_and_presence_filters(person, monkeypatch):
    anna, shown, blank, plain = (person() for _ in range(4))
    shown.put_me(photo_url="https://img.example/1.jpg")
    blank.put_me(photo_url="")
    plain.get("/me")
    assert search(anna, has_photo="true") == search(anna, has_photo=1) == [shown.id]
    assert search(anna, has_photo="false") == [shown.id, blank.id, plain.id]
    now = times.now()
    monkeypatch.setattr(times, "now", lambda: now + timedelta(minutes=6))
    assert search(anna, online_only="true") == []
    plain.get("/me")
    assert search(anna, online_only="true") == [plain.id]


@pytest.mark.parametrize(
    "query",
    [
        "page_size=-1",
        "page_size=x",
        "last_seen_id=-1",
        "last_seen_id=9223372036854775808",
        "max_age=abc",
        "max_distance_km=-1",
        "max_distance_km=nan",
        "max_distance_km=inf",
        "has_photo=perhaps",
        "online_only=2",
        "latitude=91&longitude=0",
        "latitude=1",
        "longitude=1",
        "gender=" + "x" * 33,
        "gender=%00",
    ],
)
def test_bad_filters_are_refused(person, query):
    assert person().call("GET", f"/profiles/search?{query}").status == 422


def test_followers_are_those_who_like_me_and_wait(person):
    anna, boris, clara, dima = (person() for _ in range(4))
    for other in (boris, clara):
        other.like(anna)
    dima.post("/swipe", {"target_id": anna.id, "action": "dislike"})
    assert [user["id"] for user in anna.get("/followers")] == [clara.id, boris.id]
    anna.post("/swipe", {"target_id": boris.id, "action": "dislike"})
    (seen,) = anna.get("/followers")
    assert (seen["id"], seen["birthday"]) == (clara.id, None)


def test_followers_are_paged(person):
    anna, *fans = [person() for _ in range(6)]
    for fan in fans:
        fan.like(anna)
    found, path, pages = [], "/followers?page_size=2", 0
    while path:
        answer = anna.call("GET", path)
        found, pages = found + [user["id"] for user in answer.json], pages + 1
        path = (
            answer.headers["Link"].partition(">")[0].lstrip("<")
            if "Link" in answer.headers
            else None
        )
    assert (found, pages) == ([fan.id for fan in reversed(fans)], 3)
    assert len(anna.get("/followers")) == 5
    assert anna.call("GET", "/followers?cursor=x").status == 422


def test_both_must_want_each_other(person):
    anna, boris, clara, dima = (person() for _ in range(4))
    anna.put_me(gender="female", interested_in="male")
    boris.put_me(gender="Male", interested_in="female, other")
    clara.put_me(gender="female", interested_in="")
    dima.put_me(gender="male", interested_in="male")
    assert search(anna) == [boris.id]
    assert search(boris) == [anna.id, clara.id]
    assert search(clara) == [boris.id]
    assert search(dima) == []


def test_ages_and_distances_are_wished_for_both_ways(person):
    anna, young, far, picky = (person() for _ in range(4))
    anna.put_me(
        birthday="1990-01-01",
        pref_min_age=25,
        pref_max_age=45,
        pref_distance_km=50,
        latitude=10,
        longitude=10,
    )
    here = {"latitude": 10.01, "longitude": 10.01}
    young.put_me(birthday=years_ago(20), **here)
    far.put_me(birthday=years_ago(30), latitude=12, longitude=10)
    picky.put_me(birthday=years_ago(30), pref_max_age=30, **here)
    assert search(anna) == []
    picky.patch_me(pref_max_age=None, pref_distance_km=1)
    far.put_me(latitude=10.2, longitude=10)
    assert search(anna) == [
        far.id,
        *([picky.id] if anna.get(f"/user/{picky.id}")["distance_km"] == 1 else []),
    ]
    anna.patch_me(pref_min_age=None)
    assert young.id in search(anna)
    assert young.id not in search(anna, min_age=21)
    assert far.id not in search(anna, max_distance_km=5)


def test_who_likes_me_and_fits_is_shown_whatever_they_wished_for(person):
    anna, boris, clara = person(), person(), person()
    anna.put_me(gender="female", interested_in="male")
    boris.put_me(gender="male", interested_in="male")
    clara.put_me(gender="female", interested_in="female")
    assert search(anna) == []
    boris.like(anna)
    clara.like(anna)
    assert search(anna) == [boris.id]


@pytest.mark.parametrize(
    ("today", "found"),
    [("2027-02-28", True), ("2027-03-01", False), ("2028-02-28", False), ("2026-02-28", False)],
)
def test_who_was_born_on_29_february_is_30_until_the_28th(app, today, found, monkeypatch):
    monkeypatch.setattr(times, "now", lambda: datetime.fromisoformat(f"{today}T12:00:00+00:00"))
    assert (times.years_before(31) < "1996-02-29" <= times.years_before(30)) is found
    assert (times.age("1996-02-29") == 30) is found


def test_wishes_are_mine_and_can_be_cleared(person):
    anna, boris = person(), person()
    wishes = {"pref_min_age": 30, "pref_max_age": 40, "pref_distance_km": 25}
    assert wishes.items() <= anna.put_me(**wishes).items()
    assert "pref_min_age" not in boris.get(f"/user/{anna.id}")
    assert anna.patch_me(pref_min_age=None)["pref_min_age"] is None
    for bad in (
        {"pref_min_age": -1},
        {"pref_max_age": 151},
        {"pref_distance_km": 0},
        {"pref_distance_km": "x"},
    ):
        assert anna.call("PUT", "/me", bad).status == 422


@pytest.mark.parametrize("birthday", [times.years_before(17), times.years_before(-7)])
def test_who_is_too_young_is_shown_to_nobody_however_they_came(person, settings, birthday):
    anna, boris = person(), person()
    boris.like(anna)
    for table, column in (("users", "id"), ("discovery", "user_id")):
        run(
            settings["DATABASE_PATH"],
            f"UPDATE {table} SET birthday = '{birthday}' WHERE {column} = {boris.id}",
        )
    assert (
        anna.get("/profiles/search")
        == anna.get("/profiles/search?max_age=20")
        == anna.get("/followers")
        == []
    )
    assert anna.call("GET", f"/user/{boris.id}").status == 404
    assert anna.call("POST", "/swipe", {"target_id": boris.id, "action": "like"}).status == 404


def test_the_page_of_followers_is_of_who_asked(person):
    anna, boris, *fans = [person() for _ in range(5)]
    for fan in fans:
        fan.like(anna)
    answer = anna.call("GET", "/followers?page_size=1")
    path = answer.headers["Link"].partition(">")[0].lstrip("<")
    assert anna.call("GET", path).status == 200
    assert boris.call("GET", path).status == 422


def test_an_account_that_ends_meanwhile_is_signed_in_no_more(person, monkeypatch):
    anna = person()
    monkeypatch.setattr(discovery, "find", lambda _user_id: None)
    assert anna.call("GET", "/profiles/search").status == 401


def test_a_wish_for_half_the_earth_is_one_for_less_than_all_of_it(person):
    anna, boris, clara, _ = (person() for _ in range(4))
    anna.put_me(latitude=0.0, longitude=0.0, pref_distance_km=6000)
    boris.put_me(latitude=0.0, longitude=150.0)
    clara.put_me(latitude=0.0, longitude=50.0)
    assert search(anna) == search(anna, sort="near") == [clara.id]
