"""Swipes and matches."""

import itertools
import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.database import rows

MATCH = "It's a match! 🎉"


def test_a_like_is_answered_as_such(person):
    anna, boris = person(), person()
    assert anna.like(boris) == {"status": "like"}


def test_two_likes_make_one_chat(person):
    anna, boris = person(), person()
    anna.like(boris)
    answer = boris.like(anna)
    assert answer == {
        "status": "match",
        "content": f"It's a match with user {anna.id}!",
        "chat_id": answer["chat_id"],
    }
    assert [chat["id"] for chat in anna.get("/chats")] == [
        chat["id"] for chat in boris.get("/chats")
    ]
    assert anna.like(boris)["chat_id"] == answer["chat_id"]
    (message,) = anna.get(f"/chat/messages/{answer['chat_id']}")
    assert (message["content"], message["sender_id"], message["receiver_id"]) == (MATCH, 0, 0)


def test_a_match_is_one_event_for_each(person, settings):
    anna, boris = person(), person()
    chat_id = anna.match(boris)
    anna.like(boris)
    sql = "SELECT user_id, seq, type, payload ->> 'user_id', payload ->> 'chat_id' FROM events"
    assert rows(settings["DATABASE_PATH"], sql) == [
        (anna.id, 1, "match", boris.id, chat_id),
        (boris.id, 1, "match", anna.id, chat_id),
    ]


def test_a_dislike_makes_no_match_and_can_be_taken_back(person):
    anna, boris = person(), person()
    assert anna.post("/swipe", {"target_id": boris.id, "action": "dislike"}) == {
        "status": "dislike"
    }
    assert boris.like(anna) == {"status": "like"}
    assert anna.get("/chats") == []
    assert anna.like(boris)["status"] == "match"


def test_clearing_my_swipes_leaves_chats_and_others_swipes(person):
    anna, boris, clara = person(), person(), person()
    chat_id = anna.match(boris)
    clara.like(anna)
    answer = anna.call("DELETE", "/clear/my/swipes")
    assert (answer.status, answer.json) == (200, True)
    assert [chat["id"] for chat in anna.get("/chats")] == [chat_id]
    assert {user["id"] for user in anna.get("/followers")} == {boris.id, clara.id}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"target_id": 0, "action": "like"}, 422),
        ({"target_id": "2", "action": "like"}, 422),
        ({"target_id": 2**63, "action": "like"}, 422),
        ({"target_id": 999, "action": "like"}, 404),
        ({"target_id": 999, "action": "love"}, 422),
        ({"target_id": 999}, 422),
    ],
)
def test_bad_swipes_are_refused(person, body, status):
    assert person().call("POST", "/swipe", body).status == status


def test_nobody_swipes_on_themselves(person):
    anna = person()
    assert anna.call("POST", "/swipe", {"target_id": anna.id, "action": "like"}).status == 422


def like_request(me, other):
    body = json.dumps({"target_id": other.id, "action": "like"})
    head = (
        f"POST /swipe HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    )
    return f"{head}Authorization: Bearer {me.tokens['access_token']}\r\n\r\n{body}".encode()


def answer(sock):
    with sock, sock.makefile("rb") as answer:
        return json.loads(answer.read().partition(b"\r\n\r\n")[2])


def test_500_pairs_who_like_each_other_at_the_same_instant_make_500_chats(town):
    people = [town.person() for _ in range(33)]
    pairs = list(itertools.combinations(people, 2))[:500]
    url = urlsplit(town.server.url)
    swipes = [like_request(*two) for pair in pairs for two in (pair, pair[::-1])]
    socks = [socket.create_connection((url.hostname, url.port), 30) for _ in swipes]
    for sock, swipe in zip(socks, swipes, strict=True):
        sock.sendall(swipe)
    answers = [answer(sock) for sock in socks]
    for one, two in zip(answers[::2], answers[1::2], strict=True):
        assert {"match"} <= {one["status"], two["status"]} <= {"like", "match"}
    ids = ", ".join(str(person.id) for person in people)
    assert rows(town.database, f"SELECT count(*) FROM chats WHERE user1_id IN ({ids})") == [(500,)]
    sql = f"SELECT user_id, payload ->> 'user_id' FROM events WHERE type = 'match' AND user_id IN ({ids})"
    assert sorted(rows(town.database, sql)) == sorted(
        (a.id, b.id) for pair in pairs for a, b in (pair, pair[::-1])
    )
    system = (
        f"SELECT count(*) FROM messages JOIN chats ON chats.id = chat_id WHERE user1_id IN ({ids})"
    )
    assert rows(town.database, system) == [(500,)]


def test_the_latest_swipe_can_be_taken_back(person):
    anna, boris, clara = person(), person(), person()
    boris.like(anna)
    anna.like(clara)
    anna.post("/swipe", {"target_id": boris.id, "action": "dislike"})
    assert anna.call("DELETE", "/swipe/last").json == {"status": "undone", "target_id": boris.id}
    assert [user["id"] for user in anna.get("/followers")] == [boris.id]
    assert anna.call("DELETE", f"/swipe/last?target_id={clara.id}").status == 200
    assert clara.get("/followers") == []


def test_a_swipe_made_again_is_the_latest(person):
    anna, boris, clara = person(), person(), person()
    for other in (boris, clara, boris):
        anna.like(other)
    assert anna.call("DELETE", "/swipe/last").json["target_id"] == boris.id


def test_a_like_that_made_a_match_cannot_be_taken_back(person):
    anna, boris = person(), person()
    chat_id = anna.match(boris)
    for one in (anna, boris):
        answer = one.call("DELETE", "/swipe/last")
        assert (answer.status, answer.json["code"]) == (409, "matched")
    assert [chat["id"] for chat in anna.get("/chats")] == [chat_id]
