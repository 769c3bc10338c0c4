"""People talk while everything fails around them: nothing that was acknowledged is lost, doubled or out of order."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import redis

import dev
from tests import history
from tests.client import Client
from tests.database import rows
from tests.town import Town, below, eventually

PEOPLE, SENDS_A_SECOND, FAULT_SECONDS = 30, 20, 4
TWO_DEVICES = 10  # users with a second device
PATIENCE_SECONDS = 30  # after the last fault


class Chaos:
    """A town with a Valkey of its own, and the ways to hurt it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self._processes = dev.Processes()
        self._command, self._url = dev.redis_command(self._processes.folder)
        self._redis, self._ws = threading.Lock(), threading.Lock()  # a process ends once at a time
        self._start_redis()
        self.town = Town(folder, self._url)
        self.people = [self.town.person() for _ in range(PEOPLE)]
        tablets = [person.another_device("tablet") for person in self.people[:TWO_DEVICES]]
        self.clients = [Client(device) for device in self.people + tablets]

    def faults(self) -> list[Callable[[], None]]:
        return [
            self.kill_web_worker,
            self.kill_ws_worker,
            self.kill_links,
            self.freeze_redis,
            self.restart_redis,
            self.reset_client,
            self.pause_client,
            self.restart_ws,
        ]

    def kill_web_worker(self) -> None:
        self._kill_worker("web")

    def kill_ws_worker(self) -> None:
        with self._ws:
            self._kill_worker("ws")

    def kill_links(self) -> None:
        with (
            suppress(redis.RedisError),
            redis.Redis.from_url(self._url, socket_timeout=1) as client,
        ):
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    def freeze_redis(self) -> None:
        with self._redis:
            os.kill(self._redis_pid, signal.SIGSTOP)
            time.sleep(5)  # so long is the fault
            os.kill(self._redis_pid, signal.SIGCONT)

    def restart_redis(self) -> None:
        with self._redis:
            os.kill(self._redis_pid, signal.SIGKILL)
            os.waitpid(self._redis_pid, 0)
            del self._processes.names[self._redis_pid]
            self._start_redis()

    def reset_client(self) -> None:
        self.chance.choice(self.clients).reset()

    def pause_client(self) -> None:
        client = self.chance.choice(self.clients)
        client.is_reading.clear()
        time.sleep(6)  # so long is the fault
        client.is_reading.set()

    def restart_ws(self) -> None:
        with self._ws:
            self.town.end("ws", signal.SIGTERM)
            self.town.start("ws")

    def stop(self) -> None:
        self.town.stop()
        self._processes.stop()

    def _kill_worker(self, name: str) -> None:
        workers = eventually(lambda: below(self.town.pids[name]))
        with suppress(ProcessLookupError):
            os.kill(self.chance.choice(workers), signal.SIGKILL)

    def _start_redis(self) -> None:
        path = Path(self._url.removeprefix("unix://"))
        path.unlink(missing_ok=True)
        self._redis_pid = self._processes.start("redis", self._command, {})
        eventually(path.exists)


class Talk(threading.Thread):
    """Sends a message from a random device to its user's chat, SENDS_A_SECOND times a second.

    `chats`: the chat's id by user id.
    """

    def __init__(self, clients: list[Client], chats: dict[int, int], chance: random.Random) -> None:
        super().__init__(daemon=True)
        self._clients, self._chats, self._chance = clients, chats, chance
        self.is_over = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.is_over.wait(1 / SENDS_A_SECOND):
            client = self._chance.choice(self._clients)
            client.send(self._chats[client.person.id], f"{number}")
            number += 1


@pytest.fixture
def chaos(tmp_path):
    seed = random.randrange(10**6)
    print("seed", seed)
    chaos = Chaos(tmp_path, seed)
    yield chaos
    chaos.stop()


def test_nothing_is_lost_whatever_fails(chaos, request):
    clients, rounds = chaos.clients, 16 if request.config.getoption("--long") else 2
    chats = {}
    for one, two in zip(chaos.people[::2], chaos.people[1::2], strict=True):
        chats[one.id] = chats[two.id] = one.match(two)
    [client.start() for client in clients]
    talk = Talk(clients, chats, chaos.chance)
    talk.start()
    going = []
    for fault in [fault for _ in range(rounds) for fault in chaos.chance.sample(chaos.faults(), 8)]:
        time.sleep(FAULT_SECONDS)  # the pace of the faults is what is tested
        print(f"{time.strftime('%X')} {fault.__name__}")
        going.append(threading.Thread(target=fault))
        going[-1].start()
    [fault.join() for fault in going]
    ended = time.monotonic()
    talk.is_over.set()
    talk.join()
    eventually(lambda: all(client.is_idle() for client in clients), PATIENCE_SECONDS)
    heads = dict(rows(chaos.town.database, "SELECT id, event_seq FROM users"))
    left = PATIENCE_SECONDS - (time.monotonic() - ended)
    eventually(lambda: all(client.seq == heads[client.person.id] for client in clients), left)
    print(f"all was there {time.monotonic() - ended:.1f} s after the last fault")
    [client.stop() for client in clients]
    assert (
        sum(len(client.acknowledged) for client in clients)
        >= SENDS_A_SECOND * FAULT_SECONDS * rounds * 8 * 0.8
    )
    history.check(chaos.town.database, clients)
