"""No line of a log holds what only its owner should know."""

import http.client
import socket
from urllib.parse import urlsplit

from redis import Redis

from tests.people import PASSWORD
from tests.sockets import Socket
from tests.town import Town, eventually

TOKENS = ("access_token", "refresh_token")


def test_no_secret_is_logged(tmp_path, redis_url):
    town = Town(tmp_path, redis_url)
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    started = [anna.post("/ws/start") for _ in range(4)]
    opened = Socket(started[0]["url"])
    boris.write(chat_id, "a private word")
    opened.receive()
    anna.call("POST", "/messages/send", {"chat_id": "a private word"})
    Person = type(anna)
    Person.post_json(
        town.server, "/login", {"username": anna.username, "password": "a wrong password"}
    )
    Person.post_json(town.server, "/refresh", {"refresh_token": anna.tokens["refresh_token"] + "x"})
    for line in (
        "GET /ws/chat?session={} HTTP/9.9",
        "GET /ws/chat?session={} HTTP/1.1\r\nBad Header",
        "G\x01 /{}",
    ):
        parts = urlsplit(town.ws_url)
        with socket.create_connection((parts.hostname, parts.port)) as raw:
            raw.sendall(f"{line.format(started[1]['session_token'])}\r\n\r\n".encode())
            assert raw.recv(4096)
    with Redis.from_url(redis_url) as redis:
        redis.client_kill_filter(_type="pubsub")
    eventually(lambda: "the link to Redis is up" in town.log.read_text())
    opened.close()
    conn = http.client.HTTPConnection(parts.hostname, parts.port)
    conn.request("GET", f"/ws/chat?session={started[2]['session_token']}")
    assert conn.getresponse().status == 426
    conn.close()
    town.stop()
    log = town.log.read_text()
    assert "Listening at" in log and "the link to Redis is down" in log
    secrets = [
        PASSWORD,
        "a private word",
        "a wrong password",
        *(person.tokens[kind] for person in (anna, boris) for kind in TOKENS),
        *(answer["session_token"] for answer in started),
    ]
    assert [secret for secret in secrets if secret in log] == []
