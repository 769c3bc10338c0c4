"""Sessions: their tokens, their ends, and who may end them."""

import hashlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from app import passwords, times
from tests.database import rows, run
from tests.people import PASSWORD, Person


@pytest.fixture
def clock(monkeypatch):
    """Moves the clock: `clock(days=30)` is so long after the test began."""
    began = times.now()

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return times.now()

    def move(**offset):
        monkeypatch.setattr(times, "now", lambda: began + timedelta(**offset))
        monkeypatch.setattr("jwt.api_jwt.datetime", Clock)

    return move


def test_a_device_has_one_session_and_devices_do_not_disturb_each_other(person):
    anna = person("anna", device_id="")
    first = anna.tokens
    tablet = person("anna", device_id="tablet")
    anna.log_in()
    assert anna.call("GET", "/me").status == tablet.call("GET", "/me").status == 200
    anna.tokens = first
    assert anna.call("GET", "/me").status == 401


def test_logout_acts_at_once_and_on_this_session_alone(person):
    phone, tablet = person("anna"), person("anna", device_id="tablet")
    assert phone.post("/logout") == {"status": "logged out"}
    assert phone.call("GET", "/me").status == 401
    assert tablet.call("GET", "/me").status == 200


@pytest.mark.parametrize(
    "body", [{"user_id": 1, "device_id": "phone"}, {"user_id": "1"}, {"device_id": "phone"}, {}]
)
def test_logout_takes_what_matches_the_session(person, body):
    assert person("anna").call("POST", "/logout", body).status == 200


@pytest.mark.parametrize(
    "body", [{"user_id": 2}, {"user_id": "x"}, {"user_id": 2**80}, {"device_id": "other"}]
)
def test_logout_refuses_what_does_not_match(person, body):
    anna = person("anna")
    assert anna.call("POST", "/logout", body).status == 422
    assert anna.call("GET", "/me").status == 200


def refresh(person, **fields):
    return Person.post_json(
        person.server, "/refresh", {"refresh_token": person.tokens["refresh_token"]} | fields
    )


def test_refresh_tokens_rotate(person):
    anna = person()
    new = refresh(anna).json
    assert set(new) == {
        "access_token",
        "access_expires",
        "expires_in",
        "refresh_token",
        "refresh_expires",
    }
    assert new["refresh_token"] != anna.tokens["refresh_token"]
    anna.tokens |= new
    assert refresh(anna, user_id=anna.id).status == 200


def test_login_and_refresh_say_how_long_the_access_token_lives(person):
    anna = person()
    assert anna.tokens["expires_in"] == refresh(anna).json["expires_in"] == 900


def use(person, token):
    return Person.post_json(person.server, "/refresh", {"refresh_token": token})


@pytest.fixture
def chain(person):
    """Return a user and two refresh tokens in a row; the second is not used yet."""
    anna = person("anna")
    first = anna.tokens["refresh_token"]
    second = use(anna, first).json["refresh_token"]
    return anna, first, second


def test_refresh_repeated_at_any_time_gets_the_same_successor(chain, clock):
    anna, first, second = chain
    for days in (0, 1, 29, 58, 87):
        clock(days=days)
        again = use(anna, first)
        assert again.status == 200
        assert again.json["refresh_token"] == second
        anna.tokens |= again.json
        assert anna.call("GET", "/me").status == 200
    assert use(anna, second).status == 200


def test_repeated_refresh_slides_the_idle_limit(chain, clock):
    anna, first, second = chain
    before = use(anna, first).json["refresh_expires"]
    clock(days=20)
    assert use(anna, first).json["refresh_expires"] > before
    clock(days=45)
    assert use(anna, second).status == 200


def test_token_that_first_client_repeats_is_good_up_to_the_absolute_limit(person, clock):
    anna = person()
    for hour in range(0, 90 * 24, 13):
        clock(hours=hour)
        assert refresh(anna, user_id=anna.id).status == 200
    clock(days=90, minutes=1)
    assert refresh(anna).status == 401


def test_token_whose_successor_was_used_ends_the_session(chain, caplog, person):
    anna, first, second = chain
    tablet = person("anna", device_id="tablet")
    third = use(anna, second).json
    answer = use(anna, first)
    assert (answer.status, answer.json["detail"]) == (401, "Invalid or expired refresh token")
    assert use(anna, third["refresh_token"]).status == 401
    anna.tokens |= third
    assert anna.call("GET", "/me").status == 401
    assert tablet.call("GET", "/me").status == 200
    assert "used again" in caplog.text
    assert third["refresh_token"] not in caplog.text


def test_holder_two_steps_behind_another_ends_the_session(chain):
    """The two hold the second token; in step they are not told apart."""
    anna, _, second = chain
    for holder in ("owner", "thief"):
        third = use(anna, second).json["refresh_token"]
        assert third, holder
    fourth = use(anna, third).json["refresh_token"]
    assert use(anna, third).json["refresh_token"] == fourth
    assert use(anna, second).status == 401
    assert use(anna, fourth).status == 401


def test_old_token_with_a_wrong_user_id_ends_nothing(chain):
    anna, first, second = chain
    third = use(anna, second).json["refresh_token"]
    body = {"refresh_token": first, "user_id": anna.id + 1}
    assert Person.post_json(anna.server, "/refresh", body).status == 401
    assert use(anna, third).status == 200


def test_refresh_token_with_another_counter_or_session_is_refused(chain, person):
    anna, first, second = chain
    session, _, mac = second.split(".")
    for forged in (f"{session}.0.{mac}", f"{session}.2.{mac}", f"{int(session) + 1}.1.{mac}"):
        assert use(anna, forged).status == 401
    assert use(anna, second).status == 200


def imported(anna, settings, token="of.the.first.server"):  # noqa: S107
    digest = hashlib.sha256(token.encode()).hexdigest()
    run(settings["DATABASE_PATH"], f"UPDATE sessions SET imported_sha256 = '{digest}'")
    return token


def test_imported_refresh_token_works_like_any_other(person, settings, clock):
    anna = person()
    token = imported(anna, settings)
    second = use(anna, token).json["refresh_token"]
    clock(days=20)
    assert use(anna, token).json["refresh_token"] == second
    clock(days=45)
    assert use(anna, token).status == 200
    third = use(anna, second).json["refresh_token"]
    assert use(anna, token).status == 401
    assert use(anna, third).status == 401


def test_junk_refreshes_lock_no_neighbour_out(person, app):
    anna = person()
    app.config["LIMIT_REFRESH"] = "3 per hour"
    app.extensions["bell"].redis.flushdb()
    assert [use(anna, f"junk{number}").status for number in range(4)] == [401, 401, 401, 429]
    forged = anna.tokens["refresh_token"][:-1] + "-"
    assert use(anna, forged).status == 429
    assert [refresh(anna).status for _ in range(4)] == [200, 200, 200, 429]
    assert refresh(person("boris")).status == 200


def test_login_deletes_what_expired_and_nothing_else(person, settings, clock):
    anna, boris = person("anna"), person("boris")
    for number in range(25):
        anna.device_id = f"device{number}"
        anna.log_in()
    path = settings["DATABASE_PATH"]
    clock(days=29)
    assert refresh(anna).status == 200
    clock(days=31)
    boris.log_in()
    assert rows(path, "SELECT count(*) FROM sessions") == [(27 - 20,)]
    boris.log_in()
    left = rows(path, "SELECT user_id, device_id FROM sessions ORDER BY user_id")
    assert left == [(anna.id, "device24"), (boris.id, "phone")]


def test_sessions_that_expired_are_not_listed(person, clock):
    anna = person("anna")
    person("anna", device_id="tablet")
    clock(days=29)
    anna.tokens |= refresh(anna).json
    clock(days=30, minutes=1)
    anna.tokens |= refresh(anna).json
    assert [session["device_id"] for session in anna.get("/sessions")] == ["phone"]


def test_sessions_are_listed_page_by_page(person, clock):
    anna = person("anna")
    for number in range(5):
        clock(minutes=number // 2)  # so that some share a time
        anna.device_id = f"device{number}"
        anna.log_in()
    whole = anna.get("/sessions")
    assert len(whole) == 6
    for limit in (1, 2, 3, 6):
        pages, path = [], f"/sessions?limit={limit}"
        while path and len(pages) < 7:
            answer = anna.call("GET", path)
            pages.append(answer.json)
            path = answer.headers.get("Link", "").partition(">")[0].lstrip("<")
        assert [session for page in pages for session in page] == whole
        assert {len(page) for page in pages[:-1]} <= {limit}


def test_cursor_of_sessions_that_is_not_the_users_is_refused(person):
    anna, boris = person("anna"), person("boris")
    person("anna", device_id="tablet")
    link = anna.call("GET", "/sessions?limit=1").headers["Link"]
    path = link.partition(">")[0].lstrip("<")
    for answer in (boris.call("GET", path), anna.call("GET", "/sessions?before=x")):
        assert answer.status == 422
        assert answer.json["errors"][0]["field"] == "before"


@pytest.mark.parametrize("user_id", [2, "2", "x", -1, 2**70])
def test_refresh_with_anothers_id_is_refused_and_uses_nothing_up(person, user_id):
    anna = person()
    assert refresh(anna, user_id=user_id).status == 401
    assert refresh(anna, user_id=str(anna.id)).status == 200


@pytest.mark.parametrize(
    "token", ["", "x", "1.0.x", "1.0", "9.9.9", "1.0." + "A" * 43, "٣.0.x", "1" * 9000 + ".0.x"]
)
def test_forged_refresh_tokens_are_refused(person, token):
    anna = person()
    anna.tokens["refresh_token"] = token
    assert refresh(anna).status == 401


def test_a_session_ends_after_30_days_without_a_refresh(person, clock):
    anna = person()
    clock(days=30, minutes=1)
    assert refresh(anna).status == 401
    assert anna.call("GET", "/me").status == 401


def test_a_session_ends_after_90_days_however_often_it_is_refreshed(person, clock):
    anna = person()
    for days in (29, 58, 87):
        clock(days=days)
        answer = refresh(anna).json
        anna.tokens |= answer
    assert answer["refresh_expires"] < times.from_now(days=4)
    clock(days=90, minutes=1)
    assert refresh(anna).status == 401


def test_my_sessions_are_listed(person, clock):
    phone, tablet = person("anna"), person("anna", device_id="tablet")
    clock(minutes=5)
    phone.get("/me")
    listed = phone.get("/sessions")
    assert [(session["device_id"], session["is_current"]) for session in listed] == [
        ("phone", True),
        ("tablet", False),
    ]
    assert set(listed[0]) == {"id", "device_id", "created_at", "last_used_at", "is_current"}
    assert listed[0]["last_used_at"] > listed[1]["last_used_at"] >= listed[1]["created_at"]
    assert [session["is_current"] for session in tablet.get("/sessions")] == [True, False]


def test_one_of_my_sessions_can_be_ended(person):
    phone, tablet, stranger = person("anna"), person("anna", device_id="tablet"), person()
    (tablet_id,) = [
        session["id"] for session in phone.get("/sessions") if not session["is_current"]
    ]
    assert stranger.call("DELETE", f"/sessions/{tablet_id}").status == 404
    for _ in range(2):  # a browser repeats a DELETE after a reset connection
        answer = phone.call("DELETE", f"/sessions/{tablet_id}")
        assert (answer.status, answer.json) == (200, {"status": "logged out"})
    assert stranger.call("DELETE", f"/sessions/{tablet_id}").status == 404
    assert (tablet.call("GET", "/me").status, phone.call("GET", "/me").status) == (401, 200)


def test_end_session_again_much_later_is_not_found(person, clock):
    phone, tablet = person("anna"), person("anna", device_id="tablet")
    (tablet_id,) = [one["id"] for one in phone.get("/sessions") if not one["is_current"]]
    assert phone.call("DELETE", f"/sessions/{tablet_id}").status == 200
    clock(seconds=31)
    assert phone.call("DELETE", f"/sessions/{tablet_id}").status == 404
    assert tablet.call("GET", "/me").status == 401


def test_all_of_my_sessions_can_be_ended(person):
    phone, tablet, stranger = person("anna"), person("anna", device_id="tablet"), person()
    phone.post("/logout-all")
    assert [one.call("GET", "/me").status for one in (phone, tablet, stranger)] == [401, 401, 200]
    assert refresh(tablet).status == 401


def change_password(person, old, new):
    return person.call("PUT", "/me/password", {"old_password": old, "new_password": new})


def test_a_new_password_ends_the_other_sessions(person):
    phone, tablet = person("anna"), person("anna", device_id="tablet")
    assert change_password(phone, PASSWORD, "another horse").json == {"status": "password changed"}
    assert (tablet.call("GET", "/me").status, phone.call("GET", "/me").status) == (401, 200)
    credentials = {"username": "anna", "device_id": "tablet"}
    assert (
        Person.post_json(phone.server, "/login", credentials | {"password": PASSWORD}).status == 401
    )
    tablet.log_in("another horse")
    assert tablet.call("GET", "/me").status == 200


@pytest.mark.parametrize(
    ("old", "new", "status", "code"),
    [
        ("wrong horse", "another horse", 403, "wrong_password"),
        ("", "another horse", 403, "wrong_password"),
        (PASSWORD, "short", 422, "invalid_field"),
        (PASSWORD, "x" * 73, 422, "invalid_field"),
    ],
)
def test_a_bad_change_of_password_changes_nothing(person, old, new, status, code):
    phone, tablet = person("anna"), person("anna", device_id="tablet")
    answer = change_password(phone, old, new)
    assert (answer.status, answer.json["code"]) == (status, code)
    tablet.get("/me")
    tablet.log_in()


def test_a_login_that_hashed_while_the_password_changed_is_refused(person, monkeypatch):
    anna = person("anna")
    matches = passwords.matches

    def change_meanwhile(*args):
        right = matches(*args)
        monkeypatch.setattr(passwords, "matches", matches)
        assert change_password(anna, PASSWORD, "another horse").status == 200
        return right

    monkeypatch.setattr(passwords, "matches", change_meanwhile)
    credentials = {"username": "anna", "password": PASSWORD, "device_id": "thief"}
    assert Person.post_json(anna.server, "/login", credentials).status == 401
    assert len(anna.get("/sessions")) == 1


def test_simultaneous_refreshes_all_succeed_and_get_one_successor(town):
    anna = town.person()
    url = urlsplit(anna.server.url)
    with ThreadPoolExecutor(20) as pool:
        for _ in range(50):
            body = json.dumps({"refresh_token": anna.tokens["refresh_token"]}).encode()
            request = (
                b"POST /refresh HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                % len(body)
            )
            socks = [socket.create_connection((url.hostname, url.port), 10) for _ in range(20)]
            for sock in socks:
                sock.sendall(request + body)
            answers = list(pool.map(answer_of, socks))
            assert {status for status, _ in answers} == {200}
            (successor,) = {new["refresh_token"] for _, new in answers}
            anna.tokens["refresh_token"] = successor


def answer_of(sock):
    with sock, sock.makefile("rb") as file:
        head, _, body = file.read().partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)
