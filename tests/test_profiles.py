"""Profiles, mine and others'."""

from datetime import datetime, timedelta

import pytest

from app import times
from tests.database import rows
from tests.people import PASSWORD, Person

FIELDS = (
    "id username name gender age birthday interested_in bio photo_url location latitude longitude "
    "created_at last_active distance_km"
).split()
FULL = {
    "name": " Anna ",
    "gender": "female",
    "birthday": "1995-05-05",
    "interested_in": "male",
    "bio": "hi 👋",
    "photo_url": "https://img.example/1.jpg",
    "location": "Москва",
    "latitude": 55.75,
    "longitude": 37.62,
}


def test_my_profile_has_every_field(person):
    anna = person("Anna")
    anna.put_me(**FULL)
    me = anna.get("/me")
    assert sorted(me) == sorted(
        [*FIELDS, "hide_activity", "pref_min_age", "pref_max_age", "pref_distance_km"]
    )
    assert {name: me[name] for name in FULL} == FULL | {
        "name": "Anna",
        "birthday": "1995-05-05T00:00:00Z",
    }
    assert (me["id"], me["username"], me["distance_km"]) == (anna.id, "Anna", None)


def test_an_empty_profile_works(person):
    me = person(birthday=None).get("/me")
    assert [me[name] for name in ("name", "birthday", "age", "latitude")] == [None, None, 0, None]


def test_others_see_no_birthday_and_no_place(person):
    anna, boris = person(), person()
    anna.put_me(**FULL)
    seen = boris.get(f"/user/{anna.id}")
    assert sorted(seen) == sorted(FIELDS)
    assert [seen[name] for name in ("birthday", "latitude", "longitude", "distance_km")] == [
        None
    ] * 4
    assert seen["age"] == anna.get("/me")["age"] > 29


@pytest.mark.parametrize(
    ("latitude", "longitude", "distance"),
    [
        (55.75, 37.62, 1),
        (55.82, 37.62, 10),
        (59.94, 30.31, 1000),
        (0.0, 0.0, 10_000),
        (-55.75, -142.38, 25_000),
    ],
)
def test_the_distance_is_the_upper_end_of_a_band(person, latitude, longitude, distance):
    anna, boris = person(), person()
    anna.put_me(**FULL)
    boris.put_me(latitude=latitude, longitude=longitude)
    assert boris.get(f"/user/{anna.id}")["distance_km"] == distance


def test_patch_changes_what_is_given_and_null_clears(person):
    anna = person()
    anna.put_me(**FULL)
    me = anna.patch_me(
        bio=None, name="Anya", birthday=None, latitude=None, longitude=None, unknown="ignored"
    )
    assert [me[name] for name in ("bio", "name", "birthday", "latitude", "gender")] == [
        None,
        "Anya",
        None,
        None,
        "female",
    ]
    assert anna.patch_me() == anna.put_me() == anna.get("/me") == me


@pytest.mark.parametrize(
    "written",
    [
        "1995-05-05",
        "1995-05-05 00:00:00",
        "1995-05-05T00:00:00",
        "1995-05-05T23:00:00Z",
        "1995-05-05T00:00:00.5+03:00",
    ],
)
def test_a_birthday_is_the_date_as_written(person, written):
    assert person().put_me(birthday=written)["birthday"] == "1995-05-05T00:00:00Z"


@pytest.mark.parametrize(
    ("birthday", "today", "age"),
    [
        ("2000-06-15", "2030-06-14", 29),
        ("2000-06-15", "2030-06-15", 30),
        ("2000-02-29", "2029-02-28", 28),
        ("2000-02-29", "2029-03-01", 29),
        ("2000-02-29", "2028-02-29", 28),
    ],
)
def test_the_age_is_counted_by_dates(monkeypatch, birthday, today, age):
    monkeypatch.setattr(times, "now", lambda: datetime.fromisoformat(f"{today}T12:00:00+00:00"))
    assert times.age(birthday) == age


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "x" * 101),
        ("name", 5),
        ("name", "a\x00b"),
        ("gender", "x" * 33),
        ("interested_in", "x" * 33),
        ("bio", "x" * 2001),
        ("location", "x" * 201),
        ("photo_url", "ftp://img.example/1.jpg"),
        ("photo_url", "https://" + "x" * 2048),
        ("birthday", "1995-02-30"),
        ("birthday", "19950505"),
        ("birthday", "1995-05-05T25:00:00"),
        ("birthday", "1899-12-31"),
        ("birthday", "2999-01-01"),
        ("birthday", 19950505),
        ("latitude", 90.1),
        ("latitude", "55"),
        ("latitude", 55.0),
        ("longitude", -180.1),
    ],
)
def test_bad_fields_are_refused_and_nothing_changes(person, field, value):
    anna = person()
    before = anna.get("/me")
    answer = anna.call("PUT", "/me", {"bio": "new", field: value})
    assert (answer.status, answer.json["code"]) == (422, "invalid_field")
    assert anna.get("/me") == before


def test_empty_texts_are_kept_and_an_empty_birthday_is_none(person):
    me = person().put_me(bio="", photo_url="", birthday="")
    assert (me["bio"], me["photo_url"], me["birthday"]) == ("", "", None)


def test_being_here_is_noted_at_most_once_a_minute(person, monkeypatch):
    anna = person()
    first, now = anna.get("/me")["last_active"], times.now()
    monkeypatch.setattr(times, "now", lambda: now + timedelta(seconds=30))
    assert anna.get("/me")["last_active"] == first
    monkeypatch.setattr(times, "now", lambda: now + timedelta(seconds=90))
    assert anna.get("/me")["last_active"] > first


def test_only_grown_ups_are_let_in(server, person, app):
    today = times.now().date().isoformat()
    tomorrow = (times.now() + timedelta(days=1)).date().isoformat()
    minor, adult = (f"{int(day[:4]) - 18}{day[4:]}" for day in (tomorrow, today))
    account = {"username": "young", "password": PASSWORD}
    for change in (
        {"birthday": minor},
        {"birthday": "1899-12-31"},
        {"birthday": tomorrow},
        {"birthday": 5},
    ):
        answer = Person.post_json(server, "/register", account | change)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "birthday")
    anna = person()
    assert anna.call("PUT", "/me", {"birthday": minor}).status == 422
    assert anna.put_me(birthday=adult)["age"] == 18
    assert Person.post_json(server, "/register", account | {"birthday": adult}).status == 201
    app.config["MINIMUM_AGE"] = 17
    assert anna.put_me(birthday=minor)["age"] == 17


def test_the_terms_are_noted_and_may_be_required(server, app, settings):
    account = {"username": "anna", "password": PASSWORD}
    assert Person.post_json(server, "/register", account).status == 201
    app.config["REQUIRE_TERMS"] = True
    for refusal in ({}, {"accept_terms": False}):
        answer = Person.post_json(server, "/register", account | {"username": "boris"} | refusal)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "accept_terms")
    assert (
        Person.post_json(
            server, "/register", account | {"username": "boris", "accept_terms": True}
        ).status
        == 201
    )
    (first,), (second,) = rows(
        settings["DATABASE_PATH"], "SELECT terms_accepted_at FROM users ORDER BY id"
    )
    assert first is None
    assert second[:10] == times.from_now()[:10]
