"""Two people and their sockets, through real workers: two of web, two of ws."""

import http.client
import threading
from urllib.parse import urlsplit

import pytest
import websocket
from redis import Redis

from tests.sockets import Socket


@pytest.fixture
def pair(town, connect):
    """Two people with a chat and a socket each; the match was before."""
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    return anna, connect(anna), boris, connect(boris), chat_id


def test_two_people_meet_and_talk(town, connect):
    anna, boris = town.person(), town.person()
    to_anna, to_boris = connect(anna), connect(boris)
    chat_id = anna.match(boris)
    for socket, other in ((to_anna, boris), (to_boris, anna)):
        assert socket.receive() == {
            "type": "match",
            "content": "It's a match! 🎉",
            "chat_id": chat_id,
            "user_id": other.id,
            "seq": 1,
        }
    sent = anna.write(chat_id, "Привет!")
    assert to_boris.receive() == {
        "type": "message",
        "id": sent["id"],
        "chat_id": chat_id,
        "user_id": anna.id,
        "content": "Привет!",
        "seq": 2,
    }
    to_boris.send(
        {"type": "delivered", "chat_id": chat_id, "message_id": sent["id"], "receiver_id": anna.id}
    )
    assert to_anna.receive() == {
        "type": "delivered",
        "chat_id": chat_id,
        "user_id": boris.id,
        "message_id": sent["id"],
    }
    to_boris.send({"type": "typing", "chat_id": chat_id})
    assert to_anna.receive() == {"type": "typing", "chat_id": chat_id, "user_id": boris.id}
    boris.post("/messages/read", {"chat_id": chat_id, "message_ids": [sent["id"]]})
    assert to_anna.receive() == {
        "type": "read_messages",
        "chat_id": chat_id,
        "user_id": boris.id,
        "message_ids": [sent["id"]],
        "seq": 2,
    }
    anna.write(chat_id, "?")
    boris.post("/chat/read", {"chat_id": chat_id})
    assert to_anna.receive() == {
        "type": "read_chat",
        "chat_id": chat_id,
        "user_id": boris.id,
        "seq": 3,
    }


def test_what_happened_before_is_not_sent_to_a_plain_client(pair):
    anna, _, _, to_boris, chat_id = pair
    anna.write(chat_id, "first")
    assert to_boris.receive()["content"] == "first"


def test_a_frame_sent_right_after_the_upgrade_arrives(town, connect):
    """The subscription stands before the client can know that it is in."""
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    for number in range(30):
        socket = connect(boris)
        anna.write(chat_id, f"{number}")
        assert socket.receive()["content"] == f"{number}"


def test_an_author_does_not_hear_their_own_message(pair):
    anna, to_anna, boris, _, chat_id = pair
    anna.write(chat_id, "hi")
    boris.write(chat_id, "ho")
    assert to_anna.receive()["content"] == "ho"


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "typing", "chat_id": 99_999},
        {"type": "typing", "chat_id": "{foreign}"},
        {"type": "delivered", "chat_id": "{chat}"},
        {"type": "delivered", "chat_id": "{chat}", "message_id": 99_999},
        {"type": "delivered", "chat_id": "{chat}", "message_id": "{foreign_message}"},
        {"type": "message", "chat_id": "{chat}", "content": "forged"},
        {"type": "connected", "connection": "x"},
        {"type": "typing"},
        {"chat_id": 1},
        [],
        "",
        "not json",
        "[" * 3000,
        '{"type": "typing", "chat_id": 1e99}',
    ],
)
def test_anything_else_is_dropped(pair, town, connect, frame):
    _, to_anna, boris, to_boris, chat_id = pair
    clara, dima = town.person(), town.person()
    foreign = clara.match(dima)
    to_clara = connect(clara)
    ids = {
        "{chat}": chat_id,
        "{foreign}": foreign,
        "{foreign_message}": dima.write(foreign, "x")["id"],
    }
    if isinstance(frame, dict):
        frame = {
            name: ids.get(value, value) if isinstance(value, str) else value
            for name, value in frame.items()
        }
    assert to_clara.receive()["content"] == "x"
    to_boris.send(frame)
    to_boris.send_frame(
        websocket.ABNF.OPCODE_BINARY, b'{"type": "typing", "chat_id": %d}' % chat_id
    )
    to_boris.send({"type": "typing", "chat_id": chat_id})
    assert to_anna.receive() == {"type": "typing", "chat_id": chat_id, "user_id": boris.id}
    dima.write(foreign, "y")
    assert to_clara.receive()["content"] == "y"


def test_a_newer_connection_replaces_the_older_in_whatever_process(town, connect):
    anna, boris = town.person(), town.person()
    chat_id = boris.match(anna)
    older = connect(anna)
    for number in range(20):
        newer = connect(anna)
        assert older.closed() == (4409, "replaced by a newer connection")
        older.close()
        boris.write(chat_id, f"{number}")
        assert newer.receive()["content"] == f"{number}"
        older = newer
    assert older.is_open()


def test_an_older_connection_that_ends_late_leaves_the_newer_alone(town):
    anna, boris = town.person(), town.person()
    chat_id = boris.match(anna)
    older = Socket(anna.post("/ws/start")["url"])
    for number in range(200):
        newer = Socket(anna.post("/ws/start")["url"])
        older.close()
        boris.write(chat_id, f"{number}")
        assert newer.receive()["content"] == f"{number}"
        older = newer
    assert older.is_open()
    older.close()


def test_of_many_connections_at_once_one_stays(town):
    anna, opened = town.person(), []
    urls = [anna.post("/ws/start")["url"] for _ in range(12)]
    threads = [threading.Thread(target=lambda url=url: opened.append(Socket(url))) for url in urls]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    boris = town.person()
    chat_id = boris.match(anna)
    boris.write(chat_id, "hi")
    heard = [socket.ended_or_received() for socket in opened]
    assert sorted(heard) == ["4409"] * 11 + ["match"]
    for socket in opened:
        socket.close()


# Getting in.


def refused(url, **options):
    with pytest.raises(websocket.WebSocketBadStatusException) as error:
        Socket(url, **options)
    assert error.value.resp_headers["content-type"] == "application/problem+json"
    return error.value.status_code


@pytest.mark.parametrize("query", ["", "?session=", "?session=unknown", "?session=%00", "?other=1"])
def test_without_a_ticket_there_is_no_upgrade(town, query):
    assert refused(f"{town.ws_url}/ws/chat{query}") == 401


def test_a_ticket_is_good_once_and_for_30_seconds(town, connect, redis_url):
    anna = town.person()
    url = anna.post("/ws/start")["url"]
    with Redis.from_url(redis_url) as redis:
        assert max(redis.ttl(key) for key in redis.keys("ws:ticket:*")) in (29, 30)
        assert not any(url.partition("session=")[2].encode() in key for key in redis.keys("*"))
    Socket(url).close()
    assert refused(url) == 401
    url = anna.post("/ws/start")["url"]
    with Redis.from_url(redis_url) as redis:
        redis.delete(*redis.keys("ws:ticket:*"))
    assert refused(url) == 401


def test_an_access_token_is_no_ticket(town):
    assert refused(f"{town.ws_url}/ws/chat?session={town.person().tokens['access_token']}") == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upgrade": "websocket", "Connection": "Upgrade"}, 426),
        ({"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "12"}, 426),
        ({"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}, 400),
        (
            {
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "not base64!",
            },
            400,
        ),
        ({}, 426),
    ],
)
def test_a_bad_handshake_is_refused_and_uses_no_ticket_up(town, headers, status):
    parts = urlsplit(town.person().post("/ws/start")["url"])
    path = f"{parts.path}?{parts.query}"
    conn = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    conn.request("GET", path, headers=headers)
    answer = conn.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    conn.close()
    Socket(parts.geturl()).close()


def test_any_other_path_is_a_404(town):
    parts = urlsplit(town.ws_url)
    conn = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    conn.request("GET", "/me")
    answer = conn.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    conn.close()
