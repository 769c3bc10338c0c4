"""A ticket tried by many at the same instant lets one in."""

import base64
import os
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

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
