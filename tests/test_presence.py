"""When others are here, and who does not want it known."""

import json
from datetime import timedelta

import pytest
from redis import Redis, ResponseError

from app import bell, presence, times
from app.fields import LARGEST_ID
from tests.database import rows, run
from tests.sockets import Socket
from tests.town import eventually


def online(person):
    return [user["id"] for user in person.get("/profiles/search?online_only=true")]


@pytest.mark.parametrize(("ago", "found"), [({"minutes": 4}, True), ({"minutes": 6}, False)])
def test_activity_of_the_last_five_minutes_is_online(person, settings, ago, found):
    anna, boris = person(), person()
    moment = times.text(times.now() - timedelta(**ago))
    run(
        settings["DATABASE_PATH"],
        f"UPDATE users SET last_active = '{moment}' WHERE id = {boris.id}",
    )
    assert online(anna) == ([boris.id] if found else [])


def test_a_live_socket_is_online_for_as_long_as_it_lives(town):
    anna, boris = town.person(), town.person()
    socket = Socket(boris.post("/ws/start")["url"])
    long_ago = f"UPDATE users SET last_active = '2020-01-01T00:00:00.000Z' WHERE id = {boris.id}"
    run(town.database, long_ago)
    last = boris.id - 1
    search = f"/profiles/search?online_only=true&last_seen_id={last}&page_size=1"
    town.resync()
    eventually(lambda: [user["id"] for user in anna.get(search) or []][:1] == [boris.id])
    socket.close()

    def is_gone():
        town.resync()
        return boris.id not in [user["id"] for user in anna.get(search) or []]

    eventually(is_gone)


def test_what_processes_say_is_put_together_and_forgotten_in_time(app):
    with app.app_context():
        presence.tell("one", [LARGEST_ID, LARGEST_ID - 1])
        presence.tell("two", [LARGEST_ID - 2])
        presence.tell("three", [])
        assert set(json.loads(presence.online())) >= {LARGEST_ID, LARGEST_ID - 1, LARGEST_ID - 2}
        with bell.client() as client:
            for name, score in client.zrange(presence._processes(), 0, -1, withscores=True):
                client.zadd(presence._processes(), {name: score - presence.LIFETIME_SECONDS - 1})
        assert presence.online() == "[]"


@pytest.mark.parametrize("value", [b"", b"x", b"[1", b'["1"]', b"\xff", b"{}"])
def test_unreadable_list_of_a_process_is_ignored(app, person, value):
    anna = person()
    with app.app_context(), bell.client() as client:
        presence.tell("good", [LARGEST_ID])
        presence.tell("bad", [LARGEST_ID - 1])
        client.set(presence._key("bad"), value)
        assert json.loads(presence.online()) == [LARGEST_ID]
    assert online(anna) == []


def test_clock_set_back_keeps_no_dead_process(app):
    """What was said before the clock was set back has a time to come, and a key that lives for hours."""
    with app.app_context():
        key = presence._processes()
        presence.tell("dead", [LARGEST_ID])
        with bell.client() as client:
            client.zadd(key, {"dead": client.zscore(key, "dead") + 3600})
            client.expire(presence._key("dead"), 3600)
        presence.tell("alive", [LARGEST_ID - 1])
        assert LARGEST_ID not in json.loads(presence.online())
        assert LARGEST_ID - 1 in json.loads(presence.online())
        with bell.client() as client:
            assert client.zscore(key, "dead") is None


def test_clock_set_back_shows_nobody_for_hours(app, person, settings):
    anna, boris = person(), person()
    path, future = settings["DATABASE_PATH"], times.from_now(hours=3)
    run(
        path,
        f"UPDATE users SET last_active = '{future}'; UPDATE discovery SET active_since = '{future}';"
        f"UPDATE sessions SET last_used_at = '{future}'",
    )
    assert online(anna) == []
    boris.get("/me")
    assert online(anna) == [boris.id]
    sql = "SELECT last_active, active_since FROM users JOIN discovery ON user_id = id"
    for last_active, active_since in rows(path, sql):
        assert last_active < times.from_now(minutes=1)
        assert active_since < times.from_now(minutes=1)


def test_activity_ahead_of_the_clock_is_not_shown(person, settings):
    anna, boris = person(), person()
    anna.match(boris)
    ahead = times.from_now(hours=3)
    run(
        settings["DATABASE_PATH"], f"UPDATE users SET last_active = '{ahead}' WHERE id = {boris.id}"
    )
    assert anna.get(f"/user/{boris.id}")["last_active"] is None
    assert anna.get("/chats")[0]["user"]["last_active"] is None


def test_without_redis_activity_alone_counts(app, person, monkeypatch):
    anna, boris = person(), person()
    boris.get("/me")
    app.extensions["bell"].redis = Redis(unix_socket_path="/nowhere.sock")
    assert online(anna) == [boris.id]


def test_who_hides_it_is_seen_without_it_everywhere(person):
    anna, boris = person(), person()
    assert boris.get("/me")["hide_activity"] is False
    assert boris.put_me(hide_activity=True)["hide_activity"] is True
    assert boris.get("/me")["last_active"] is not None
    assert online(anna) == []
    (seen,) = anna.get("/profiles/search")
    boris.like(anna)
    (fan,) = anna.get("/followers")
    anna.like(boris)
    (chat,) = anna.get("/chats")
    assert seen["last_active"] is fan["last_active"] is chat["user"]["last_active"] is None
    assert anna.get(f"/user/{boris.id}")["last_active"] is None
    assert boris.patch_me(hide_activity=None)["hide_activity"] is False
    assert anna.get(f"/user/{boris.id}")["last_active"] is not None
    assert "hide_activity" not in anna.get(f"/user/{boris.id}")


def test_last_active_is_written_once_a_minute(person, settings, monkeypatch):
    anna = person()
    written = rows(settings["DATABASE_PATH"], "SELECT last_active FROM users")
    now = times.now()
    monkeypatch.setattr(times, "now", lambda: now + timedelta(seconds=59))
    anna.get("/me")
    assert rows(settings["DATABASE_PATH"], "SELECT last_active FROM users") == written
    monkeypatch.setattr(times, "now", lambda: now + timedelta(seconds=62))
    anna.get("/me")
    assert rows(settings["DATABASE_PATH"], "SELECT last_active FROM users") > written


def test_presence_of_another_type_is_made_again(app):
    with app.app_context():
        with bell.client() as client:
            client.delete(presence._processes())
            client.rpush(presence._processes(), "x")
        assert presence.online() == "[]"
        with pytest.raises(ResponseError):
            presence.tell("one", [LARGEST_ID])
        presence.tell("one", [LARGEST_ID])
        assert json.loads(presence.online()) == [LARGEST_ID]


def test_presence_of_another_type_lets_ws_register(town):
    with Redis.from_url(town.env["REDIS_URL"]) as client:
        client.delete(town.namespace().name("ws:running"))
        assert not town.is_registered()
        client.delete(town.namespace().name("ws:processes"))
        client.set(town.namespace().name("ws:processes"), "x")
    town.resync()
    eventually(town.is_registered)
