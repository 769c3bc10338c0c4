"""The way to the WebSocket service, and REST when Redis is not there."""

import os
import signal
import socket
import socketserver
import threading
import time
from pathlib import Path

import pytest

import dev
from app import bell, create_app, db, ws_address
from tests.people import InProcess, Person
from tests.town import eventually


def start(person, host="localhost", scheme="http"):
    """The ticket's answer to a client that called the API at this host."""
    headers = {"Authorization": f"Bearer {person.tokens['access_token']}"}
    client = person.server.app.test_client()
    answer = client.post("/ws/start", headers=headers, base_url=f"{scheme}://{host}")
    assert answer.status_code == 200
    return answer.json


def test_start_answers_a_ticket_and_its_url(person):
    answer = start(person())
    assert answer["url"] == f"ws://localhost/ws/chat?session={answer['session_token']}"
    assert len(answer["session_token"]) >= 32


@pytest.mark.parametrize("host", ["a.example", "10.0.0.5:8088", "[::1]:8088"])
def test_url_without_ws_service_names_the_host_called(person, host):
    anna = person()
    assert start(anna, host)["url"].startswith(f"ws://{host}/ws/chat?")
    assert start(anna, host, "https")["url"].startswith(f"wss://{host}/ws/chat?")


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("a.example", "ws://a.example:8089"),
        ("10.0.0.5:8088", "ws://10.0.0.5:8089"),
        ("[::1]:8088", "ws://[::1]:8089"),
    ],
)
def test_url_with_ws_service_names_its_port(person, app, host, base):
    anna = person()
    with app.app_context():
        ws_address.register()
    assert start(anna, host)["url"].startswith(f"{base}/ws/chat?")
    with app.app_context():
        ws_address.unregister()
    assert start(anna, host)["url"].startswith(f"ws://{host}/ws/chat?")


def test_url_with_one_port_for_both_names_the_host_called(person, app):
    """As behind a proxy that passes /ws/chat on to the ws service."""
    app.config["WS_PORT"] = app.config["PORT"]
    anna = person()
    with app.app_context():
        ws_address.register()
    assert start(anna, "a.example")["url"].startswith("ws://a.example/ws/chat?")


def test_url_without_ws_in_web_names_the_ws_port(person, app):
    app.config["WS_IN_WEB"] = False
    assert start(person(), "a.example")["url"].startswith("ws://a.example:8089/ws/chat?")


@pytest.fixture
def redis(tmp_path):
    """A Valkey to be rough with: its pid and its URL."""
    processes = dev.Processes()
    command, url = dev.redis_command(processes.folder)
    pid = processes.start("redis", command, {})
    eventually(lambda: Path(url.removeprefix("unix://")).exists())
    yield pid, url
    os.kill(pid, signal.SIGCONT)
    processes.stop()


class Slow(socketserver.BaseRequestHandler):
    """Passes everything on to Redis, and its answers back a moment later."""

    def handle(self):
        with socket.socket(socket.AF_UNIX) as upstream:
            upstream.connect(self.server.path)
            while data := self.request.recv(65536):
                upstream.sendall(data)
                time.sleep(0.05)  # the slowness is the fault
                self.request.sendall(upstream.recv(65536))


@pytest.fixture
def slow_url(redis):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads, server.path = True, redis[1].removeprefix("unix://")
        threading.Thread(target=server.serve_forever).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/1"
        server.shutdown()


def quickest_of_three(settings, call):
    """Seconds, each time in an app that is new to Redis; the slower ones may be the machine's doing."""
    seconds = []
    for _ in range(3):
        app = create_app(settings)
        started = time.monotonic()
        call(InProcess(app))
        seconds.append(time.monotonic() - started)
        app.extensions["connections"].close()
        app.extensions["bell"].redis.close()
    return min(seconds)


def by(person, act):
    """What the person does, in whatever app."""

    def call(server):
        person.server = server
        return act(person)

    return call


def acts(chat_id):
    """What asks Redis."""
    yield lambda me: me.write(chat_id, "hi")
    yield lambda me: me.call("POST", "/ws/start")
    yield lambda me: me.log_in()
    yield lambda me: me.get("/profiles/search")
    yield lambda me: me.get("/profiles/search?online_only=true")


@pytest.fixture
def people(app):
    anna, boris = Person(InProcess(app)), Person(InProcess(app))
    return anna, boris, Person(InProcess(app)), anna.match(boris)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_rest_goes_on_without_redis_and_a_start_says_503(app, settings, people, redis, number):
    """No call is delayed by more than 250 ms, the bound that the service promises."""
    anna, boris, clara, chat_id = people
    pid, settings["REDIS_URL"] = redis
    os.kill(pid, number)
    for act in acts(chat_id):
        assert quickest_of_three(settings, by(anna, act)) < 0.25
    assert quickest_of_three(settings, by(clara, lambda me: me.like(anna))) < 0.25
    anna.server = InProcess(app)
    app.extensions["bell"].redis = bell.connect(settings["REDIS_URL"])
    answer = anna.call("POST", "/ws/start")
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (
        503,
        "realtime_unavailable",
        "5",
    )
    assert boris.get(f"/chat/messages/{chat_id}")[-1]["content"] == "hi"


def test_a_slow_redis_makes_nobody_wait_for_long(people, settings, slow_url):
    anna, _, _, chat_id = people
    settings["REDIS_URL"] = slow_url
    for act in acts(chat_id):
        assert quickest_of_three(settings, by(anna, act)) < 0.25


def test_a_busy_database_is_a_503_and_changes_nothing(person, settings, monkeypatch):
    anna = person()
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    other = db.connect(settings["DATABASE_PATH"])
    other.execute("BEGIN IMMEDIATE")
    answer = anna.call("PUT", "/me", {"bio": "hi"})
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (
        503,
        "database_busy",
        "1",
    )
    other.execute("ROLLBACK")
    other.close()
    assert anna.put_me(bio="hi")["bio"] == "hi"
