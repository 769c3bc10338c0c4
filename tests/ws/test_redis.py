"""Redis fails in every way: sockets stay open, miss nothing, and no process needs a restart."""

import os
import signal
from contextlib import suppress

import pytest
import websocket
from redis import Redis

import dev
from tests.sockets import Socket
from tests.town import Town, eventually


@pytest.fixture
def options():
    """Of the town."""
    return {}


@pytest.fixture
def shaky(tmp_path, options):
    """A town with a Valkey of its own, and how to start that."""
    processes = dev.Processes()
    command, url = dev.redis_command(processes.folder)

    def start():
        pid = processes.start("redis", command, {})
        eventually(lambda: os.path.exists(url.removeprefix("unix://")))
        return pid

    pid = start()
    town = Town(tmp_path, url, **options)
    yield town, pid, start
    town.stop()
    processes.stop()


@pytest.fixture
def pair(shaky):
    """Two people with a chat, and a plain socket of the second."""
    anna, boris = shaky[0].person(), shaky[0].person()
    chat_id = anna.match(boris)
    socket = Socket(boris.post("/ws/start")["url"])
    socket.set_patience(27)  # the next tick finds what was published in vain
    yield anna, boris, chat_id, socket
    socket.close()


def hear(socket, count):
    return [socket.receive()["content"] for _ in range(count)]


def test_a_restart_of_redis_closes_nobody_and_loses_nothing(shaky, pair):
    town, pid, start = shaky
    anna, boris, chat_id, socket = pair
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    answer = anna.call("POST", "/ws/start")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    sent = [f"meanwhile {number}" for number in range(100)]  # more than an inbox holds
    for content in sent:
        anna.write(chat_id, content)
    start()
    assert hear(socket, 100) == sent
    eventually(lambda: anna.call("POST", "/ws/start").status == 200)
    anna.write(chat_id, "and now")
    assert hear(socket, 1) == ["and now"]
    assert "meanwhile" not in town.log.read_text()


def test_upgrade_without_redis_is_refused_on_both_ports(shaky):
    town, pid, _ = shaky
    path = "/ws/chat?session=" + town.person().post("/ws/start")["session_token"]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for origin in (town.ws_url, town.server.url.replace("http:", "ws:")):
        with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
            Socket(origin + path)
        page = Socket(origin + path, origin="https://page.example")
        assert page.closed() == (4503, "realtime unavailable")
        page.close()


def test_a_frozen_redis_is_noticed_and_nothing_is_lost(shaky, pair):
    town, pid, _ = shaky
    anna, boris, chat_id, socket = pair
    os.kill(pid, signal.SIGSTOP)
    anna.write(chat_id, "meanwhile")
    eventually(
        lambda: town.log.read_text().count("the link to Redis is down") == 2, 10
    )  # the bound that is promised
    os.kill(pid, signal.SIGCONT)
    assert hear(socket, 1) == ["meanwhile"]
    eventually(lambda: anna.call("POST", "/ws/start").status == 200)
    anna.write(chat_id, "and now")
    assert hear(socket, 1) == ["and now"]


def test_losing_the_link_alone_loses_nothing(shaky, pair):
    town, _, _ = shaky
    anna, _, chat_id, socket = pair
    socket.set_patience(10)  # less than from tick to tick, since a new link is followed by a look
    with Redis.from_url(town.env["REDIS_URL"]) as redis:
        for number in range(10):
            redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            anna.write(chat_id, f"{number}")
            assert hear(socket, 1) == [f"{number}"]


def test_link_lost_while_connecting_keeps_every_socket(shaky):
    town, _, _ = shaky
    anna, boris = town.person(), town.person()
    chat_id = boris.match(anna)
    sockets = []
    with Redis.from_url(town.env["REDIS_URL"]) as redis:
        for _ in range(4):
            redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            sockets.append(eventually(lambda: opened(anna)))
    boris.write(chat_id, "hi")
    for socket in sockets:
        assert socket.receive()["content"] == "hi"
        socket.close()


def opened(person):
    """A socket, once the ws service has its link again."""
    with suppress(OSError, websocket.WebSocketException):
        return Socket(person.post("/ws/start")["url"])


def test_where_publishing_is_forbidden_the_log_is_looked_into_now_and_then(shaky, pair):
    town, _, _ = shaky
    anna, _, chat_id, socket = pair
    with Redis.from_url(town.env["REDIS_URL"]) as redis:
        redis.execute_command("ACL", "SETUSER", "default", "-publish")
        anna.write(chat_id, "unheard")
        assert hear(socket, 1) == ["unheard"]
        anna.post("/ws/start")
        anna.write(chat_id, "unheard too")
        redis.execute_command("ACL", "SETUSER", "default", "+publish")
        while anna.write(
            chat_id, "heard"
        ):  # by the worker that could not publish: it says so to all
            if "publishing works again" in town.log.read_text():
                break
    assert hear(socket, 2) == ["unheard too", "heard"]


def test_unsigned_message_on_any_channel_is_ignored(shaky):
    town, _, _ = shaky
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    socket = Socket(anna.post("/ws/start")["url"])
    channel = town.namespace().name(f"user:{anna.id}")
    forged = '{"type":"message","seq":2,"chat_id":1,"content":"forged"}'
    with Redis.from_url(town.env["REDIS_URL"]) as redis:
        for text in (
            "not json",
            "[]",
            forged,
            f'{{"frame":{forged}}}',
            '{"frame":{},"signature":1}',
            f'{{"frame":{"[" * 100_000 + "]" * 100_000}}}',
        ):
            assert redis.publish(channel, text)
        assert redis.publish(town.namespace().name("ws:resync"), "x")
    boris.write(chat_id, "hi")
    assert socket.receive()["content"] == "hi"
    assert "the link to Redis" not in town.log.read_text()
    socket.close()
