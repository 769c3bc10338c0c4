"""Whole forms of profiles: `null`, "unknown", and fields that are not the client's."""

import pytest


def test_put_null_leaves_every_field_alone(person):
    anna = person()
    full = {
        "name": "Anna",
        "gender": "female",
        "birthday": "1995-05-05",
        "interested_in": "male",
        "bio": "hi",
        "photo_url": "https://x.example/1.jpg",
        "location": "here",
        "latitude": 1.5,
        "longitude": 2.5,
        "hide_activity": True,
        "pref_min_age": 20,
        "pref_max_age": 40,
        "pref_distance_km": 50,
    }
    me = anna.put_me(**full)
    assert anna.put_me(**dict.fromkeys(full)) == me
    cleared = anna.patch_me(**dict.fromkeys(full))
    assert {field: cleared[field] for field in full} == dict.fromkeys(full) | {
        "hide_activity": False
    }


def test_put_takes_the_whole_user_object(person):
    anna = person()
    me = anna.put_me(name="Anna", latitude=1.5, longitude=2.5)
    changed = me | {"id": 99, "username": "x", "age": -1, "distance_km": "far", "created_at": 5}
    assert anna.put_me(**changed | {"last_active": None, "unknown": [1]}) == me


def test_a_place_may_change_in_one_coordinate(person):
    anna = person()
    anna.put_me(latitude=1.5, longitude=2.5)
    moved = anna.put_me(latitude=1.5, longitude=3.5)
    assert (moved["latitude"], moved["longitude"]) == (1.5, 3.5)
    assert anna.put_me(latitude=1.5)["longitude"] == 3.5
    assert anna.call("PUT", "/me", {"latitude": 4.5}).status == 422
    assert anna.call("PUT", "/me", {"latitude": 4.5, "longitude": None}).status == 422


@pytest.mark.parametrize("field", ["hide_activity", "pref_min_age", "latitude"])
@pytest.mark.parametrize("value", ["1", [], {}])
def test_values_of_another_type_are_refused(person, field, value):
    anna = person()
    anna.put_me(hide_activity=True, pref_min_age=1, latitude=1, longitude=1)
    assert anna.call("PUT", "/me", {field: value}).status == 422
    assert anna.call("PUT", "/me", {"hide_activity": 1}).status == 422
    assert anna.call("PUT", "/me", {"pref_min_age": True}).status == 422


def test_unknown_gender_and_interest_are_unset(person):
    anna, boris = person(), person()
    anna.put_me(gender="female", interested_in="male")
    assert anna.get("/profiles/search?gender=unknown") == anna.get("/profiles/search") != []
    me = anna.put_me(gender=" Unknown ", interested_in="unknown")
    assert (me["gender"], me["interested_in"]) == (None, None)
    boris.put_me(gender="male", interested_in="female")
    assert [user["id"] for user in boris.get("/profiles/search")] == [anna.id]
    assert [user["id"] for user in anna.get("/profiles/search?gender=UNKNOWN")] == [boris.id]
    assert anna.patch_me(gender="unknown")["gender"] is None


@pytest.mark.parametrize("field", ["name", "gender", "interested_in", "location"])
@pytest.mark.parametrize("value", ["a\nb", "a\x1bb", "a\u202eb", "a\u2028b"])
def test_texts_of_one_line_stay_on_it(person, field, value):
    answer = person().call("PUT", "/me", {field: value})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)
