"""A session that ends takes its socket with it, and no other."""

import pytest

from tests.database import run
from tests.people import PASSWORD, Person
from tests.sockets import Socket
from tests.ws.test_chat import refused

ENDED = (4401, "session ended")


def log_in_anew(phone, _tablet):
    phone.log_in()


def log_out(phone, _tablet):
    phone.post("/logout")


def log_out_everywhere(_phone, tablet):
    tablet.post("/logout-all")


def end_the_other(_phone, tablet):
    (session,) = [session for session in tablet.get("/sessions") if session["device_id"] == "phone"]
    assert tablet.call("DELETE", f"/sessions/{session['id']}").status == 200


def change_the_password(_phone, tablet):
    body = {"old_password": PASSWORD, "new_password": "another horse"}
    assert tablet.call("PUT", "/me/password", body).status == 200


def use_a_refresh_token_again(phone, _tablet):
    token = phone.tokens["refresh_token"]
    for _ in range(2):
        token = Person.post_json(phone.server, "/refresh", {"refresh_token": token}).json[
            "refresh_token"
        ]
    assert (
        Person.post_json(
            phone.server, "/refresh", {"refresh_token": phone.tokens["refresh_token"]}
        ).status
        == 401
    )


WAYS = [
    log_in_anew,
    log_out,
    log_out_everywhere,
    end_the_other,
    change_the_password,
    use_a_refresh_token_again,
]


@pytest.mark.parametrize("end", WAYS)
def test_the_socket_of_a_session_that_ends_is_closed(town, end):
    phone = town.person()
    tablet = Person(town.server, phone.username, device_id="tablet")
    socket = Socket(phone.post("/ws/start")["url"])
    unused = phone.post("/ws/start")["url"]
    socket.set_patience(2)  # the bound that is promised
    end(phone, tablet)
    assert socket.closed() == ENDED
    assert refused(unused) == 401
    socket.close()


def test_the_socket_of_another_session_stays(town):
    phone = town.person()
    tablet = Person(town.server, phone.username, device_id="tablet")
    socket = Socket(phone.post("/ws/start")["url"])
    tablet.post("/logout")
    boris = town.person()
    boris.write(boris.match(phone), "hi")
    assert [socket.receive()["type"] for _ in range(2)] == ["match", "message"]
    socket.close()


def test_expired_session_loses_its_socket_in_the_next_sweep(town, connect):
    anna = town.person()
    socket = connect(anna)
    past = "2020-01-01T00:00:00.000Z"
    run(town.database, f"UPDATE sessions SET expires_at = '{past}' WHERE user_id = {anna.id}")
    town.resync()
    assert socket.closed() == ENDED


def test_an_end_that_nobody_published_is_found_in_the_next_sweep(town):
    anna, boris = town.person(), town.person()
    ended, stays = (Socket(person.post("/ws/start")["url"]) for person in (anna, boris))
    run(town.database, f"DELETE FROM sessions WHERE user_id = {anna.id}")
    town.resync()
    assert ended.closed() == ENDED
    assert stays.is_open()
    ended.close()
    stays.close()
