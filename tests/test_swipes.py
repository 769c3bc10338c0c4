"""Swipes and matches."""

import threading

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
    assert answer == {"status": "match", "content": f"It's a match with user {anna.id}!", "chat_id": answer["chat_id"]}
    assert [chat["id"] for chat in anna.get("/chats")] == [chat["id"] for chat in boris.get("/chats")]
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
    assert anna.post("/swipe", {"target_id": boris.id, "action": "dislike"}) == {"status": "dislike"}
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


def test_likes_at_the_same_instant_make_one_chat(town):
    for _ in range(25):
        pair = town.person(), town.person()
        start, answers = threading.Barrier(2), []

        def like(me, other, start=start, answers=answers):
            start.wait()
            answers.append(me.like(other))

        threads = [threading.Thread(target=like, args=two) for two in (pair, pair[::-1])]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(answer["status"] for answer in answers) == ["like", "match"]
        (chat,) = pair[0].get("/chats")
        assert len(pair[1].get(f"/chat/messages/{chat['id']}")) == 1
        sql = "SELECT count(*) FROM events WHERE user_id IN (?, ?) GROUP BY user_id"
        assert rows(town.database, sql, [one.id for one in pair]) == [(1,), (1,)]
