"""The gate in frames: nothing passes between people who may not see each other."""

import pytest

from tests.sockets import Socket
from tests.test_safety import block


@pytest.mark.parametrize("blocker", [0, 1])
def test_no_signal_passes_a_block_in_either_direction(town, connect, blocker):
    pair = [town.person(), town.person()]
    chat_id = pair[0].match(pair[1])
    said = [one.write(chat_id, "hi") for one in pair]
    friend = town.person()
    sockets = [connect(one) for one in pair]
    block(pair[blocker], pair[1 - blocker])
    assert [socket.receive()["type"] for socket in sockets] == ["chat_closed", "chat_closed"]
    for socket, message in zip(sockets, said[::-1], strict=True):
        socket.send({"type": "typing", "chat_id": chat_id})
        socket.send({"type": "delivered", "chat_id": chat_id, "message_id": message["id"]})
    for one, socket in zip(pair, sockets, strict=True):
        friends = friend.match(one)
        socket.send(
            {"type": "typing", "chat_id": friends}
        )  # answered by what follows: all before was taken in
        friend.write(friends, "after")
        assert [socket.receive()["type"] for _ in range(2)] == ["match", "message"]


@pytest.mark.parametrize("blocker", [0, 1])
def test_catching_up_shows_nothing_from_behind_it(town, blocker):
    pair = [town.person(), town.person()]
    chat_id = pair[0].match(pair[1])
    for one in pair:
        one.write(chat_id, "words that go")
    block(pair[blocker], pair[1 - blocker])
    for one, other in (pair, pair[::-1]):
        socket = Socket(one.post("/ws/start")["url"] + "&after=0")
        frames = [socket.receive() for _ in range(4)]
        assert frames == [
            {"type": "hello", "seq": 3},
            {"type": "removed", "seq": 1},
            {"type": "removed", "seq": 2},
            {
                "type": "chat_closed",
                "chat_id": chat_id,
                "user_id": other.id,
                "content": "Chat closed",
                "seq": 3,
            },
        ]
        socket.close()
