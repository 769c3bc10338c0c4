"""Several devices of one user: each is live, has its own cursor, and learns what the others did."""

import statistics
import threading
import time

import pytest

from tests.client import Client
from tests.sockets import Socket
from tests.town import Town, eventually

MESSAGES = 60


@pytest.fixture
def pair(town):
    anna, boris = town.person(), town.person()
    return anna, boris, anna.match(boris)


@pytest.fixture
def own_town(tmp_path, redis_url):
    town = Town(tmp_path, redis_url)
    yield town
    town.stop()


def events_of(person):
    return person.get("/events?limit=500")["events"]


def test_message_is_sent_to_own_devices_with_after_alone(pair, connect):
    anna, boris, chat_id = pair
    tablet = anna.another_device("tablet")
    plain, following = connect(tablet), connect(tablet, after=1)
    assert following.receive() == {"type": "hello", "seq": 1}
    message = anna.write(chat_id, "hi")
    assert following.receive() == {
        "type": "sent",
        "id": message["id"],
        "chat_id": chat_id,
        "user_id": boris.id,
        "content": "hi",
        "seq": 2,
    }
    boris.write(chat_id, "ho")
    assert plain.receive()["content"] == "ho"
    assert following.receive()["seq"] == 3
    assert [event["type"] for event in events_of(tablet)] == ["match", "sent", "message"]


def test_plain_socket_skips_sent_events_of_the_log(town, pair, connect):
    """The log is read for a socket that fell behind; own-device events in it stay out."""
    anna, boris, chat_id = pair
    anna.another_device("tablet")
    plain = connect(anna)
    for number in range(100):
        anna.write(chat_id, "mine") if number % 2 else boris.write(chat_id, "theirs")
    town.resync()
    boris.write(chat_id, "last")
    got = [plain.receive()["content"] for _ in range(51)]
    assert got == ["theirs"] * 50 + ["last"]


def test_single_session_records_no_sent_event(pair):
    anna, _, chat_id = pair
    anna.write(chat_id, "hi")
    anna.another_device("tablet").post("/logout")
    anna.write(chat_id, "again")
    assert [event["type"] for event in events_of(anna)] == ["match"]


def test_retried_message_is_sent_once_to_own_devices(pair):
    anna, _, chat_id = pair
    tablet = anna.another_device("tablet")
    for _ in range(2):
        anna.write(chat_id, "hi", client_id="a")
    assert [event["type"] for event in events_of(tablet)] == ["match", "sent"]


def test_reading_a_chat_tells_own_devices(pair):
    anna, boris, chat_id = pair
    tablet = boris.another_device("tablet")
    ids = [anna.write(chat_id, f"{number}")["id"] for number in range(3)]
    boris.post("/messages/read", {"chat_id": chat_id, "message_ids": ids[:2]})
    boris.post("/chat/read", {"chat_id": chat_id})
    boris.post("/chat/read", {"chat_id": chat_id})
    frame = {"type": "read", "chat_id": chat_id, "user_id": anna.id}
    assert events_of(tablet)[-2:] == [
        frame | {"message_ids": ids[:2], "seq": 5},
        frame | {"seq": 6},
    ]


def test_unmatch_tells_own_devices(pair):
    anna, boris, chat_id = pair
    tablet = anna.another_device("tablet")
    anna.call("DELETE", f"/chats/{chat_id}")
    closed = {"type": "chat_closed", "chat_id": chat_id, "content": "Chat closed", "seq": 2}
    assert events_of(tablet)[-1] == closed | {"user_id": boris.id}
    assert events_of(boris)[-1] == closed | {"user_id": anna.id}


def test_block_tells_own_devices(pair, connect):
    anna, boris, chat_id = pair
    socket = connect(anna.another_device("tablet"))
    anna.call("PUT", f"/blocks/{boris.id}")
    assert socket.receive()["user_id"] == boris.id


def test_end_of_a_session_closes_its_sockets_alone(pair, connect):
    anna, boris, chat_id = pair
    tablet = anna.another_device("tablet")
    ended = [connect(tablet) for _ in range(2)]
    stays = connect(anna)
    tablet.post("/logout")
    assert [socket.closed() for socket in ended] == [(4401, "session ended")] * 2
    boris.write(chat_id, "hi")
    assert stays.receive()["content"] == "hi"


def test_typing_reaches_every_device_of_the_other(pair, connect):
    anna, boris, chat_id = pair
    sockets = [connect(boris), connect(boris.another_device("tablet"), after=1)]
    assert sockets[1].receive()["type"] == "hello"
    typist = connect(anna)
    typist.send({"type": "typing", "chat_id": chat_id})
    for socket in sockets:
        assert socket.receive() == {"type": "typing", "chat_id": chat_id, "user_id": anna.id}


def test_every_frame_with_a_chat_names_the_other_member(pair):
    anna, boris, chat_id = pair
    tablet = anna.another_device("tablet")
    anna.write(chat_id, "hi")
    boris.write(chat_id, "ho")
    anna.post("/chat/read", {"chat_id": chat_id})
    anna.call("DELETE", f"/chats/{chat_id}")
    frames = [frame for frame in events_of(tablet) if "chat_id" in frame]
    assert len(frames) == 5
    assert {frame["user_id"] for frame in frames} == {boris.id}


class PlainDevice(threading.Thread):
    """A client without `after` that notes what comes, as the first server's own does."""

    def __init__(self, socket: Socket) -> None:
        super().__init__(daemon=True)
        self.socket = socket
        self.got: list[str] = []

    def run(self) -> None:
        while len(self.got) < MESSAGES:
            self.got.append(self.socket.receive()["content"])


def test_three_devices_of_a_user_stay_live(pair, connect):
    """Two reference clients and a plain one get every message, with few sockets and little delay."""
    anna, boris, chat_id = pair
    devices = [Client(boris, seq=1), Client(boris.another_device("tablet"), seq=1)]
    plain = PlainDevice(connect(boris.another_device("tab")))
    plain.start()
    for device in devices:
        device.start()
    eventually(lambda: all(device.history for device in devices))
    delays = []
    for number in range(MESSAGES):
        started = time.monotonic()
        anna.write(chat_id, f"{number}")
        eventually(lambda n=number: all(len(device.applied) > n for device in devices))
        delays.append(time.monotonic() - started)
    plain.join(10)
    for device in devices:
        device.stop()
        assert [frame["content"] for frame in device.applied] == plain.got
        assert device.sockets <= 4
    assert plain.got == [f"{number}" for number in range(MESSAGES)]
    p99 = statistics.quantiles(delays, n=100)[98]
    print(f"p99 of the delay to both devices: {p99 * 1000:.0f} ms")
    assert p99 < 1


def test_two_devices_catch_up_after_a_restart_of_ws(own_town):
    anna, boris = own_town.person(), own_town.person()
    chat_id = anna.match(boris)
    devices = [Client(boris, seq=1).start(), Client(boris.another_device("b"), seq=1).start()]
    eventually(lambda: all(device.history for device in devices))
    own_town.end("ws", 15)
    sent = [anna.write(chat_id, f"{number}")["content"] for number in range(30)]
    own_town.start("ws")
    eventually(lambda: all(len(device.applied) == 30 for device in devices), 30)
    for device in devices:
        device.stop()
        assert [frame["content"] for frame in device.applied] == sent
        assert device.sockets <= 4


def test_client_closed_with_4409_waits_for_its_user(single_town, connect):
    anna = single_town.person()
    client = Client(anna).start()
    eventually(lambda: client.history)
    for _ in range(8):
        connect(anna)
    eventually(lambda: client.is_waiting)
    opened = client.sockets
    client.has_acted.set()
    eventually(lambda: client.sockets > opened)
    client.stop()
