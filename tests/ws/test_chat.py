"""Two people and their sockets, through real workers: two of web, two of ws."""

import http.client
from urllib.parse import urlsplit

import pytest
import websocket
from redis import Redis

from tests.people import Person
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


@pytest.mark.parametrize("zero", [0, "", None])
def test_typing_with_zero_message_id_is_relayed(pair, zero):
    anna, to_anna, boris, to_boris, chat_id = pair
    frame = {"type": "typing", "chat_id": chat_id, "receiver_id": anna.id, "message_id": zero}
    to_boris.send(frame)
    assert to_anna.receive() == {"type": "typing", "chat_id": chat_id, "user_id": boris.id}


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
        {"type": "delivered", "chat_id": "{chat}", "message_id": ""},
        {"type": "typing", "chat_id": ""},
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


def test_connections_beyond_eight_in_a_process_close_the_oldest(town, connect):
    anna, boris = town.person(), town.person()
    chat_id = boris.match(anna)
    sockets = [connect(anna) for _ in range(24)]  # by two processes, which the system chooses
    boris.write(chat_id, "hi")
    heard = [socket.ended_or_received() for socket in sockets]
    assert heard[-1] == "message"
    assert set(heard) == {"message", "4409"}
    assert 8 <= heard.count("message") <= 16


def test_one_process_keeps_the_eight_newest(single_town):
    anna, boris = single_town.person(), single_town.person()
    chat_id = boris.match(anna)
    sockets = [Socket(anna.post("/ws/start")["url"]) for _ in range(10)]
    assert [socket.closed() for socket in sockets[:2]] == [(4409, "too many connections")] * 2
    boris.write(chat_id, "hi")
    assert [socket.receive()["content"] for socket in sockets[2:]] == ["hi"] * 8
    for socket in sockets:
        socket.close()


def test_refused_upgrade_closes_no_other_connection(single_town):
    anna = single_town.person()
    sockets = [Socket(anna.post("/ws/start")["url"]) for _ in range(8)]
    urls = [anna.post("/ws/start")["url"] for _ in range(2)]
    phone = Person(single_town.server, anna.username, device_id="another")
    ended = phone.post("/ws/start")["url"]
    phone.post("/logout")
    assert refused(ended) == 401
    for url in urls:
        assert status_of(url, {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}) == 400
    assert all(socket.is_open() for socket in sockets)
    for socket in sockets:
        socket.close()


def test_each_end_of_a_connection_leaves_the_others_alone(town):
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


def test_ping_frame_is_answered_with_pong(pair):
    _, to_anna, _, _, _ = pair
    to_anna.send({"type": "ping"})
    assert to_anna.receive() == {"type": "pong"}


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
        tickets = town.namespace().name("ticket:*")
        assert max(redis.ttl(key) for key in redis.keys(tickets)) in (29, 30)
        assert not any(url.partition("session=")[2].encode() in key for key in redis.keys("*"))
    Socket(url).close()
    assert refused(url) == 401
    url = anna.post("/ws/start")["url"]
    with Redis.from_url(redis_url) as redis:
        redis.delete(*redis.keys(tickets))
    assert refused(url) == 401


def test_an_access_token_is_no_ticket(town):
    assert refused(f"{town.ws_url}/ws/chat?session={town.person().tokens['access_token']}") == 401


GOOD_HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def status_of(url, headers, method="GET", version=11, has_host=True):
    """The status of a handshake with just these headers; 101 if it is accepted."""
    parts = urlsplit(url)
    conn = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    conn._http_vsn, conn._http_vsn_str = version, f"HTTP/1.{version - 10}"
    conn.putrequest(method, f"{parts.path}?{parts.query}", skip_host=not has_host)
    for name, value in headers.items():
        conn.putheader(name, value)
    conn.endheaders()
    answer = conn.getresponse()
    if answer.status != 101:
        assert answer.headers["Content-Type"] == "application/problem+json"
    conn.close()
    return answer.status


@pytest.mark.parametrize("missing", list(GOOD_HANDSHAKE))
def test_handshake_without_a_header_is_refused_and_keeps_the_ticket(town, missing):
    url = town.person().post("/ws/start")["url"]
    headers = {name: value for name, value in GOOD_HANDSHAKE.items() if name != missing}
    assert status_of(url, headers) in (400, 426)
    assert status_of(url, GOOD_HANDSHAKE) == 101


@pytest.mark.parametrize(
    "changed",
    [
        {"Upgrade": "h2c"},
        {"Connection": "keep-alive"},
        {"Sec-WebSocket-Version": "12"},
        {"Sec-WebSocket-Version": "13, 8"},
        {"Sec-WebSocket-Key": "not base64!"},
        {"Sec-WebSocket-Key": "AAAA"},
        {"Sec-WebSocket-Key": GOOD_HANDSHAKE["Sec-WebSocket-Key"] + "!"},
        {"Sec-WebSocket-Key": ""},
        {"Origin": "null", "Sec-WebSocket-Key": ""},
    ],
)
def test_bad_handshake_is_refused_and_keeps_the_ticket(town, changed):
    url = town.person().post("/ws/start")["url"]
    assert status_of(url, GOOD_HANDSHAKE | changed) in (400, 426)
    assert status_of(url, GOOD_HANDSHAKE) == 101


def test_handshake_of_an_older_http_is_refused(town):
    url = town.person().post("/ws/start")["url"]
    assert status_of(url, GOOD_HANDSHAKE | {"Host": "a.example"}, version=10) == 400
    assert status_of(url, GOOD_HANDSHAKE, has_host=False) == 400
    assert status_of(url, GOOD_HANDSHAKE, method="POST") == 405
    assert status_of(url, GOOD_HANDSHAKE, method="HEAD") == 405
    assert status_of(url, GOOD_HANDSHAKE) == 101


@pytest.mark.parametrize("connection", ["upgrade", "keep-alive, Upgrade"])
def test_handshake_of_a_proxy_or_browser_is_accepted(town, connection):
    url = town.person().post("/ws/start")["url"]
    assert status_of(url, GOOD_HANDSHAKE | {"Connection": connection}) == 101


@pytest.mark.parametrize("query", ["", "?session=", "?session=unknown"])
def test_page_without_a_ticket_is_closed_with_4401(town, query):
    socket = Socket(f"{town.ws_url}/ws/chat{query}", origin="https://page.example")
    assert socket.closed() == (4401, "ticket unknown, used or expired")
    socket.close()


def test_any_other_path_is_a_404(town):
    parts = urlsplit(town.ws_url)
    conn = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    conn.request("GET", "/me")
    answer = conn.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    conn.close()
