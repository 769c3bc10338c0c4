"""Users who are known to be under MINIMUM_AGE."""

import time

import pytest
import websocket

from app import times
from tests.people import PASSWORD, Person
from tests.sockets import Socket
from tests.test_access import MATRIX, ask
from tests.test_gate import become
from tests.ws.test_chat import refused

OPEN = {
    *("GET /me", "PUT /me", "PATCH /me", "DELETE /me", "GET /me/export", "PUT /me/password"),
    *("GET /sessions", "DELETE /sessions/<id:session_id>", "POST /logout", "POST /logout-all"),
}
GUARDED = [name for name, route in MATRIX.items() if not route.public]


@pytest.fixture
def minor(person, app):
    """A user who has a chat, and turns out to be a minor; the chat's id; the other member."""
    anna, boris = person("anna"), person("boris")
    chat_id = anna.match(boris)
    boris.write(chat_id, "hi")
    become(anna, app, times.years_before(17))
    return anna, chat_id, boris


@pytest.mark.parametrize("name", GUARDED)
def test_a_minor_uses_only_the_own_account(minor, name):
    anna, chat_id, boris = minor
    answer = ask(anna.server, name, anna.tokens["access_token"], chat=chat_id, user=boris.id)
    if name in OPEN:
        assert answer.status == MATRIX[name].own
    else:
        assert (answer.status, answer.json["code"]) == (403, "too_young")


def test_a_minor_is_told_nothing_by_ids(minor):
    anna, chat_id, boris = minor
    for name in set(GUARDED) - OPEN:
        token = anna.tokens["access_token"]
        real = ask(anna.server, name, token, chat=chat_id, user=boris.id)
        absent = ask(anna.server, name, token, chat=99_999, user=99_999)
        assert (real.status, real.body) == (absent.status, absent.body)


def test_a_minor_logs_in_refreshes_and_leaves(minor):
    anna, _, _ = minor
    anna.log_in()
    body = {"refresh_token": anna.tokens["refresh_token"]}
    assert Person.post_json(anna.server, "/refresh", body).status == 200
    account = {"username": anna.username, "password": PASSWORD}
    assert Person.post_json(anna.server, "/account-deletion", account).status == 200


def test_a_minor_comes_of_age(minor, app):
    anna, chat_id, boris = minor
    become(anna, app, times.years_before(18))
    assert [chat["id"] for chat in anna.get("/chats")] == [chat_id]
    assert [chat["id"] for chat in boris.get("/chats")] == [chat_id]
    assert anna.write(chat_id, "hello")["chat_id"] == chat_id


def test_a_raised_minimum_age_makes_minors(person, app):
    anna, boris = person(birthday=times.years_before(20)), person()
    chat_id = anna.match(boris)
    app.config["MINIMUM_AGE"] = 21
    assert anna.call("GET", "/chats").status == 403
    assert boris.get("/chats") == []
    assert boris.call("GET", f"/chat/messages/{chat_id}").status == 404


def test_an_unknown_birthday_is_no_minor(person):
    anna, boris = person(birthday=None), person()
    assert anna.get("/profiles/search")[0]["id"] == boris.id
    chat_id = anna.match(boris)
    assert boris.get(f"/user/{anna.id}")["id"] == anna.id
    assert boris.write(chat_id, "hi")["chat_id"] == chat_id


def test_a_minor_is_reported_and_blocked(minor):
    _, _, boris = minor
    body = {"user_id": minor[0].id, "category": "minor"}
    assert boris.call("POST", "/reports", body).status == 201


def become_in(town, person, birthday):
    class Holder:
        config = {"DATABASE_PATH": town.database}

    become(person, Holder, birthday)


def close_code(socket, seconds):
    """Return the code with which the server ends the socket, whatever pings come before."""
    socket.set_patience(seconds)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        opcode, data = socket._ws.recv_data(control_frame=True)
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2])
    raise TimeoutError("the socket is still open")


def test_sockets_of_a_minor_end_and_none_begins(town, connect):
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    mine, theirs = connect(anna), connect(boris)
    dora = town.person()
    unused = dora.post("/ws/start")["url"]
    for one in (anna, dora):
        become_in(town, one, times.years_before(17))
    mine.send({"type": "typing", "chat_id": chat_id})
    theirs.send({"type": "typing", "chat_id": chat_id})
    assert refused(unused) == 401
    town.resync()  # rather than wait for the tick, every 25 s
    assert close_code(mine, seconds=40) == 4401
    clara = town.person()
    clara.write(clara.match(boris), "after")
    assert [theirs.receive()["type"] for _ in range(2)] == ["match", "message"]
    catch_up = Socket(boris.post("/ws/start")["url"] + "&after=0")
    assert [catch_up.receive()["type"] for _ in range(2)] == ["hello", "removed"]
    catch_up.close()
