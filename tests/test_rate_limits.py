"""How often one may ask, and who is counted as one."""

import itertools
from datetime import timedelta

import msgspec
import pytest

from app import create_app, db, times
from app.queries import swipes
from tests.people import PASSWORD, InProcess, Person

_hosts = itertools.count(1)


@pytest.fixture
def ask(server, app):
    """Posts from an address, by default one that nobody had before."""
    app.config["TRUSTED_PROXIES"] = ["127.0.0.1", "10.0.0.0/8"]
    own = f"192.0.2.{next(_hosts)}"

    def post(path, body, forwarded=own):
        return server.send("POST", path, msgspec.json.encode(body), {"X-Forwarded-For": forwarded})

    return post


def login(name, secret="wrong horse"):  # noqa: S107
    return {"username": name, "password": secret}


def test_an_address_registers_so_often(ask, app):
    app.config["LIMIT_REGISTER"] = "3 per hour"
    statuses = [ask("/register", login(f"someone{number}", PASSWORD)).status for number in range(4)]
    assert statuses == [201, 201, 201, 429]
    refusal = ask("/register", login("someone5", PASSWORD))
    assert (refusal.status, refusal.json["code"]) == (429, "too_many_requests")
    assert 0 < int(refusal.headers["Retry-After"]) <= 3601
    assert ask("/register", login("someone6", PASSWORD), "192.0.2.250").status == 201


def test_guesses_lock_nobody_out_at_another_address(ask, app, person):
    person("anna")
    app.config["LIMIT_GUESSES"] = "3 per hour"
    statuses = [ask("/login", login(name)).status for name in ("anna", " ANNA", "anna", "anna")]
    assert statuses == [401, 401, 401, 429]
    assert ask("/login", login("anna", PASSWORD)).status == 429
    assert ask("/login", login("boris")).status == 401
    assert ask("/login", login("anna", PASSWORD), "192.0.2.251").status == 200


def test_guesses_count_wherever_the_password_is_asked_for(ask, app, person):
    person("anna")
    app.config["LIMIT_GUESSES"] = "2 per hour"
    statuses = [
        ask(path, login("anna")).status
        for path in ("/login", "/account-deletion", "/account-deletion")
    ]
    assert statuses == [401, 401, 429]
    assert ask("/login", login("anna", PASSWORD)).status == 429


def test_right_passwords_are_no_guesses(ask, app, person):
    person("anna")
    app.config["LIMIT_GUESSES"] = "2 per hour"
    assert [ask("/login", login("anna", PASSWORD)).status for _ in range(4)] == [200] * 4


def test_an_address_logs_in_so_often_whatever_the_name(ask, app):
    app.config["LIMIT_LOGIN"] = "3 per hour"
    assert [ask("/login", login(f"nobody{number}")).status for number in range(4)] == [
        401,
        401,
        401,
        429,
    ]


def test_refreshes_tickets_and_changes_of_the_password_are_limited(ask, app, person):
    anna, boris = person(), person()
    for name in ("LIMIT_REFRESH", "LIMIT_WS_START", "LIMIT_PASSWORD"):
        app.config[name] = "2 per hour"
    assert [ask("/refresh", {"refresh_token": "x"}).status for _ in range(3)] == [401, 401, 429]
    assert [anna.call("POST", "/ws/start").status for _ in range(3)] == [200, 200, 429]
    body = {"old_password": "wrong horse", "new_password": PASSWORD}
    assert [anna.call("PUT", "/me/password", body).status for _ in range(3)] == [403, 403, 429]
    boris.post("/ws/start")
    assert boris.call("PUT", "/me/password", body).status == 403


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        ("192.0.2.201, 10.1.2.3", "192.0.2.201", True),  # both proxies are ours
        (
            "203.0.113.9, 192.0.2.202",
            "203.0.113.8, 192.0.2.202",
            True,
        ),  # what the client says itself counts for nothing
        ("nonsense, 192.0.2.203", "192.0.2.203", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("192.0.2.204", "192.0.2.205", False),
    ],
)
def test_who_is_one_client(ask, app, redis_url, first, second, are_one):
    app.config["LIMIT_REFRESH"] = "1 per second"
    app.extensions["bell"].redis.flushdb()
    statuses = [
        ask("/refresh", {"refresh_token": "x"}, forwarded).status for forwarded in (first, second)
    ]
    assert statuses == [401, 429 if are_one else 401]


def test_an_address_that_no_trusted_proxy_told_does_not_count(ask, app):
    app.config |= {"TRUSTED_PROXIES": [], "LIMIT_REFRESH": "1 per second"}
    app.extensions["bell"].redis.flushdb()
    statuses = [
        ask("/refresh", {"refresh_token": "x"}, f"192.0.2.{host}").status for host in (210, 211)
    ]
    assert statuses == [401, 429]


def test_limits_hold_while_redis_is_away(app, settings):
    changes = {"REDIS_URL": "unix:///nowhere.sock", "LIMIT_LOGIN": "2 per hour"}
    alone = InProcess(create_app(settings | changes))
    assert [Person.post_json(alone, "/login", login("nobody")).status for _ in range(3)] == [
        401,
        401,
        429,
    ]


def test_likes_may_be_limited(person, app):
    anna, *others = (person() for _ in range(4))
    app.config["LIKES_PER_DAY"] = 2
    assert anna.like(others[0]) == {"status": "like", "remaining_likes": 1}
    assert anna.like(others[0])["remaining_likes"] == 1
    assert anna.like(others[1])["remaining_likes"] == 0
    refusal = anna.call("POST", "/swipe", {"target_id": others[2].id, "action": "like"})
    assert (refusal.status, refusal.json["code"]) == (429, "no_likes_left")
    assert 86_000 < int(refusal.headers["Retry-After"]) <= 86_400
    assert others[2].get("/followers") == []
    dislike = anna.post("/swipe", {"target_id": others[2].id, "action": "dislike"})
    assert dislike == {"status": "dislike", "remaining_likes": 0}


def test_a_day_later_there_are_likes_again(person, app, monkeypatch):
    anna, boris, clara = person(), person(), person()
    app.config["LIKES_PER_DAY"] = 1
    earlier = times.now() - timedelta(days=1, minutes=1)
    with monkeypatch.context() as before:
        before.setattr(times, "now", lambda: earlier)
        with app.app_context(), db.transaction():
            swipes.insert(anna.id, boris.id, "like")
    assert anna.like(clara)["remaining_likes"] == 0


def test_a_chat_takes_so_many_messages_a_minute(person, app):
    anna, boris, clara = person(), person(), person()
    chat_id, other = anna.match(boris), anna.match(clara)
    app.config["SENDS_PER_MINUTE"] = 3
    for number in range(3):
        anna.write(chat_id, f"{number}", client_id=f"{number}")
        boris.write(chat_id, f"{number}")
    refusal = anna.call(
        "POST", "/messages/send", {"chat_id": chat_id, "content": "too many", "client_id": "x"}
    )
    assert (refusal.status, refusal.json["code"]) == (429, "too_many_messages")
    assert 0 < int(refusal.headers["Retry-After"]) <= 60
    anna.write(chat_id, "2", client_id="2")  # a retry is no new message
    anna.write(other, "hi")
    contents = [message["content"] for message in anna.get(f"/chat/messages/{chat_id}")]
    assert contents[1:] == ["0", "0", "1", "1", "2", "2"]
    assert len(boris.get("/events")["events"]) == 4
