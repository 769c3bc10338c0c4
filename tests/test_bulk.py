"""Requests that change or show many rows: in several transactions, or in pages."""

import re

import pytest

from app import batches
from app.blueprints import safety
from app.queries import messages, swipes
from tests.database import rows


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)


@pytest.fixture
def pair(person):
    anna, boris = person(), person()
    return anna, boris, anna.match(boris)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_read_chat_in_batches_reads_all_with_one_event(pair, small_batches, count):
    anna, boris, chat_id = pair
    for number in range(count):
        anna.write(chat_id, f"hello {number}")
    assert boris.post("/chat/read", {"chat_id": chat_id}) is True
    assert [chat["unread_count"] for chat in boris.get("/chats")] == [0]
    told = [event["type"] for event in anna.get("/events?after=1")["events"]]
    assert told == ["read_chat"] * (count > 0)


def test_read_chat_repeated_after_a_break_records_the_event(pair, small_batches, monkeypatch):
    anna, boris, chat_id = pair
    for number in range(4):
        anna.write(chat_id, f"hello {number}")
    with monkeypatch.context() as patched:
        patched.setattr(batches, "PAUSE_SECONDS", -1)  # the first pause raises
        assert boris.call("POST", "/chat/read", {"chat_id": chat_id}).status == 500
    assert [chat["unread_count"] for chat in boris.get("/chats")] == [2]
    assert anna.get("/events?after=1")["events"] == []
    boris.post("/chat/read", {"chat_id": chat_id})
    assert [event["type"] for event in anna.get("/events?after=1")["events"]] == ["read_chat"]


def test_mark_chat_read_leaves_other_chats_alone(pair, person, app):
    anna, boris, chat_id = pair
    clara = person()
    other = clara.match(boris)
    clara.write(other, "hello")
    anna.write(chat_id, "hello")
    with app.app_context():
        assert messages.mark_chat_read(chat_id, boris.id, 10) == 1
        assert messages.has_unread(other, boris.id)


def test_clear_swipes_in_batches_clears_only_mine(person, settings, small_batches):
    anna, *others = (person() for _ in range(6))
    for other in others:
        anna.like(other)
    others[0].like(others[1])
    assert anna.call("DELETE", "/clear/my/swipes").json is True
    assert rows(settings["DATABASE_PATH"], "SELECT user_id, target_id FROM swipes") == [
        (others[0].id, others[1].id)
    ]


def test_clear_swipes_ends_though_more_are_made(person, app, small_batches, monkeypatch):
    anna, boris, *others = (person() for _ in range(6))
    for other in others:
        anna.like(other)
    delete, liked = swipes.delete_mine, []

    def delete_and_swipe(user_id, ids):
        delete(user_id, ids)
        if not liked:
            swipes.insert(user_id, boris.id, "like")
            liked.append(boris.id)

    monkeypatch.setattr(swipes, "delete_mine", delete_and_swipe)
    anna.call("DELETE", "/clear/my/swipes")
    with app.app_context():
        assert swipes.likes(anna.id, boris.id)


def pages(me, path):
    """The ids on each page, by the Link headers."""
    found = []
    while path:
        answer = me.call("GET", path)
        found.append([one["user_id"] for one in answer.json])
        link = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("Link", ""))
        path = link and link[1]
    return found


@pytest.fixture
def blocker(person):
    anna, *others = (person() for _ in range(6))
    for other in others:
        anna.call("PUT", f"/blocks/{other.id}")
    return anna, [other.id for other in others][::-1]


def test_list_blocks_by_links_shows_each_once(blocker):
    anna, blocked = blocker
    assert pages(anna, "/blocks?limit=2") == [blocked[:2], blocked[2:4], blocked[4:]]


def test_list_blocks_without_limit_has_one_page(blocker):
    anna, blocked = blocker
    assert pages(anna, "/blocks") == [blocked]


def test_list_blocks_above_the_maximum_is_the_maximum(blocker, monkeypatch):
    anna, blocked = blocker
    monkeypatch.setattr(safety, "MAX_BLOCKS", 3)
    assert pages(anna, "/blocks?limit=1000000") == [blocked[:3], blocked[3:]]


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "cursor=x"])
def test_list_blocks_bad_page_is_refused(blocker, query):
    assert blocker[0].call("GET", f"/blocks?{query}").status == 422
