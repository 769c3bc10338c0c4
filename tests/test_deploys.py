"""SIGTERM to one of the services, as at every deploy."""

import json
import os
import signal
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
import websocket

import dev
from tests.sockets import Socket
from tests.town import Town, eventually
from tests.ws.test_frozen import open_frozen, overfill


@pytest.fixture
def town(tmp_path, redis_url):
    town = Town(tmp_path, redis_url)
    yield town
    town.stop()


def exit_code(town, name):
    """Of a service that is told to end, and the seconds that it took."""
    pid = town.pids[name]
    del town.processes.names[pid]
    started = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), time.monotonic() - started


class Watcher(threading.Thread):
    """Notes how and when a socket is closed."""

    def __init__(self, opened):
        super().__init__(daemon=True)
        self.opened, self.closed = opened, None
        self.start()

    def run(self):
        self.closed = (self.opened.closed(), time.monotonic())


def test_a_stop_of_ws_tells_every_socket_in_turn(town):
    opened = [Socket(town.person().post("/ws/start")["url"]) for _ in range(80)]
    watchers = [Watcher(one) for one in opened]
    started = time.monotonic()
    code, seconds = exit_code(town, "ws")
    [watcher.join(5) for watcher in watchers]
    assert {watcher.closed[0] for watcher in watchers} == {(1012, "restart")}
    closes = sorted(watcher.closed[1] - started for watcher in watchers)
    assert closes[-1] < 5
    assert code == 0
    assert seconds < 10
    most_in_a_wave = max(sum(start <= close < start + 0.5 for close in closes) for start in closes)
    assert most_in_a_wave <= 40
    for one in opened:
        one.close()


def test_who_does_not_read_does_not_hold_up_a_stop(town):
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    frozen = open_frozen(boris)
    overfill(anna, chat_id)
    code, seconds = exit_code(town, "ws")
    assert code == 0
    assert seconds < 10
    frozen.close()


def test_a_ws_that_stops_lets_nobody_in(town):
    people = [town.person() for _ in range(30)]
    opened = [Socket(person.post("/ws/start")["url"]) for person in people]
    stopping = threading.Thread(target=town.end, args=["ws", signal.SIGTERM])
    stopping.start()
    assert opened[0].closed()[0] == 1012
    with pytest.raises((ConnectionError, websocket.WebSocketBadStatusException)) as error:
        while True:
            ticket = people[0].post("/ws/start")["session_token"]
            late = Socket(f"{town.ws_url}/ws/chat?session={ticket}")
            assert late.closed() == (1012, "restart")
            late.close()
    assert getattr(error.value, "status_code", 503) == 503
    stopping.join()
    for one in opened:
        one.close()


def test_url_names_web_as_soon_as_ws_stops(town):
    anna = town.person()
    assert anna.post("/ws/start")["url"].startswith(f"{town.ws_url}/")
    town.end("ws", signal.SIGTERM)
    url = anna.post("/ws/start")["url"]
    assert url.startswith(f"{town.server.url.replace('http:', 'ws:')}/")
    Socket(url).close()


def test_a_stop_of_web_finishes_what_is_in_flight(town):
    body = json.dumps({"username": "late", "password": "correct horse"}).encode()
    url = urlsplit(town.server.url)
    socks = [socket.create_connection((url.hostname, url.port), 10) for _ in range(8)]
    for sock in socks:
        sock.sendall(
            b"POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
    assert town.person()  # both workers had time to read the heads
    os.kill(town.pids["web"], signal.SIGTERM)
    eventually(lambda: not dev.is_open(url.port))
    statuses = []
    for sock in socks:
        sock.sendall(body)
        with sock, sock.makefile("rb") as answer:
            statuses.append(int(answer.readline().split()[1]))
    assert sorted(statuses) == [201] + [409] * 7
    pid = town.pids["web"]
    del town.processes.names[pid]
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
