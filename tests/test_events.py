"""The log: what a person must hear of, read again after a break, and kept for a while."""

from datetime import timedelta

import pytest

from app import db, events, times
from app.queries.events import heads_beyond
from tests.database import rows, run


@pytest.fixture
def pair(person):
    anna, boris = person(), person()
    return anna, boris, anna.match(boris)


def test_the_log_is_read_in_pages(pair):
    anna, boris, chat_id = pair
    sent = [anna.write(chat_id, f"{number}") for number in range(4)]
    first = boris.get("/events?after=0&limit=3")
    assert [frame["seq"] for frame in first["events"]] == [1, 2, 3]
    assert (first["next"], first["has_more"]) == (3, True)
    assert first["events"][0]["type"] == "match"
    second = boris.get(f"/events?after={first['next']}&limit=3")
    assert second == {
        "events": [
            {
                "type": "message",
                "id": message["id"],
                "chat_id": chat_id,
                "user_id": anna.id,
                "content": message["content"],
                "seq": seq,
            }
            for seq, message in ((4, sent[2]), (5, sent[3]))
        ],
        "next": 5,
        "has_more": False,
    }
    assert boris.get("/events?after=5") == {"events": [], "next": 5, "has_more": False}
    assert boris.get("/events")["next"] == 5


def test_event_recorded_while_the_log_is_read_is_no_reset(app, pair, monkeypatch):
    anna, boris, chat_id = pair
    read = events.events.following

    def read_then_record(*args):
        found = read(*args)
        anna.write(chat_id, "at the same time")
        return found

    monkeypatch.setattr(events.events, "following", read_then_record)
    assert boris.get("/events?after=1") == {"events": [], "next": 1, "has_more": False}


def test_a_log_without_events_is_empty(person):
    assert person().get("/events") == {"events": [], "next": 0, "has_more": False}


def test_everyone_reads_their_own_log(pair, person):
    anna, boris, chat_id = pair
    anna.write(chat_id, "secret")
    assert [frame["type"] for frame in anna.get("/events")["events"]] == ["match"]
    assert person().get("/events")["events"] == []


def test_a_number_of_another_database_is_a_reset(pair):
    assert pair[1].get("/events?after=2") == {"reset": True, "next": 1}


@pytest.mark.parametrize("query", ["after=-1", "after=x", f"after={2**63}", "limit=-1", "limit=x"])
def test_bad_places_are_refused(person, query):
    answer = person().call("GET", f"/events?{query}")
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, query.partition("=")[0])


@pytest.fixture
def happen(app, person, monkeypatch):
    """Records events of someone: `happen(3, days=8)` is three of them in eight days. Returns what is kept then."""
    anna, now = person(), times.now()

    def record(count, days=0):
        monkeypatch.setattr(times, "now", lambda: now + timedelta(days=days))
        with app.app_context():
            for _ in range(count):
                with db.transaction():
                    events.record(anna.id, {"type": "test"})
        monkeypatch.undo()
        sql = "SELECT seq FROM events WHERE user_id = ? ORDER BY seq"
        return [seq for (seq,) in rows(app.config["DATABASE_PATH"], sql, [anna.id])]

    record.person = anna
    return record


def test_old_events_beyond_the_latest_go_and_asking_for_them_is_a_reset(happen, app):
    app.config["EVENTS_KEEP"] = 10
    assert happen(31) == list(range(1, 32))  # none is old
    assert happen(1, days=8) == list(range(21, 33))  # so many at a time
    assert happen(1, days=8) == list(range(24, 34))
    assert happen(1, days=8) == list(range(25, 35))
    assert happen.person.get("/events?after=23") == {"reset": True, "next": 34}
    assert len(happen.person.get("/events?after=24")["events"]) == 10


def test_young_events_beyond_the_latest_stay(happen, app):
    app.config["EVENTS_KEEP"] = 3
    happen(5)
    assert happen(8, days=6) == list(range(1, 14))
    assert happen(1, days=8) == list(range(6, 15))


def test_a_clock_that_was_set_back_leaves_no_hole(happen, app):
    app.config["EVENTS_KEEP"] = 1
    happen(2)
    happen(1, days=-9)
    assert happen(2) == [1, 2, 3, 4, 5]


def test_a_page_that_begins_with_a_hole_is_a_reset(pair, settings):
    anna, boris, chat_id = pair
    anna.write(chat_id, "hi")
    run(settings["DATABASE_PATH"], f"DELETE FROM events WHERE user_id = {boris.id} AND seq = 1")
    assert boris.get("/events?after=0") == {"reset": True, "next": 2}


def test_only_those_with_news_are_found(person, app):
    people = [person() for _ in range(3)]
    people[0].match(people[1])
    with app.app_context():
        known = {people[0].id: 0, people[1].id: 1, people[2].id: 0, 999: 0}
        assert heads_beyond(known) == [{"user_id": people[0].id, "seq": 1}]
