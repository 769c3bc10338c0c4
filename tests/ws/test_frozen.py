"""Clients that stop reading: they end, the others notice nothing, and what they took comes back."""

import select
import socket
import statistics
import threading
import time

import pytest

from tests.sockets import Socket
from tests.town import eventually

PEOPLE, FROZEN = 100, 20
LONG = "🎉" * 4000  # 16 kB


@pytest.fixture
def town(watched_town):
    return watched_town


def open_frozen(person):
    options = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    return Socket(person.post("/ws/start")["url"], sockopt=options)


def times_of_ends(opened, patience):
    """When the system said of each, without anything being read, that the server had ended it."""
    poll, found = select.poll(), {}
    for one in opened:
        poll.register(one.fileno(), 0)  # errors and ends alone
    deadline = time.monotonic() + patience
    while len(found) < len(opened):
        assert time.monotonic() < deadline, "some never ended"
        for number, _ in poll.poll(100):
            poll.unregister(number)
            found[number] = time.monotonic()
    return [found[one.fileno()] for one in opened]


class Writer(threading.Thread):
    """Writes to some chats in turn, and with whoever listens waits until they have it."""

    def __init__(self, person, chats, listeners=()):
        super().__init__(daemon=True)
        self.person, self.chats, self.listeners = person, chats, listeners
        self.is_over, self.delays = threading.Event(), []

    def run(self):
        while not self.is_over.is_set():
            for chat_id, listener in zip(self.chats, self.listeners, strict=True):
                started = time.monotonic()
                self.person.write(chat_id, "hi")
                assert listener.receive()["content"] == "hi"
                self.delays.append(time.monotonic() - started)


def test_who_does_not_read_is_ended_and_delays_nobody(town):
    anna, people = town.person(), [town.person() for _ in range(PEOPLE)]
    chats = [anna.match(person) for person in people]
    quick = [Socket(person.post("/ws/start")["url"]) for person in people[FROZEN:]]
    before = town.states()
    frozen = [open_frozen(person) for person in people[:FROZEN]]
    writers = [Writer(anna, chats[FROZEN + n :: 4], quick[n::4]) for n in range(4)]
    [writer.start() for writer in writers]
    full = [overfill(anna, chat_id) for chat_id in chats[:FROZEN]]
    seconds = [ended - since for ended, since in zip(times_of_ends(frozen, 20), full, strict=True)]
    for writer in writers:
        writer.is_over.set()
        writer.join()
    delays = [delay for writer in writers for delay in writer.delays]
    p99 = statistics.quantiles(delays, n=100)[98]
    print(
        f"p99 of {len(delays)}: {p99 * 1000:.0f} ms; the frozen ended after {min(seconds):.1f} to {max(seconds):.1f} s"
    )
    assert max(seconds) < 10  # the bounds that are promised
    assert p99 < 0.3
    eventually(lambda: are_back(town, before))
    for one in frozen + quick:
        one.close()


def overfill(person, chat_id):
    """Write more than the system's buffers take, and tell when that was done."""
    for _ in range(16):
        person.write(chat_id, LONG)
    return time.monotonic()


def are_back(town, before):
    now = town.states()
    assert set(now) == set(before)
    limits = {"greenlets": 0, "threads": 0, "kilobytes": 8_000}
    return all(
        now[pid][what] <= before[pid][what] + more
        for pid in before
        for what, more in limits.items()
    )
