"""Redis ends and comes back: nobody is left in a connection that hears nothing, and no process needs a restart."""

import os
import signal

import pytest
import websocket
from redis import Redis

import dev
from tests.sockets import Socket
from tests.town import Town, eventually


@pytest.fixture
def shaky(tmp_path):
    """A town with a Valkey of its own, and how to start that."""
    processes = dev.Processes()
    command, url = dev.redis_command(processes.folder)

    def start():
        pid = processes.start("redis", command, {})
        eventually(lambda: os.path.exists(url.removeprefix("unix://")))
        return pid

    pid = start()
    town = Town(tmp_path, url)
    yield town, pid, start
    town.stop()
    processes.stop()


def test_all_are_told_to_come_back_and_can(shaky):
    town, pid, start = shaky
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    before = Socket(anna.post("/ws/start")["url"])
    os.kill(pid, signal.SIGKILL)
    assert before.closed() == (4010, "reconnect with after")
    before.close()
    assert anna.call("POST", "/ws/start").status == 503
    boris.write(chat_id, "meanwhile")
    os.waitpid(pid, 0)
    start()
    eventually(lambda: anna.call("POST", "/ws/start").status == 200)
    after = eventually(lambda: opened(anna))
    boris.write(chat_id, "and now")
    assert after.receive()["content"] == "and now"
    assert "and now" not in town.log.read_text()
    after.close()


def opened(person):
    """A socket, once the ws service has its link again."""
    try:
        return Socket(person.post("/ws/start")["url"])
    except (AssertionError, OSError, websocket.WebSocketException):
        return None


def test_a_frozen_redis_is_noticed(shaky):
    town, pid, _ = shaky
    anna = town.person()
    waiting = Socket(anna.post("/ws/start")["url"])
    os.kill(pid, signal.SIGSTOP)
    assert waiting.closed() == (4010, "reconnect with after")  # the client's patience is 10 s
    waiting.close()
    os.kill(pid, signal.SIGCONT)
    eventually(lambda: opened(anna)).close()


def test_what_others_publish_there_does_no_harm(shaky):
    town, _, _ = shaky
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    socket = Socket(anna.post("/ws/start")["url"])
    with Redis.from_url(town.env["REDIS_URL"]) as redis:
        for channel, frame in (("ws:always", "x"), (f"user:{anna.id}", "not json"), (f"user:{anna.id}", "[]")):
            assert redis.publish(channel, frame)
    boris.write(chat_id, "hi")
    assert socket.receive()["content"] == "hi"
    socket.close()
