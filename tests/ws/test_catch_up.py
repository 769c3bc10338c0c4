"""Who comes back gets exactly what they missed, and who is there gets all of it in order."""

import json

import pytest

from tests.client import Client
from tests.database import rows, run
from tests.sockets import Socket
from tests.town import Town, eventually
from tests.ws.test_chat import refused
from tests.ws.test_frozen import LONG, open_frozen


@pytest.fixture
def pair(town):
    anna, boris = town.person(), town.person()
    return anna, boris, anna.match(boris)


def come_back(person, after):
    return Socket(f"{person.post('/ws/start')['url']}&after={after}")


def test_hello_comes_first_then_what_was_missed_then_what_happens(pair):
    anna, boris, chat_id = pair
    for number in range(3):
        anna.write(chat_id, f"{number}")
    socket = come_back(boris, 2)
    assert socket.receive() == {"type": "hello", "seq": 4}
    assert [socket.receive()["content"] for _ in range(2)] == ["1", "2"]
    anna.write(chat_id, "live")
    frame = socket.receive()
    assert (frame["content"], frame["seq"]) == ("live", 5)
    socket.close()


def test_who_missed_nothing_hears_hello_alone(pair):
    anna, boris, chat_id = pair
    socket = come_back(boris, 1)
    assert socket.receive() == {"type": "hello", "seq": 1}
    anna.write(chat_id, "live")
    assert socket.receive()["seq"] == 2
    socket.close()


def test_much_that_was_missed_comes_whole(pair):
    anna, boris, chat_id = pair
    for number in range(200):  # three inboxes
        anna.write(chat_id, f"{number}")
    socket = come_back(boris, 0)
    assert [socket.receive().get("seq") for _ in range(202)] == [201, *range(1, 202)]
    socket.close()


def test_what_is_from_another_database_is_a_reset(pair):
    anna, boris, chat_id = pair
    socket = come_back(boris, 1000)
    assert socket.receive() == {"type": "hello", "seq": 1, "reset": True}
    anna.write(chat_id, "live")
    assert socket.receive()["seq"] == 2
    socket.close()


@pytest.mark.parametrize("after", ["-1", "x", "1.5", str(2**63), "", "%00"])
def test_a_bad_after_is_refused_and_uses_no_ticket_up(town, after):
    url = town.person().post("/ws/start")["url"]
    assert refused(f"{url}&after={after}") == 422
    Socket(url).close()


def forge(town, person, seq):
    """Publish the event as if it were that one, and nothing else."""
    (kept,) = rows(
        town.database, "SELECT payload FROM events WHERE user_id = ? AND seq = ?", [person.id, seq]
    )
    town.publish(person.id, kept[0])


@pytest.fixture
def mute_pair(town, tmp_path):
    """A pair whose `web` publishes to nobody: what is written is in the log alone."""
    mute = Town(tmp_path, "unix:///nowhere.sock", DATABASE_PATH=str(town.database), only=["web"])
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    anna.server = mute.server
    yield anna, boris, chat_id
    mute.stop()


@pytest.mark.parametrize("plain", [True, False])
def test_what_comes_out_of_turn_is_put_in_order(town, mute_pair, plain):
    anna, boris, chat_id = mute_pair
    socket = Socket(boris.post("/ws/start")["url"]) if plain else come_back(boris, 1)
    for number in range(4):
        anna.write(chat_id, f"{number}")
    for seq in (3, 2, 4, 3, 5):
        forge(town, boris, seq)
    got = [socket.receive() for _ in range(4 + (not plain))]
    assert [frame["seq"] for frame in got if frame["type"] != "hello"] == [2, 3, 4, 5]
    assert socket.is_open()
    socket.close()


def test_a_number_that_the_log_does_not_have_yet_does_no_harm(town, pair):
    anna, boris, chat_id = pair
    socket = Socket(boris.post("/ws/start")["url"])
    town.publish(boris.id, json.dumps({"type": "message", "seq": 900}))
    anna.write(chat_id, "live")
    assert socket.receive()["seq"] == 2
    socket.close()


def test_what_comes_in_turn_costs_no_look_into_the_log(watched_town):
    anna, boris = watched_town.person(), watched_town.person()
    chat_id = anna.match(boris)
    socket = Socket(boris.post("/ws/start")["url"])
    before = {pid: state["reads"] for pid, state in watched_town.states().items()}
    for number in range(50):
        anna.write(chat_id, f"{number}")
        assert socket.receive()["content"] == f"{number}"
    assert {pid: state["reads"] for pid, state in watched_town.states().items()} == before
    socket.close()


def test_socket_whose_next_event_is_gone_is_closed_with_4010(town, pair, connect):
    _, boris, _ = pair
    socket = connect(boris)
    run(town.database, f"UPDATE users SET event_seq = event_seq + 5 WHERE id = {boris.id}")
    town.resync()
    assert socket.closed() == (4010, "reconnect with after")


def test_who_reads_late_gets_all(pair):
    anna, boris, chat_id = pair
    socket = open_frozen(boris)
    for _ in range(100):  # more than the system's buffers and an inbox hold
        anna.write(chat_id, LONG)
    assert [socket.receive()["seq"] for _ in range(100)] == list(range(2, 102))
    anna.write(chat_id, "live")
    assert socket.receive()["content"] == "live"
    socket.close()


def test_the_right_client_gets_all_once(pair):
    anna, boris, chat_id = pair
    client = Client(boris).start()
    for number in range(20):
        anna.write(chat_id, f"{number}")
        if number % 5 == 0:
            client.reset()
    eventually(lambda: client.seq == 21, 30)
    client.stop()
    assert [frame["seq"] for frame in client.applied] == list(range(1, 22))
