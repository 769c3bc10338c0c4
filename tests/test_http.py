"""What the server itself answers before the app is asked."""

import json
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.town import Town


def speak(town, data, ends=False):
    """Send raw bytes to the web service, hang up if it `ends`, and read until there is no more to hear."""
    parts = urlsplit(town.server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        raw.sendall(data)
        if ends:
            raw.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), json.loads(body)


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET /me HTTP/9.9\r\n\r\n",
        b"GET /me HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /me HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /login HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_a_problem_too(town, request_):
    status, head, problem = speak(town, request_)
    assert 400 <= status < 500
    assert "application/problem+json" in head
    assert problem["status"] == status


def test_a_token_of_9_kb_is_just_not_valid(town):
    answer = town.server.send("GET", "/me", headers={"Authorization": "Bearer " + "x" * 9000})
    assert (answer.status, answer.json["code"]) == (401, "unauthorized")


def test_a_large_body_is_refused_also_without_a_length(town):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, _, problem = speak(town, head + chunk * 2 + b"0\r\n\r\n")
    assert (status, problem["code"]) == (413, "request_entity_too_large")


@pytest.mark.parametrize(
    "body", [b"SECRETSECRET\r\n", b"5\r\nhelloSECRET\r\n0\r\n\r\n", b"ff\r\nSECRET"]
)
@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("POST /x", 404),
        ("GET /healthz", 200),
        ("POST /swipe", 401),
        ("POST /login", 400),
        ("POST /register", 400),
    ],
)
def test_a_body_that_breaks_off_is_no_error_of_ours(town, start, expected, body):
    said = len(town.log.read_text())
    head = f"{start} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    status, head, _ = speak(town, head.encode() + body, ends=True)
    assert (status, "X-Request-ID" in head) == (expected, True)
    said = town.log.read_text()[said:]
    assert not any(word in said for word in ("ERROR", "SECRET", "WARNING"))


def test_what_was_done_is_answered_though_the_body_breaks_off(town):
    anna, boris = town.person(), town.person()
    anna.like(boris)
    token = anna.tokens["access_token"]
    head = f"DELETE /swipe/last HTTP/1.1\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert speak(town, head.encode() + b"xyz\r\n")[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/login", 413), ("POST", "/me", 405), ("PUT", "/me", 401)],
)
def test_whoever_sends_too_much_still_hears_why(town, method, path, status):
    for size in (70_000, 1_000_000, 5_000_000):
        assert (
            town.server.send(method, path, b'{"username": "' + b"x" * size + b'"}').status == status
        )


def test_answers_are_not_to_be_kept_by_others(town):
    assert town.person().call("GET", "/me").headers["Cache-Control"] == "no-store"


def read_to_the_end(raw):
    with suppress(OSError):
        while raw.recv(65536):
            pass


def test_who_asks_on_and_on_does_not_keep_others_waiting(tmp_path, redis_url):
    town, many = Town(tmp_path, redis_url, only=("web",), WEB_CONCURRENCY="1"), 5000
    parts = urlsplit(town.server.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as greedy:
        asked = b"GET /ping HTTP/1.1\r\nHost: x\r\nX-Request-ID: greedy\r\n\r\n"
        greedy.sendall(asked * many)
        assert greedy.recv(65536)
        threading.Thread(target=read_to_the_end, args=[greedy], daemon=True).start()
        assert town.server.send("GET", "/ping", headers={"X-Request-ID": "patient"}).status == 200
        assert town.log.read_text().count('"greedy"') < many
    town.stop()
