"""Tickets: one that is tried by many at the same instant lets one in, and a forged one none."""

import base64
import hashlib
import os
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import websocket
from redis import Redis

from tests.sockets import Socket

TICKETS, TRIES = 100, 50


def handshake(url):
    parts = urlsplit(url)
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode()


def status(sock):
    with sock.makefile("rb") as answer:
        return int(answer.readline().split()[1])


def test_of_many_that_try_a_ticket_at_once_one_gets_in(town):
    person = town.person()
    parts = urlsplit(town.ws_url)
    with ThreadPoolExecutor(TRIES) as pool:
        for _ in range(TICKETS):
            request = handshake(person.post("/ws/start")["url"])
            socks = [
                socket.create_connection((parts.hostname, parts.port), 10) for _ in range(TRIES)
            ]
            for sock in socks:
                sock.sendall(request)
            assert Counter(pool.map(status, socks)) == {101: 1, 401: TRIES - 1}
            for sock in socks:
                sock.close()


DEEP = b"[" * 100_000 + b"]" * 100_000
FORGED = {
    "list": lambda client, key: client.rpush(key, "x"),
    "hash": lambda client, key: client.hset(key, "x", "x"),
    "no text": lambda client, key: client.set(key, b"\xff"),
    "unsigned": lambda client, key: client.set(key, '{"user_id":1,"session_id":1}'),
    "deep": lambda client, key: client.set(key, b'{"user_id":1,"session_id":1,"x":' + DEEP + b"}"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_ticket_replaced_in_redis_is_unknown(town, kind):
    started = town.person().post("/ws/start")
    digest = hashlib.sha256(started["session_token"].encode()).hexdigest()
    key = town.namespace().name(f"ticket:{digest}")
    with Redis.from_url(town.env["REDIS_URL"]) as client:
        assert client.delete(key) == 1
        FORGED[kind](client, key)
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Socket(started["url"])
        client.delete(key)
    assert refused.value.status_code == 401
