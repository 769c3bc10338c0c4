"""The live half of the first server's own client, over the one port that it knows, with default settings.

What it sends and what it can bear is told in `first-client.md`; the REST half is in test_first_client.
"""

import itertools
import json

import pytest

from tests import limits
from tests.people import PASSWORD, Remote
from tests.sockets import Socket
from tests.town import Town, eventually

INT32 = 2**31
numbers = itertools.count(1)


class Phone:
    """Sends what the app sends. It builds the socket's address itself and ignores `url`."""

    def __init__(self, server: Remote, username: str, device_id: str = "4b1c") -> None:
        self.server = server
        credentials = {"username": username, "password": PASSWORD}
        self.send("POST", "/register", credentials)
        answer = self.send("POST", "/login", credentials | {"device_id": device_id})
        self.token, self.refresh_token = answer["access_token"], answer["refresh_token"]
        self.id = int(answer["user_id"])

    def send(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"} if hasattr(self, "token") else {}
        answer = self.server.send(method, path, json.dumps(body).encode(), headers)
        assert answer.status < 300 or path == "/register", answer
        return answer.json

    def open_socket(self) -> Socket:
        ticket = self.send("POST", "/ws/start", None)["session_token"]
        address = self.server.url.replace("http://", "ws://")
        return Socket(f"{address}/ws/chat?session={ticket}")

    def swipe(self, other):
        return self.send("POST", "/swipe", {"target_id": other.id, "action": "like"})


@pytest.fixture(scope="module")
def default_town(tmp_path_factory, redis_url):
    unset = dict.fromkeys(limits.NONE, "")
    town = Town(tmp_path_factory.mktemp("default"), redis_url, only=["web"], **unset)
    yield town
    town.stop()


@pytest.fixture
def phones(default_town):
    number = next(numbers)
    return [Phone(default_town.server, f"{name} {number}") for name in ("Анна", "Иван Петров")]


def check_frame(frame):
    """What the app cannot bear: ids beyond 32 bits, a chat without the other's id."""
    for name in ("id", "chat_id", "user_id"):
        assert frame.get(name, 1) < INT32
    if "chat_id" in frame:
        assert isinstance(frame["user_id"], int)
    return frame


def test_live_client_on_the_one_port_gets_every_frame(phones):
    anna, ivan = phones
    to_anna, to_ivan = anna.open_socket(), ivan.open_socket()
    anna.swipe(ivan)
    chat_id = ivan.swipe(anna)["chat_id"]
    assert [check_frame(socket.receive())["type"] for socket in (to_anna, to_ivan)] == ["match"] * 2
    message = anna.send(
        "POST",
        "/messages/send",
        {
            "id": 0,
            "sender_id": anna.id,
            "receiver_id": ivan.id,
            "chat_id": chat_id,
            "content": "Привет!",
            "is_read": False,
            "created_at": None,
        },
    )
    assert check_frame(to_ivan.receive())["content"] == "Привет!"
    both = {"chat_id": chat_id, "receiver_id": anna.id}
    to_ivan.send({"type": "typing"} | both)
    assert check_frame(to_anna.receive())["type"] == "typing"
    to_ivan.send({"type": "delivered", "message_id": message["id"]} | both)
    assert check_frame(to_anna.receive())["type"] == "delivered"
    assert ivan.send("POST", "/messages/read", both | {"message_ids": [message["id"]]}) == {
        "status": "ok"
    }
    assert ivan.send("POST", "/chat/read", both) is True
    assert check_frame(to_anna.receive())["type"] == "read_messages"
    for socket in (to_anna, to_ivan):
        socket.close()


def test_chat_closed_frame_has_what_the_client_shows(phones):
    anna, ivan = phones
    anna.swipe(ivan)
    chat_id = ivan.swipe(anna)["chat_id"]
    socket = anna.open_socket()
    ivan.send("DELETE", f"/chats/{chat_id}")
    frame = check_frame(socket.receive())
    assert (frame["type"], frame["user_id"], frame["content"]) == (
        "chat_closed",
        ivan.id,
        "Chat closed",
    )
    socket.close()


def test_client_that_reconnects_after_any_close_gets_in_again(phones):
    anna, ivan = phones
    anna.swipe(ivan)
    chat_id = ivan.swipe(anna)["chat_id"]
    for number in range(3):
        socket = anna.open_socket()
        ivan.send("POST", "/messages/send", {"chat_id": chat_id, "content": f"{number}"})
        assert check_frame(socket.receive())["content"] == f"{number}"
        socket.close()


def test_two_phones_of_one_user_are_live_at_once(default_town, phones):
    anna, ivan = phones
    anna.swipe(ivan)
    chat_id = ivan.swipe(anna)["chat_id"]
    name = anna.send("GET", "/me")["username"]
    tablet = Phone(default_town.server, name, "9f2e")
    sockets = [anna.open_socket(), tablet.open_socket()]
    for number in range(10):
        ivan.send("POST", "/messages/send", {"chat_id": chat_id, "content": f"{number}"})
        assert [socket.receive()["content"] for socket in sockets] == [f"{number}"] * 2
    assert eventually(lambda: all(socket.is_open() for socket in sockets))
    for socket in sockets:
        socket.close()
