"""Clients that make the server wait: each wait ends, and other clients notice nothing."""

import socket
import sys
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests import database
from tests.quick_worker import OPTIONS
from tests.sockets import Socket
from tests.town import Town, eventually

HALF_LOGIN = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"
LONG_PAGE = 40  # messages of 4,000 characters; no socket buffer holds them
PING = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def quick(tmp_path_factory, redis_url):
    """Both services with short deadlines."""
    town = Town(tmp_path_factory.mktemp("quick"), redis_url, GUNICORN_CMD_ARGS=OPTIONS)
    yield town
    town.stop()


def connect(url, *sent):
    parts = urlsplit(url)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # which holds little of an answer
    sock.settimeout(30)
    sock.connect((parts.hostname, parts.port))
    for part in sent:
        sock.sendall(part)
    return sock


def read_to_the_end(sock):
    with sock, sock.makefile("rb") as answer:
        return answer.read()


@pytest.fixture(params=["web", "ws"])
def url(quick, request):
    return {"web": quick.server.url, "ws": quick.ws_url}[request.param]


def test_half_a_head_gets_a_408(url):
    answer = read_to_the_end(connect(url, b"GET /me HTTP/1.1\r\nHos"))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


def test_a_head_that_trickles_gets_a_408(url):
    sock = connect(url)
    with pytest.raises(OSError), closing(sock):
        for byte in b"GET /me HTTP/1.1\r\n" + b"X: y\r\n" * 100:
            sock.sendall(bytes([byte]))
            time.sleep(0.1)  # the slowness is the fault


def test_a_connection_without_a_request_is_closed(url):
    assert read_to_the_end(connect(url)) == b""


def test_an_idle_connection_is_closed(url):
    answer = read_to_the_end(connect(url, PING.replace(b"/ping", b"/healthz")))
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 50\r\n\r\n{",
        b"Content-Length: 50\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n1",
    ],
)
@pytest.mark.parametrize("path", [b"/login", b"/register", b"/refresh"])
def test_half_a_body_gets_a_408(quick, path, body):
    answer = read_to_the_end(
        connect(quick.server.url, b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + body)
    )
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"Connection: close" in answer
    assert b"application/problem+json" in answer
    assert b'"code":"request_timeout"' in answer


def test_a_body_below_the_least_rate_gets_a_408(quick):
    sock = connect(quick.server.url, HALF_LOGIN.replace(b"50", b"5000"))
    started = time.monotonic()
    with pytest.raises(OSError), closing(sock):
        for _ in range(100):
            sock.sendall(b" " * 20)  # 100 bytes a second
            time.sleep(0.2)  # the slowness is the fault
    assert time.monotonic() - started < 10


def test_a_slow_body_above_the_least_rate_is_read(quick):
    body = b'{"username": "slow", "password": "correct horse"}'.ljust(6000)
    head = (
        b"POST /register HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6000\r\n\r\n"
    )
    sock = connect(quick.server.url, head)
    for start in range(0, 6000, 400):
        sock.sendall(body[start : start + 400])  # 1,000 bytes a second
        time.sleep(0.4)  # the slowness is what is tested
    assert read_to_the_end(sock).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("route", [b"POST /nope", b"POST /me", b"POST /swipe", b"GET /ping"])
def test_a_body_that_no_route_reads_delays_no_answer(quick, route):
    head = b" HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"
    sock = connect(quick.server.url, route + head)
    started = time.monotonic()
    assert sock.recv(12).startswith(b"HTTP/1.1 ")
    assert time.monotonic() - started < 1
    read_to_the_end(sock)


def test_a_slow_body_that_no_route_reads_costs_no_connection(quick):
    head = b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 2400\r\n\r\n"
    sock = connect(quick.server.url, head)
    for _ in range(6):
        sock.sendall(b"x" * 400)
        time.sleep(0.4)  # the slowness is what is tested
    sock.sendall(PING)
    assert b"HTTP/1.1 200 " in read_to_the_end(sock)


def test_a_broken_body_with_more_behind_it_is_answered(quick):
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    sock = connect(quick.server.url, head, b"no chunk\r\n" + b"x" * 300_000)
    assert read_to_the_end(sock).startswith(b"HTTP/1.1 400 ")


def test_a_request_after_an_unread_body_is_answered(quick):
    head = b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345"
    answer = read_to_the_end(connect(quick.server.url, head + PING))
    assert b"HTTP/1.1 404 " in answer
    assert b"HTTP/1.1 200 " in answer


def long_history(town):
    """Return a member of a chat with LONG_PAGE messages, and the chat."""
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    database.run(
        town.database,
        f"""
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LONG_PAGE})
        INSERT INTO messages (chat_id, sender_id, receiver_id, content, created_at)
        SELECT {chat_id}, {anna.id}, {boris.id}, '{"x" * 4000}', '2026-11-23T07:06:30.403Z' FROM numbers
        """,
    )
    return anna, chat_id


def ask_for_history(town, anna, chat_id):
    token = anna.tokens["access_token"]
    head = f"GET /chat/messages/{chat_id}?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    return connect(town.server.url, head.encode())


def test_a_client_that_does_not_read_is_reset(quick):
    sock = ask_for_history(quick, *long_history(quick))
    error = eventually(lambda: sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
    assert error == 104 or sys.platform != "linux"
    sock.close()


def test_a_client_that_reads_slowly_gets_it_all(quick):
    anna, chat_id = long_history(quick)
    sock = ask_for_history(quick, anna, chat_id)
    received = b""
    while not received.endswith(b"]"):
        received += sock.recv(20_000)
        time.sleep(0.1)  # the slowness is what is tested
    assert received.count(b"x" * 4000) == LONG_PAGE
    sock.close()


def test_a_silent_websocket_outlives_the_deadlines(quick):
    opened = Socket(quick.person().post("/ws/start")["url"])
    time.sleep(4)  # longer than each of the deadlines
    assert opened.is_open()
    opened.close()


def test_a_dropped_connection_is_no_line_of_the_log(quick):
    said = len(quick.log.read_text())
    read_to_the_end(connect(quick.server.url, b"GET /me HTTP/1.1\r\nHos"))
    read_to_the_end(connect(quick.server.url))
    read_to_the_end(connect(quick.server.url, HALF_LOGIN.replace(b"/login", b"/nope")))
    sock = ask_for_history(quick, *long_history(quick))
    eventually(lambda: sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
    sock.close()
    said = quick.log.read_text()[said:]
    assert not any(word in said for word in ("ERROR", "WARNING", "Traceback")), said


def test_a_full_worker_makes_room_for_new_clients(tmp_path, redis_url):
    options = "--worker-connections 20"
    town = Town(tmp_path, redis_url, only=["web"], GUNICORN_CMD_ARGS=options)
    held = [
        connect(town.server.url, sent)
        for sent in [b"GET /me HTTP/1.1\r\nHos", HALF_LOGIN, PING, b""] * 40
    ]
    started = time.monotonic()
    for path in ("/healthz", "/readyz") * 5:
        assert town.server.send("GET", path).status == 200
    assert time.monotonic() - started < 5
    for sock in held:
        sock.close()
    town.stop()
