"""Blocking, unmatching and reporting."""

import json

import pytest

from app import times
from tests.database import rows, run
from tests.people import PASSWORD


def block(me, them):
    return me.call("PUT", f"/blocks/{them.id}")


def unblock(me, them):
    return me.call("DELETE", f"/blocks/{them.id}")


def feed(person):
    return [user["id"] for user in person.get("/profiles/search")]


def report(me, them, **more):
    return me.call("POST", "/reports", {"user_id": them.id, "category": "harassment"} | more)


def events(person):
    return [(event["type"], event.get("chat_id")) for event in person.get("/events")["events"]]


@pytest.fixture
def pair(person):
    anna, boris = person(), person()
    return anna, boris, anna.match(boris)


def test_a_block_closes_the_chat_for_both_and_says_no_more(pair):
    anna, boris, chat_id = pair
    assert block(anna, boris).json == {"status": "blocked"}
    for one in (anna, boris):
        assert events(one) == [("removed", None), ("chat_closed", chat_id)]
        assert one.get("/events")["events"][1] == {
            "type": "chat_closed",
            "chat_id": chat_id,
            "user_id": anna.id + boris.id - one.id,
            "content": "Chat closed",
            "seq": 2,
        }
        assert one.get("/chats") == []


def test_a_block_again_changes_nothing(pair):
    anna, boris, chat_id = pair
    for _ in range(2):
        assert block(anna, boris).status == 200
    assert len(events(boris)) == 2
    assert [one["user_id"] for one in anna.get("/blocks")] == [boris.id]


def test_whom_i_block_is_my_list_alone_the_latest_first(person):
    anna, boris, clara = person(), person("boris"), person("clara")
    for other in (boris, clara):
        block(anna, other)
    listed = anna.get("/blocks")
    assert [(one["user_id"], one["username"]) for one in listed] == [
        (clara.id, "clara"),
        (boris.id, "boris"),
    ]
    assert boris.get("/blocks") == []


def test_both_likes_go_and_dislikes_stay(person, settings):
    anna, boris, clara = person(), person(), person()
    boris.like(anna)
    clara.like(anna)
    anna.post("/swipe", {"target_id": boris.id, "action": "dislike"})
    block(anna, boris)
    kept = rows(
        settings["DATABASE_PATH"], "SELECT user_id, target_id, action FROM swipes ORDER BY id"
    )
    assert kept == [(clara.id, anna.id, "like"), (anna.id, boris.id, "dislike")]


def test_an_unblock_does_not_bring_the_chat_back_but_two_may_meet_anew(pair):
    anna, boris, chat_id = pair
    boris.write(chat_id, "words that are gone")
    block(anna, boris)
    assert unblock(anna, boris).json == {"status": "unblocked"}
    assert unblock(anna, boris).json == {"status": "unblocked"}
    for one in (anna, boris):
        assert one.get("/chats") == []
        assert one.call("GET", f"/chat/messages/{chat_id}").status == 404
        assert b"words that are gone" not in one.call("GET", "/events").body
        assert (
            one.call("POST", "/messages/send", {"chat_id": chat_id, "content": "hi"}).status == 404
        )
    assert (feed(anna), feed(boris)) == ([boris.id], [anna.id])
    assert anna.like(boris) == {"status": "like"}
    new = boris.like(anna)["chat_id"]
    assert new != chat_id
    anna.write(new, "hello again")
    assert boris.post("/messages/send", {"receiver_id": anna.id, "content": "hi"})["chat_id"] == new
    assert [chat["id"] for chat in boris.get("/chats")] == [new]


def test_an_unmatch_closes_the_chat_and_the_other_hears_it(pair):
    anna, boris, chat_id = pair
    anna.write(chat_id, "stays readable")
    for _ in range(2):
        assert anna.call("DELETE", f"/chats/{chat_id}").json == {"status": "closed"}
    assert events(boris) == [("match", chat_id), ("message", chat_id), ("chat_closed", chat_id)]
    assert events(anna) == [("match", chat_id)]
    for one in (anna, boris):
        answer = one.call("POST", "/messages/send", {"chat_id": chat_id, "content": "why?"})
        assert (answer.status, answer.json["code"]) == (409, "chat_closed")
        (chat,) = one.get("/chats")
        assert (chat["is_closed"], chat["last_message"]) == (True, "stays readable")
        assert len(one.get(f"/chat/messages/{chat_id}")) == 2


def test_who_unmatched_do_not_find_each_other_again(pair):
    anna, boris, chat_id = pair
    anna.call("DELETE", f"/chats/{chat_id}")
    for one in (anna, boris):
        one.call("DELETE", "/clear/my/swipes")
    assert feed(anna) == feed(boris) == []
    anna.call("DELETE", "/clear/my/swipes")
    for me, other in ((anna, boris), (boris, anna)):
        answer = me.call("POST", "/swipe", {"target_id": other.id, "action": "like"})
        assert (answer.status, answer.json["code"]) == (409, "chat_closed")
        assert me.get("/followers") == []
    block(anna, boris)
    unblock(anna, boris)
    assert feed(anna) == feed(boris) == []


def test_a_fan_from_before_the_unmatch_does_not_come_back(pair):
    anna, boris, chat_id = pair
    anna.call("DELETE", f"/chats/{chat_id}")
    anna.call("DELETE", "/clear/my/swipes")
    assert anna.get("/followers") == []


def test_a_report_freezes_what_is_there(pair, settings):
    anna, boris, chat_id = pair
    boris.put_me(bio="as it was", birthday="1990-01-01")
    for number in range(205):
        last = boris.write(chat_id, f"{number}")
    answer = report(anna, boris, comment=" look ", chat_id=chat_id, block=False)
    assert (answer.status, answer.json) == (201, {"id": 1, "status": "received"})
    boris.put_me(bio="all innocent")
    sql = "SELECT user_id, target_id, category, priority, comment, chat_id, message_id, evidence FROM reports"
    (kept,) = rows(settings["DATABASE_PATH"], sql)
    assert kept[:-1] == (anna.id, boris.id, "harassment", 4, "look", chat_id, None)
    evidence = json.loads(kept[-1])
    assert (evidence["profile"]["bio"], evidence["profile"]["birthday"]) == (
        "as it was",
        "1990-01-01",
    )
    assert [message["content"] for message in evidence["messages"]] == [
        f"{number}" for number in range(5, 205)
    ]
    assert evidence["messages"][-1]["id"] == last["id"]
    assert "latitude" not in evidence["profile"] and "password" not in kept[-1]
    assert [chat["id"] for chat in anna.get("/chats")] == [chat_id]


def test_an_older_message_that_is_reported_is_frozen_too(pair, settings):
    anna, boris, chat_id = pair
    first = boris.write(chat_id, "the bad one")
    for number in range(200):
        boris.write(chat_id, f"{number}")
    assert report(anna, boris, message_id=first["id"]).status == 201
    ((evidence,),) = rows(settings["DATABASE_PATH"], "SELECT evidence FROM reports")
    assert [message["content"] for message in json.loads(evidence)["messages"]][:2] == [
        "the bad one",
        "0",
    ]


def test_a_report_blocks_unless_it_says_otherwise(pair):
    anna, boris, chat_id = pair
    assert report(anna, boris).status == 201
    assert boris.call("GET", f"/user/{anna.id}").status == 404
    assert events(boris)[-1] == ("chat_closed", chat_id)


@pytest.mark.parametrize(
    "end", [lambda them, me, chat: them.call("DELETE", f"/chats/{chat}"), lambda *p: block(*p[:2])]
)
def test_who_got_away_first_is_reported_all_the_same(pair, settings, end):
    anna, boris, chat_id = pair
    bad = boris.write(chat_id, "bad words")
    end(boris, anna, chat_id)
    assert report(anna, boris, chat_id=chat_id, message_id=bad["id"]).status == 201
    ((evidence,),) = rows(settings["DATABASE_PATH"], "SELECT evidence FROM reports")
    assert json.loads(evidence)["messages"][-1]["content"] == "bad words"


def test_one_report_of_a_person_is_open_at_a_time(pair, app):
    anna, boris, _ = pair
    assert report(anna, boris, block=False).status == 201
    again = report(anna, boris, category="threat")
    assert (again.status, again.json["code"]) == (409, "already_reported")
    assert anna.get("/blocks") == []
    assert (
        report(boris, anna, block=False).status == 201
    )  # nor does boris learn that anna reported him
    app.test_cli_runner().invoke(args=["moderate", "dismiss", "1", "--yes"])
    assert report(anna, boris).status == 201


def test_reports_are_counted(person, app, settings):
    app.config["REPORTS_PER_DAY"] = 2
    anna, *others = [person() for _ in range(4)]
    answers = [report(anna, other) for other in others]
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert (answers[-1].json["code"], int(answers[-1].headers["Retry-After"])) == (
        "too_many_reports",
        86_400,
    )
    assert rows(settings["DATABASE_PATH"], "SELECT count(*) FROM reports") == [(2,)]
    assert len(anna.get("/blocks")) == 2
    yesterday = times.from_now(days=-1)
    run(settings["DATABASE_PATH"], f"UPDATE reports SET created_at = '{yesterday}'")
    assert report(anna, others[-1]).status == 201


def test_twenty_reports_a_day_are_the_default(settings):
    assert settings["REPORTS_PER_DAY"] == 20


def test_bad_reports_are_refused(pair, person):
    anna, boris, chat_id = pair
    clara, dima = person(), person()
    mine = anna.write(chat_id, "my own")
    foreign = clara.match(dima)
    for more, status in (
        ({"category": "ugly"}, 422),
        ({"comment": "x" * 2001}, 422),
        ({"user_id": anna.id}, 422),
        ({"user_id": 99_999}, 404),
        ({"chat_id": foreign}, 404),
        ({"chat_id": 99_999}, 404),
        ({"message_id": mine["id"]}, 404),
        ({"user_id": clara.id, "chat_id": chat_id}, 404),
        ({"chat_id": foreign, "message_id": 99_999}, 404),
    ):
        assert report(anna, boris, **more).status == status, more
    assert report(anna, boris, chat_id=foreign).body == report(anna, boris, chat_id=99_999).body
    assert anna.get("/blocks") == []


def test_nobody_blocks_themselves(person):
    anna = person()
    assert block(anna, anna).status == 422


def test_an_export_has_what_i_did_and_not_what_others_did_about_me(pair):
    anna, boris, _ = pair
    report(anna, boris)
    mine, theirs = anna.get("/me/export"), boris.get("/me/export")
    assert (
        [one["target_id"] for one in mine["reports"]]
        == [one["target_id"] for one in mine["blocks"]]
        == [boris.id]
    )
    assert theirs["reports"] == theirs["blocks"] == []


def like_and_vanish(me, them):
    them.like(me)
    block(them, me)


def leave(me, them):
    them.call("DELETE", "/me", {"password": PASSWORD})


def vanish(me, them):
    block(them, me)


@pytest.mark.parametrize("go", [like_and_vanish, vanish, leave])
def test_report_of_a_user_who_vanished_is_received(person, settings, go):
    anna, boris = person(), person()
    boris.put_me(bio="a threat")
    go(anna, boris)
    answer = report(anna, boris, category="threat")
    assert (answer.status, answer.json) == (201, {"id": 1, "status": "received"})
    ((evidence,),) = rows(settings["DATABASE_PATH"], "SELECT evidence FROM reports")
    bio = None if go is leave else "a threat"
    assert json.loads(evidence)["profile"]["bio"] == bio


@pytest.mark.parametrize("go", [like_and_vanish, vanish, leave])
def test_block_tells_no_block_from_an_absence(person, go):
    anna, boris, stranger = person(), person(), person()
    go(anna, boris)
    for answer in (block, unblock, block, unblock, unblock):
        gone, there = answer(anna, boris), answer(anna, stranger)
        assert (gone.status, gone.body) == (there.status, there.body)
        assert gone.status == 200


def test_the_same_report_again_is_the_same_answer(pair, settings, monkeypatch):
    anna, boris, chat_id = pair
    bad = boris.write(chat_id, "bad")
    body = {"comment": "look", "message_id": bad["id"]}
    first, again = report(anna, boris, **body), report(anna, boris, **body)
    assert (again.status, again.body) == (first.status, first.body) == (201, first.body)
    assert rows(settings["DATABASE_PATH"], "SELECT count(*) FROM reports") == [(1,)]
    for other in (body | {"comment": "no"}, {"comment": "look"}, body | {"category": "spam"}):
        assert report(anna, boris, **other).status == 409
    old = times.from_now(seconds=-31)
    run(settings["DATABASE_PATH"], f"UPDATE reports SET created_at = '{old}'")
    assert report(anna, boris, **body).status == 409


def test_the_same_report_again_counts_once(person, app):
    app.config["REPORTS_PER_DAY"] = 1
    anna, boris = person(), person()
    assert [report(anna, boris).status for _ in range(3)] == [201, 201, 201]
    assert report(anna, person()).status == 429


def names(person):
    return [(one["username"], one["name"]) for one in person.get("/blocks")]


def test_blocks_name_a_user_who_may_be_seen(person):
    anna, boris, clara = person(), person("boris"), person("clara", birthday=None)
    boris.put_me(name="Boris")
    anna.match(clara)
    for other in (boris, clara):
        block(anna, other)
    assert names(anna) == [("clara", None), ("boris", "Boris")]


@pytest.mark.parametrize("gone", ["blocks me", "suspend", "ban", "no birthday", "minor", "left"])
def test_blocks_name_nobody_who_may_not_be_seen(person, app, settings, gone):
    anna, boris = (
        person(),
        person("boris", birthday=None if gone == "no birthday" else "1990-01-01"),
    )
    if gone == "left":
        leave(anna, boris)
    block(anna, boris)
    if gone == "blocks me":
        block(boris, anna)
    if gone in ("suspend", "ban"):
        days = ["--days", "1"] if gone == "suspend" else []
        app.test_cli_runner().invoke(args=["moderate", gone, "boris", *days, "--yes"])
    if gone == "minor":
        app.config["MINIMUM_AGE"] = 90
        run(settings["DATABASE_PATH"], f"UPDATE users SET birthday = NULL WHERE id = {anna.id}")
    assert names(anna) == [(None, None)]
