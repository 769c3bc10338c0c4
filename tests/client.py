"""The reference client of one device: every event is applied once and in order, every message is sent once.

It keeps the last `seq` that it applied, reconnects with full jitter, drops what it has, asks again after
a gap, and retries a send under the same `client_id`. docs/events.md describes its algorithm.
"""

import http.client
import json
import queue
import random
import select
import struct
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from socket import SO_LINGER, SOL_SOCKET, socket, socketpair
from typing import Any, NamedTuple

import websocket

from tests.people import Answer, Person

LEAST_SECONDS, MOST_SECONDS = 0.5, 20.0  # between two attempts
SILENCE_SECONDS = 40.0  # counted from the last frame of any kind; the server pings more often
TOO_MANY_CONNECTIONS, SESSION_ENDED = 4409, 4401
AWAY = (OSError, http.client.HTTPException, websocket.WebSocketException)


class Refused(OSError):
    """An answer that may be another one later, after `retry_after` seconds at least."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.retry_after = float(answer.headers.get("Retry-After", 0))


class Closed(ConnectionAbortedError):
    """A close frame of the server."""

    def __init__(self, data: bytes) -> None:
        self.code = int.from_bytes(data[:2], "big")
        super().__init__(self.code)


class Sent(NamedTuple):
    chat_id: int
    content: str
    client_id: str


def jitter(failures: int) -> float:
    """Seconds to wait after so many failures in a row: full jitter, so that many clients do not return in waves."""
    return random.uniform(0, min(MOST_SECONDS, LEAST_SECONDS * 2**failures))


class Client:
    def __init__(self, person: Person, seq: int = 0) -> None:
        self.person, self.seq = person, seq
        self.applied: list[dict[str, Any]] = []  # durable frames
        self.signals: list[dict[str, Any]] = []  # `typing` and `delivered`
        self.acknowledged: list[tuple[Sent, dict[str, Any]]] = []
        self.history: list[
            tuple[int, list[dict[str, Any]]]
        ] = []  # of each socket and catch-up: `after`, what came
        self.resets = 0
        self.sockets = 0  # opened so far
        self.is_waiting = False  # closed with 4409 until `has_acted` is set
        self.has_acted = threading.Event()
        self.is_reading = threading.Event()
        self.is_reading.set()
        self._outbox: queue.Queue[Sent | None] = queue.Queue()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=run, daemon=True) for run in (self._listen, self._speak)
        ]

    def start(self) -> "Client":
        self._poke, self._poked = socketpair()
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stopped.set()
        self.has_acted.set()
        self._outbox.put(None)
        self.reset()
        for thread in self._threads:
            thread.join()
        self._poke.close()
        self._poked.close()

    def send(self, chat_id: int, content: str) -> None:
        """Say it as soon as the server can be reached, after what was to be said before."""
        self._outbox.put(Sent(chat_id, content, uuid.uuid4().hex))

    def is_idle(self) -> bool:
        """Whether all that was said is acknowledged."""
        return self._outbox.unfinished_tasks == 0

    def reset(self) -> None:
        """Lose the line, as with a phone that changes its network: the server gets a RST."""
        self.is_reading.set()
        self._poke.send(b"x")

    def _listen(self) -> None:
        self._failures = 0
        while not self._stopped.is_set():
            pause = 0.0
            try:
                self._follow()
            except Closed as closed:
                pause = self._after_close(closed.code)
            except Refused as refused:
                pause = refused.retry_after
            except AWAY:
                pass
            self._stopped.wait(max(pause, jitter(self._failures)))
            self._failures += 1

    def _follow(self) -> None:
        with self._connected() as socket:
            while not self._stopped.is_set():
                self.is_reading.wait()
                self._await_data(socket.sock)
                self._take(*socket.recv_data(control_frame=True))
                self._failures = 0

    def _after_close(self, code: int) -> float:
        """Return the least number of seconds to wait before the next socket."""
        if code == TOO_MANY_CONNECTIONS:
            self.has_acted.clear()
            self.is_waiting = not self._stopped.is_set()
            if self.is_waiting:
                self.has_acted.wait()
            self.is_waiting = False
        elif code == SESSION_ENDED:
            try:
                self._log_in()
            except Refused as refused:
                return refused.retry_after
            except AWAY:
                pass  # the next attempt logs in
        return 0.0

    def _await_data(self, sock: socket) -> None:
        poll = select.poll()  # select() takes no file numbers from 1024 on
        for each in (sock, self._poked):
            poll.register(each, select.POLLIN)
        readable = {number for number, _ in poll.poll(SILENCE_SECONDS * 1000)}
        if self._poked.fileno() in readable:
            self._poked.recv(1)
            sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            raise ConnectionResetError
        if not readable:
            raise TimeoutError

    @contextmanager
    def _connected(self) -> Iterator[websocket.WebSocket]:
        url = self._call("POST", "/ws/start")["url"]
        socket = websocket.create_connection(
            f"{url}&after={self.seq}", timeout=SILENCE_SECONDS, suppress_origin=True
        )
        self.sockets += 1
        self.history.append((self.seq, []))
        try:
            yield socket
        finally:
            socket.shutdown()

    def _take(self, opcode: int, data: bytes) -> None:
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise Closed(data)
        if opcode != websocket.ABNF.OPCODE_TEXT:
            return  # a ping, which the library has answered
        frame = json.loads(data)
        self.history[-1][1].append(frame)
        if frame["type"] == "hello":
            if "reset" in frame:
                self._start_over(frame["seq"])
        elif frame["type"] == "heartbeat":
            if frame["seq"] > self.seq:
                self._ask_again()
        elif "seq" not in frame:
            self.signals.append(frame)
        else:
            if frame["seq"] > self.seq + 1:
                self._ask_again()
            self._apply(frame)

    def _apply(self, frame: dict[str, Any]) -> None:
        if frame["seq"] == self.seq + 1:
            self.applied.append(frame)
            self.seq = frame["seq"]

    def _ask_again(self) -> None:
        has_more = True
        while has_more:
            answer = self._call("GET", f"/events?after={self.seq}")
            if "reset" in answer:
                return self._start_over(answer["next"])
            self.history.insert(-1, (self.seq, answer["events"]))
            for frame in answer["events"]:
                self._apply(frame)
            has_more = answer["has_more"]

    def _start_over(self, seq: int) -> None:
        """What came before is no longer kept as events; the chats themselves are."""
        self.resets += 1
        self._call("GET", "/chats")
        self.seq = seq

    def _speak(self) -> None:
        while not self._stopped.is_set():
            sent = self._outbox.get()
            failures = 0
            while sent and not self._stopped.is_set():
                pause = 0.0
                try:
                    answer = self._call("POST", "/messages/send", sent._asdict())
                    self.acknowledged.append((sent, answer))
                    break
                except Refused as refused:
                    pause = refused.retry_after
                except AWAY:
                    pass
                self._stopped.wait(max(pause, jitter(failures)))
                failures += 1
            self._outbox.task_done()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.person.call(method, path, body)
        if answer.status == 401:
            self._log_in()  # an access token lives for 15 minutes
        if answer.status in (401, 429) or answer.status >= 500:
            raise Refused(answer)
        assert answer.status < 300, answer
        return answer.json

    def _log_in(self) -> None:
        answer = self.person.try_log_in()
        if answer.status != 200:
            raise Refused(answer)
