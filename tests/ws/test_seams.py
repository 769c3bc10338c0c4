"""A connect at the moment when something is sent, with everything between its steps held open: it arrives, once."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.sockets import Socket
from tests.town import Town

PEOPLE, CONNECTS = 20, 100  # by each
STEPS_SECONDS = 0.15  # what a connect takes with its seams open


class Receiver(threading.Thread):
    """Connects again and again, each time while one message is sent, and nothing after it that would show a gap."""

    def __init__(self, person, send, pool):
        super().__init__(daemon=True)
        self.person, self.send, self.pool = person, send, pool
        self.seq, self.failed = 1, None  # the first event was the match

    def run(self):
        try:
            for _ in range(CONNECTS):
                self._connect()
        except Exception as error:
            self.failed = error

    def _connect(self):
        url = f"{self.person.post('/ws/start')['url']}&after={self.seq}"
        sending = self.pool.submit(self._send_after, random.uniform(0, STEPS_SECONDS))
        socket = Socket(url)
        socket.set_patience(5)  # less than from tick to tick
        assert socket.receive()["type"] == "hello"
        self.seq += 1
        assert socket.receive()["seq"] == self.seq
        sending.result()
        socket.close()

    def _send_after(self, seconds):
        time.sleep(seconds)  # to meet every step
        self.send()


def test_no_connect_misses_or_doubles_anything(tmp_path, redis_url):
    town = Town(tmp_path, redis_url, ws_app="tests.ws.apps:slow()")
    anna, people = town.person(), [town.person() for _ in range(PEOPLE)]
    chats = [anna.match(person) for person in people]
    with ThreadPoolExecutor(PEOPLE) as pool:
        receivers = [
            Receiver(person, lambda chat_id=chat_id: anna.write(chat_id, "hi"), pool)
            for person, chat_id in zip(people, chats, strict=True)
        ]
        [receiver.start() for receiver in receivers]
        [receiver.join() for receiver in receivers]
    assert [receiver.failed for receiver in receivers] == [None] * PEOPLE
    town.stop()
