"""A connect while the other side sends, with everything between its steps held open: no gap, no double."""

import threading

from tests.sockets import Socket
from tests.town import Town

PEOPLE, CONNECTS = 20, 100  # by each


class Receiver(threading.Thread):
    """Comes back again and again, each time until something new arrived."""

    def __init__(self, person):
        super().__init__(daemon=True)
        self.person, self.seqs, self.failed = person, [], None

    def run(self):
        try:
            for _ in range(CONNECTS):
                self._connect()
        except Exception as error:
            self.failed = error

    def _connect(self):
        after = self.seqs[-1] if self.seqs else 0
        socket = Socket(f"{self.person.post('/ws/start')['url']}&after={after}")
        assert socket.receive()["type"] == "hello"
        news = 1 + (after % 3)
        self.seqs += [socket.receive()["seq"] for _ in range(news)]
        socket.close()


class Sender(threading.Thread):
    def __init__(self, person, chats):
        super().__init__(daemon=True)
        self.person, self.chats, self.is_over = person, chats, threading.Event()

    def run(self):
        while not self.is_over.is_set():
            for chat_id in self.chats:
                self.person.write(chat_id, "hi")


def test_no_connect_misses_or_doubles_anything(tmp_path, redis_url):
    town = Town(tmp_path, redis_url, ws_app="tests.ws.apps:slow()")
    anna, people = town.person(), [town.person() for _ in range(PEOPLE)]
    chats = [anna.match(person) for person in people]
    senders = [Sender(anna, chats[number::4]) for number in range(4)]
    receivers = [Receiver(person) for person in people]
    [thread.start() for thread in receivers + senders]
    [receiver.join() for receiver in receivers]
    for sender in senders:
        sender.is_over.set()
        sender.join()
    assert [receiver.failed for receiver in receivers] == [None] * PEOPLE
    for receiver in receivers:
        assert receiver.seqs == list(range(1, len(receiver.seqs) + 1))
    town.stop()
