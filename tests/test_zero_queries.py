"""Empty, zero and too large values in queries."""

import pytest


@pytest.fixture
def pair(person):
    anna, boris = person("anna"), person("boris")
    return anna, boris, anna.match(boris)


@pytest.mark.parametrize(
    "query",
    [
        "before_id=&limit=30",
        "after_id=&limit=30",
        "before_id=0&after_id=0&limit=0",
        "before_id=null&limit=",
        "limit=201",
        "limit=99999999999999999999999",
    ],
)
def test_history_zero_and_too_large_values_pass(pair, query):
    anna, _, chat_id = pair
    anna.write(chat_id, "hi")
    assert len(anna.get(f"/chat/messages/{chat_id}?{query}")) == 2


def test_history_limit_above_the_maximum_is_the_maximum(pair):
    anna, _, chat_id = pair
    for number in range(205):
        anna.write(chat_id, str(number))
    assert len(anna.get(f"/chat/messages/{chat_id}?limit=1000")) == 200
    assert len(anna.get(f"/chat/messages/{chat_id}?limit=0")) == 50


@pytest.mark.parametrize("query", ["limit=", "limit=0", "limit=1000", "before=", "limit=&before="])
def test_chats_zero_values_are_not_given(pair, query):
    assert len(pair[0].get(f"/chats?{query}")) == 1


@pytest.mark.parametrize("query", ["page_size=", "page_size=0", "page_size=1000"])
def test_followers_zero_values_are_not_given(person, query):
    anna, boris = person(), person()
    boris.like(anna)
    assert len(anna.get(f"/followers?{query}")) == 1


@pytest.mark.parametrize("query", ["limit=", "limit=0", "limit=100000", "after=&limit=5"])
def test_events_zero_values_are_not_given(pair, query):
    assert len(pair[0].get(f"/events?{query}")["events"]) == 1


@pytest.mark.parametrize(
    "path", ["/chats?limit=-1", "/followers?page_size=-1", "/events?limit=-1", "/events?after=-1"]
)
def test_negative_limits_are_refused(person, path):
    assert person().call("GET", path).status == 422


FIRST_FEED = (
    "gender=unknown&min_age=-1&max_age=1&max_distance_km=0&latitude=&longitude="
    "&interested_in=unknown&last_seen_id=&page_size=&has_photo=&online_only="
)


@pytest.mark.parametrize(
    "query",
    [
        "min_age=-1",
        "min_age=&max_age=",
        "min_age=0&max_age=0",
        "max_age=-1",
        "gender=&interested_in=",
        "gender=unknown&interested_in=Unknown",
        "max_distance_km=0",
        "max_distance_km=0.0",
        "max_distance_km=",
        "latitude=&longitude=",
        "last_seen_id=&page_size=20",
        "last_seen_id=0&page_size=0",
        "page_size=101",
        "has_photo=&online_only=",
        "has_photo=False&online_only=0",
        "sort=",
    ],
)
def test_search_zero_values_are_not_given(person, query):
    anna, boris = person(), person()
    assert [user["id"] for user in anna.get(f"/profiles/search?{query}")] == [boris.id]


def test_search_of_a_client_without_birthday_answers(person):
    anna, _ = person(birthday=None), person()
    assert anna.get(f"/profiles/search?{FIRST_FEED}") is None  # everybody is older than 1


def test_search_latitude_and_longitude_zero_are_a_place(person):
    anna, boris = person(), person()
    anna.put_me(latitude=50.0, longitude=50.0)
    boris.put_me(latitude=0, longitude=0)
    here = "/profiles/search?max_distance_km=50&latitude=0&longitude=0&last_seen_id="
    assert [user["id"] for user in anna.get(here)] == [boris.id]
    assert boris.get("/me")["latitude"] == 0


@pytest.mark.parametrize("query", ["page_size=-1", "last_seen_id=-1", "max_distance_km=-0.5"])
def test_search_negative_values_are_refused(person, query):
    assert person().call("GET", f"/profiles/search?{query}").status == 422
