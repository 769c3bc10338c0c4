"""What one client may cost, and what ends a connection."""

import os
import signal
import time

import pytest
import websocket

from tests.sockets import Socket
from tests.town import Town, below, eventually
from tests.ws.test_chat import refused


@pytest.fixture
def someone(town, connect):
    anna = town.person()
    return connect(anna)


@pytest.mark.parametrize("frame", ["x" * 4097, "я" * 2049, "x" * 1_000_000])
def test_a_frame_over_4_kib_ends_it(someone, frame):
    someone.send(frame)
    assert someone.closed()[0] == 1009


def test_a_frame_of_4_kib_does_not(someone):
    someone.send("я" * 2048)
    assert someone.is_open()


def test_a_flood_ends_it(someone):
    for _ in range(100):
        someone.send("{}")
    assert someone.closed() == (4008, "too many frames")


@pytest.mark.parametrize("opcode", [websocket.ABNF.OPCODE_PING, websocket.ABNF.OPCODE_PONG])
def test_a_flood_of_pings_does_too(someone, opcode):
    for _ in range(100):
        someone.send_frame(opcode, b"")
    assert someone.closed() == (4008, "too many frames")


def test_fragments_of_one_message_count_each(someone):
    someone.send_fragment(websocket.ABNF.OPCODE_TEXT, b"x")
    for _ in range(99):
        someone.send_fragment(websocket.ABNF.OPCODE_CONT, b"x")
    assert someone.closed() == (4008, "too many frames")


def test_large_frames_count_once_each(someone):
    for _ in range(38):
        someone.send("x" * 4096)
    assert someone.is_open()


def test_a_burst_of_40_does_not(someone):
    for _ in range(39):
        someone.send("{}")
    assert someone.is_open()  # the ping that asks is the 40th


def test_the_allowance_comes_back(someone):
    deadline = time.monotonic() + 3
    for _ in range(39):
        someone.send("{}")
    while time.monotonic() < deadline:
        time.sleep(0.1)  # the rate itself is what is tested
        someone.send("{}")
    assert someone.is_open()


def test_a_broken_frame_ends_it(someone):
    someone.send_frame(websocket.ABNF.OPCODE_TEXT, b"\xff\xfe")
    assert someone.closed()[0] == 1007


def test_compression_is_not_taken_up(town):
    url = town.person().post("/ws/start")["url"]
    opened = Socket(url, header=["Sec-WebSocket-Extensions: permessage-deflate"])
    assert "sec-websocket-extensions" not in opened._ws.headers
    opened.close()


@pytest.fixture(scope="module")
def quick_town(tmp_path_factory, redis_url):
    """Pings every second, dead after two; pages of one origin alone."""
    settings = {
        "WS_PING_SECONDS": "1",
        "WS_SILENCE_SECONDS": "2",
        "CORS_ORIGINS": "https://a.example",
    }
    town = Town(
        tmp_path_factory.mktemp("quick"), redis_url, WS_PUBLIC_URL="wss://chat.example/", **settings
    )
    yield town
    town.stop()


def ticket_url(town, person):
    return f"{town.ws_url}/ws/chat?session={person.post('/ws/start')['session_token']}"


def test_pings_come_and_silence_ends_it(quick_town):
    someone = Socket(ticket_url(quick_town, quick_town.person()))
    assert someone.next_opcode() == websocket.ABNF.OPCODE_PING
    someone.read_to_the_end()  # never answering
    someone.close()


def test_who_answers_pings_stays(quick_town):
    someone = Socket(ticket_url(quick_town, quick_town.person()))
    for _ in range(4):
        assert someone.next_opcode() == websocket.ABNF.OPCODE_PING
        someone.send_frame(websocket.ABNF.OPCODE_PONG, b"")
    assert someone.next_opcode() == websocket.ABNF.OPCODE_PING
    someone.close()


def test_only_pages_of_listed_origins_get_in(quick_town):
    anna = quick_town.person()
    url = ticket_url(quick_town, anna)
    assert refused(url, origin="https://b.example") == 403
    Socket(url, origin="https://a.example").close()
    Socket(ticket_url(quick_town, anna), suppress_origin=True).close()


def test_the_public_address_is_given_when_there_is_one(quick_town):
    answer = quick_town.person().post("/ws/start")
    assert answer["url"] == f"wss://chat.example/ws/chat?session={answer['session_token']}"


def test_a_killed_worker_is_replaced(tmp_path, redis_url):
    town = Town(tmp_path, redis_url, WS_CONCURRENCY="1")
    (pid,) = below(town.pids["ws"])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: below(town.pids["ws"]) not in ([], [pid]))
    Socket(town.person().post("/ws/start")["url"]).close()
    town.stop()
