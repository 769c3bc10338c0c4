"""Every route of the app, asked by everybody about everything: nobody reaches what is not theirs."""

import json
import re
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from app import times
from tests.people import PASSWORD, Person

BAD_IDS = [0, -1, 2**63, "abc", "1.5", "٣"]


class Route(NamedTuple):
    """How to ask: `{chat}`, `{user}` and `{message}` stand for ids; `own` is the answer to who is allowed."""

    path: str
    body: dict[str, Any] | None = None
    own: int = 200
    public: bool = False
    about: str = ""


REGISTRATION = {"username": "somebody", "password": PASSWORD}
MATRIX = {
    "GET /ping": Route("/ping", public=True),
    "GET /healthz": Route("/healthz", public=True),
    "GET /readyz": Route("/readyz", public=True),
    "POST /register": Route("/register", REGISTRATION, 201, public=True),
    "POST /login": Route("/login", REGISTRATION, 401, public=True),
    "POST /refresh": Route("/refresh", {"refresh_token": "x"}, 401, public=True),
    "POST /logout": Route("/logout"),
    "POST /logout-all": Route("/logout-all"),
    "GET /sessions": Route("/sessions"),
    "DELETE /sessions/<id:session_id>": Route("/sessions/0", own=404),
    "PUT /me/password": Route("/me/password", {"old_password": PASSWORD, "new_password": PASSWORD}),
    "GET /me": Route("/me"),
    "PUT /me": Route("/me", {"bio": "hi"}),
    "PATCH /me": Route("/me", {"bio": "hi"}),
    "DELETE /me": Route("/me", {"password": PASSWORD}),
    "GET /me/export": Route("/me/export"),
    "POST /account-deletion": Route("/account-deletion", REGISTRATION, 401, public=True),
    "GET /user/<id:user_id>": Route("/user/{user}", about="user"),
    "GET /profiles/search": Route("/profiles/search"),
    "GET /followers": Route("/followers"),
    "POST /swipe": Route("/swipe", {"target_id": "{user}", "action": "like"}, about="user"),
    "DELETE /swipe/last": Route("/swipe/last", own=409),
    "DELETE /clear/my/swipes": Route("/clear/my/swipes"),
    "GET /chats": Route("/chats"),
    "DELETE /chats/<id:chat_id>": Route("/chats/{chat}", about="chat"),
    "GET /chat/messages/<id:chat_id>": Route("/chat/messages/{chat}", about="chat"),
    "POST /messages/send": Route(
        "/messages/send", {"chat_id": "{chat}", "content": "hi"}, 201, about="chat"
    ),
    "POST /chat/read": Route("/chat/read", {"chat_id": "{chat}"}, about="chat"),
    "POST /messages/read": Route(
        "/messages/read", {"chat_id": "{chat}", "message_ids": [1]}, about="chat"
    ),
    "GET /blocks": Route("/blocks"),
    "PUT /blocks/<id:user_id>": Route("/blocks/{user}", about="user"),
    "DELETE /blocks/<id:user_id>": Route("/blocks/{user}", about="user"),
    "POST /reports": Route(
        "/reports", {"user_id": "{user}", "category": "spam"}, 201, about="user"
    ),
    "POST /ws/start": Route("/ws/start"),
    "GET /events": Route("/events"),
}


def rules(app):
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_in_the_matrix(app):
    assert rules(app) == set(MATRIX)


def fill(value, ids):
    """The value with `{chat}` and such replaced; whole strings become the ids themselves."""
    if isinstance(value, dict):
        return {name: fill(each, ids) for name, each in value.items()}
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    return ids[whole[1]] if whole else value.format(**ids)


def ask(server, name, token, **ids):
    route, headers = MATRIX[name], {"Authorization": f"Bearer {token}"} if token else {}
    body = None if route.body is None else json.dumps(fill(route.body, ids)).encode()
    return server.send(name.split()[0], fill(route.path, ids), body, headers)


@pytest.fixture
def ids(person):
    """A chat of two, and a chat, a user and ids that are not there or not theirs."""
    anna, boris, clara, dima = (person() for _ in range(4))
    own = {"chat": anna.match(boris), "user": boris.id}
    return {
        "member": anna,
        "stranger": person(),
        "own": own,
        "foreign": {"chat": clara.match(dima), "user": boris.id},
        "absent": {"chat": 99_999, "user": 99_999},
    }


@pytest.mark.parametrize("name", [name for name, route in MATRIX.items() if not route.public])
def test_nobody_gets_in_without_a_living_session(server, ids, name, monkeypatch):
    expired = ids["member"].tokens["access_token"]
    ended = ids["stranger"].tokens["access_token"]
    ids["stranger"].post("/logout")
    for token in (None, "x", ended):
        assert ask(server, name, token, **ids["own"]).status == 401
    now = times.now()
    monkeypatch.setattr(times, "now", lambda: now - timedelta(minutes=16))
    early = Person(server)
    monkeypatch.setattr(times, "now", lambda: now)
    assert ask(server, name, early.tokens["access_token"], **ids["own"]).status == 401
    assert ask(server, name, None, chat="abc", user="abc").status == 401
    assert ask(server, name, expired, **ids["own"]).status == MATRIX[name].own


@pytest.mark.parametrize("name", [name for name, route in MATRIX.items() if route.about])
def test_not_yours_and_not_there_are_the_same_bytes(server, ids, name):
    absent = ask(server, name, ids["member"].tokens["access_token"], **ids["absent"])
    assert absent.status == 404
    if MATRIX[name].about == "chat":
        for who, which in (("member", "foreign"), ("stranger", "own"), ("stranger", "absent")):
            answer = ask(server, name, ids[who].tokens["access_token"], **ids[which])
            assert (answer.status, answer.body) == (404, absent.body)
    for bad in BAD_IDS:
        answer = ask(server, name, ids["member"].tokens["access_token"], chat=bad, user=bad)
        assert (
            (answer.status, answer.body) == (404, absent.body)
            if "<" in name
            else answer.status == 422
        )


@pytest.mark.parametrize("name", [name for name, route in MATRIX.items() if route.public])
def test_public_routes_need_no_token(server, name):
    assert ask(server, name, None).status == MATRIX[name].own


def test_a_stranger_changes_nothing_in_a_chat(server, ids):
    before = ids["member"].get(f"/chat/messages/{ids['own']['chat']}")
    for name in MATRIX:
        if MATRIX[name].about == "chat":
            ask(server, name, ids["stranger"].tokens["access_token"], **ids["own"])
    assert ids["member"].get(f"/chat/messages/{ids['own']['chat']}") == before
