"""The app as it should be, where the server gives it something to get wrong."""

import json

import pytest
import websocket

from tests import client as clients
from tests.client import Client, jitter
from tests.database import run
from tests.people import Answer
from tests.town import eventually


@pytest.fixture
def pair(person):
    anna, boris = person(), person()
    return anna, Client(boris), anna.match(boris)


def hear(client, frame):
    client.history.append((client.seq, []))
    client._take(websocket.ABNF.OPCODE_TEXT, json.dumps(frame).encode())


def seqs(client):
    return [frame["seq"] for frame in client.applied]


def test_it_asks_again_after_a_hole(pair):
    anna, client, chat_id = pair
    for number in range(250):  # more than a page
        anna.write(chat_id, f"{number}")
    hear(client, {"type": "message", "seq": 251})
    assert seqs(client) == list(range(1, 252))


def test_it_drops_what_it_has(pair):
    _, client, _ = pair
    for _ in range(2):
        hear(client, {"type": "match", "seq": 1})
    assert seqs(client) == [1]


def test_it_starts_over_where_the_log_does_not_reach_back(pair, settings):
    anna, client, chat_id = pair
    anna.write(chat_id, "forgotten")
    run(settings["DATABASE_PATH"], f"DELETE FROM events WHERE user_id = {client.person.id}")
    hear(client, {"type": "message", "seq": 2})
    assert (client.resets, client.seq) == (1, 2)
    hear(client, {"type": "hello", "seq": 5, "reset": True})
    assert (client.resets, client.seq) == (2, 5)


def test_it_says_again_what_was_not_acknowledged_and_it_is_said_once(pair, monkeypatch):
    anna, client, chat_id = pair
    monkeypatch.setattr(clients, "LEAST_SECONDS", 0.01)
    call, failures = (
        client.person.call,
        [OSError("the answer was lost"), Answer(503, {}, b""), Answer(429, {}, b"")],
    )

    def unreliable(method, path, body=None):
        if method == "GET" or path == "/ws/start":
            raise OSError("no sockets here")
        answer = call(method, path, body)
        if not failures:
            return answer
        failure = failures.pop()
        if isinstance(failure, OSError):
            raise failure
        return failure

    monkeypatch.setattr(client.person, "call", unreliable)
    client.start()
    client.send(chat_id, "once")
    eventually(client.is_idle)
    client.stop()
    assert [message["content"] for message in anna.get(f"/chat/messages/{chat_id}")[1:]] == ["once"]
    assert failures == []


def test_ended_session_waits_for_retry_after_of_login(pair, monkeypatch):
    _, client, _ = pair
    busy = Answer(429, {"Retry-After": "7"}, b"")
    monkeypatch.setattr(client.person, "try_log_in", lambda: busy)
    assert client._after_close(clients.SESSION_ENDED) == 7


def test_it_waits_longer_after_each_failure_and_never_too_long():
    longest = [max(jitter(failures) for _ in range(300)) for failures in (0, 3, 50)]
    assert longest[0] <= 0.5 < longest[1] <= 4 < longest[2] <= 20
