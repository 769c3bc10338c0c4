"""The gate: who may not see each other does not exist for each other, whatever the route."""

import pytest

from app import times
from app.queries import sessions
from tests.database import run
from tests.people import PASSWORD
from tests.test_access import MATRIX, ask
from tests.test_moderation import moderate

REACHING = {name for name, route in MATRIX.items() if route.about}
FOR_EVERY_ID = {"PUT /blocks/<id:user_id>", "DELETE /blocks/<id:user_id>", "POST /reports"}
SHOWING = {"GET /profiles/search", "GET /followers", "GET /chats", "GET /events"}
ABOUT_ME = {
    *("GET /healthz", "GET /readyz"),
    *(
        "GET /ping",
        "POST /register",
        "POST /login",
        "POST /refresh",
        "POST /logout",
        "POST /logout-all",
    ),
    *(
        "GET /sessions",
        "DELETE /sessions/<id:session_id>",
        "PUT /me/password",
        "GET /me",
        "PUT /me",
        "PATCH /me",
        "DELETE /me",
    ),
    *("GET /me/export", "POST /account-deletion", "POST /ws/start"),
    *("DELETE /swipe/last", "DELETE /clear/my/swipes", "GET /blocks"),
}


def i_block(me, them, app):
    assert me.call("PUT", f"/blocks/{them.id}").status == 200


def they_block(me, them, app):
    i_block(them, me, app)


def they_are_suspended(me, them, app):
    moderate(app, f"suspend {them.id} --days 1")


def they_are_banned(me, them, app):
    moderate(app, f"ban {them.id}")


def they_are_minors(me, them, app):
    become(them, app, times.years_before(17))


def become(person, app, birthday):
    """Set a birthday that no form takes, as a migration may have brought it."""
    for table, key in (("users", "id"), ("discovery", "user_id")):
        run(
            app.config["DATABASE_PATH"],
            f"UPDATE {table} SET birthday = '{birthday}' WHERE {key} = {person.id}",
        )


def they_leave(me, them, app):
    assert them.call("DELETE", "/me", {"password": PASSWORD}).status == 200


SHUT = [i_block, they_block, they_are_suspended, they_are_banned, they_are_minors]


def test_every_route_stands_on_one_side(app):
    assert set(MATRIX) == REACHING | SHOWING | ABOUT_ME
    assert not (REACHING & SHOWING or REACHING & ABOUT_ME or SHOWING & ABOUT_ME)


def answers(me, names, **ids):
    """What these routes say to me."""
    found = {name: ask(me.server, name, me.tokens["access_token"], **ids) for name in sorted(names)}
    return {name: (answer.status, answer.body) for name, answer in found.items()}


@pytest.mark.parametrize("shut", [*SHUT, they_leave])
def test_nobody_behind_it_can_be_found_or_reached(person, app, shut):
    anna, boris = person(), person()
    boris.like(anna)
    assert [user["id"] for user in anna.get("/followers")] == [boris.id]
    shut(anna, boris, app)
    about_users = {name for name in REACHING if MATRIX[name].about == "user"} - FOR_EVERY_ID
    found = answers(anna, about_users, user=boris.id)
    assert found == answers(anna, about_users, user=99_999)
    assert {status for status, _ in found.values()} == {404}
    assert anna.get("/profiles/search") == anna.get("/followers") == []
    statuses = {status for status, _ in answers(anna, FOR_EVERY_ID, user=boris.id).values()}
    assert statuses == {200, 201}


@pytest.mark.parametrize("shut", SHUT)
def test_a_chat_with_somebody_behind_it_is_not_there(person, app, settings, shut):
    anna, boris = person(), person()
    chat_id = anna.match(boris)
    message = boris.write(chat_id, "words that go")
    shut(anna, boris, app)
    about_chats = {name for name in REACHING if MATRIX[name].about == "chat"}
    found = answers(anna, about_chats, chat=chat_id)
    assert found == answers(anna, about_chats, chat=99_999)
    assert {status for status, _ in found.values()} == {404}
    for body in (
        {"receiver_id": boris.id, "content": "hi"},
        {"chat_id": chat_id, "content": "hi", "client_id": "x"},
    ):
        assert anna.call("POST", "/messages/send", body).status == 404
    assert (
        anna.call(
            "POST", "/messages/read", {"chat_id": chat_id, "message_ids": [message["id"]]}
        ).status
        == 404
    )
    assert anna.get("/chats") == []
    answer = anna.call("GET", "/events")
    assert [event["seq"] for event in answer.json["events"]][:2] == [1, 2]
    kinds = [event["type"] for event in answer.json["events"]][:2]
    if shut is they_are_suspended:  # who would never be told of it, once it is shown again
        assert kinds == ["match", "message"]
    else:
        assert kinds == ["removed", "removed"]
        assert b"words that go" not in answer.body


@pytest.mark.parametrize("shut", [they_are_suspended, they_are_banned])
def test_all_is_there_again_when_they_are_let_in(person, app, shut):
    anna, boris = person(), person()
    chat_id = anna.match(boris)
    boris.write(chat_id, "words that come back")
    before = anna.get("/chats"), anna.get("/events"), anna.get(f"/chat/messages/{chat_id}")
    shut(anna, boris, app)
    moderate(app, f"unban {boris.id}")
    assert (
        anna.get("/chats"),
        anna.get("/events"),
        anna.get(f"/chat/messages/{chat_id}"),
    ) == before
    boris.log_in()
    assert boris.write(chat_id, "hello")["chat_id"] == chat_id


def test_a_message_from_before_a_suspension_is_told(person, app):
    anna, boris = person(), person()
    chat_id = anna.match(boris)
    boris.write(chat_id, "said before")
    moderate(app, f"suspend {boris.id} --days 1")
    told = anna.get("/events?after=1")["events"]
    assert [event["content"] for event in told] == ["said before"]
    moderate(app, f"unban {boris.id}")
    assert anna.get("/events?after=1")["events"] == told
    assert anna.get(f"/chat/messages/{chat_id}")[-1]["content"] == "said before"


def test_what_was_under_way_when_somebody_was_shut_out_is_not_done(person, app, monkeypatch):
    anna, boris, clara = person(), person(), person()
    chat_id, find = anna.match(boris), sessions.find

    def ban_meanwhile(session_id, user_id):
        found = find(session_id, user_id)
        monkeypatch.setattr(sessions, "find", find)
        moderate(app, f"ban {anna.id}")
        return found

    for method, path, body in (
        ("POST", "/messages/send", {"chat_id": chat_id, "content": "too late"}),
        ("POST", "/swipe", {"target_id": clara.id, "action": "like"}),
    ):
        monkeypatch.setattr(sessions, "find", ban_meanwhile)
        assert anna.call(method, path, body).status == 401
        moderate(app, f"unban {anna.id}")
        anna.log_in()
    assert clara.get("/followers") == []
    assert len(boris.get(f"/chat/messages/{chat_id}")) == 1
