"""A client's socket under gunicorn, with a deadline for every wait.

gunicorn's gevent worker waits without a deadline for the rest of a body, and for a client that does not read its
answer: https://github.com/benoitc/gunicorn/issues/2652
"""

import errno
import json
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from gevent.socket import wait_write
from gunicorn.http.errors import ParseException

from app.client_wait import Wait

HEAD_SECONDS = 10.0  # from its first byte to its last
PAUSE_SECONDS = 10.0  # between two bytes of a body
GRACE_SECONDS = 20.0  # after that, MIN_BYTES_PER_SECOND on average
MIN_BYTES_PER_SECOND = 500
WRITE_PAUSE_SECONDS = 20.0  # the system reports space only when a third of its buffer is free
MAX_DRAIN_SECONDS, MAX_DRAIN_BYTES = 40.0, 8 * 1024 * 1024  # the rest of a body that no route read
LINGER_SECONDS, MAX_LINGER_BYTES = 2.0, 1024 * 1024  # reading on after the last answer
TURN_SECONDS = 0.05  # for other clients, after each answer
SEND_BUFFER_BYTES = (
    32 * 1024
)  # the system's default holds megabytes for a client that does not read
READ_BYTES = 64 * 1024


class SlowBody(ParseException):
    """A body that comes too slowly."""


class Phase(Enum):
    """What the server expects of the client."""

    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    DRAIN = auto()


class ClientSocket:
    """The part of a socket's interface that gunicorn uses. `waiting` has the sockets that wait, the longest first."""

    def __init__(
        self, sock: socket.socket, idle_seconds: float, waiting: "dict[ClientSocket, None]"
    ) -> None:
        self._sock, self._idle_seconds, self._waiting = sock, idle_seconds, waiting
        self._request: Any = None
        self._must_linger = False
        self.is_expired = False  # whether the client was too slow
        self._expect(Phase.IDLE, Wait(idle_seconds))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)

    def recv(self, size: int) -> bytes:
        """Read. Raises SlowBody in a body, TimeoutError after it; an idle client counts as gone."""
        if self._phase is Phase.DRAIN and self._wait.moved >= MAX_DRAIN_BYTES:
            raise TimeoutError
        try:
            data: bytes = self._run(self._wait, lambda: self._sock.recv(size))
        except TimeoutError:
            return self._expire()
        if data and self._phase is Phase.IDLE:
            self._expect(Phase.HEAD, Wait(HEAD_SECONDS))
        return data

    def sendall(self, data: bytes) -> None:
        """Write. Raises ConnectionResetError when the client does not read, and resets the connection."""
        wait = Wait(GRACE_SECONDS, WRITE_PAUSE_SECONDS, MIN_BYTES_PER_SECOND)
        rest = memoryview(data)
        while rest:
            try:
                sent = self._run(wait, lambda part=rest: self._sock.send(part))
            except TimeoutError:
                self.reset()
                raise ConnectionResetError(errno.ECONNRESET, "the client does not read") from None
            rest = rest[sent:]

    send = sendall

    def setblocking(self, flag: bool) -> None:
        """Do nothing: each wait sets its own timeout."""

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def close(self) -> None:
        if self._must_linger:
            self._linger()
        self._sock.close()

    def start_body(self, request: Any) -> None:
        """Expect the body of a request whose head was read."""
        self._request = request
        self._expect(Phase.BODY, Wait(GRACE_SECONDS, PAUSE_SECONDS, MIN_BYTES_PER_SECOND))

    def drain(self) -> None:
        """Read what is left of the body, so that no unread byte resets the connection under the answer."""
        body = self._request.body
        self._expect(Phase.DRAIN, Wait(MAX_DRAIN_SECONDS, PAUSE_SECONDS))
        try:
            while not body.failed and body.read(READ_BYTES):
                pass
        except (OSError, ParseException):
            pass  # gunicorn closes the connection, since `body.failed` is set
        self._must_linger = body.failed

    def end_after_answer(self) -> None:
        """Have the connection end with this answer, so that no other request waits for what runs after it."""
        self._request.force_close()

    def start_idling(self) -> None:
        """Let other clients have their turn, then expect the next request."""
        self._request = None
        with suppress(OSError):
            wait_write(self._sock.fileno(), TURN_SECONDS)  # a pause of 0 s lets no other socket in
        self._expect(Phase.IDLE, Wait(self._idle_seconds))

    def refuse(self, status: int, reason: str) -> None:
        """Answer what the app never gets to see in the way in which the app answers."""
        code, detail = reason.lower().replace(" ", "_"), "This is not a request that can be read"
        problem = {"type": "about:blank", "title": reason, "status": status, "code": code}
        body = json.dumps(problem | {"detail": detail})
        head = [
            f"HTTP/1.1 {status} {reason}",
            "Connection: close",
            "Content-Type: application/problem+json",
            "Access-Control-Allow-Origin: *",  # it tells a page nothing but this
            f"Content-Length: {len(body)}",
        ]
        self._must_linger = True
        with suppress(OSError):
            self.sendall("\r\n".join([*head, "", body]).encode())

    def release(self) -> socket.socket:
        """Return the socket itself, for a WebSocket: it has deadlines of its own."""
        self._sock.settimeout(None)
        return self._sock

    def shed(self) -> None:
        """End a wait as if the client had hung up."""
        self._waiting.pop(self, None)
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close without waiting for what the client has not read."""
        self._must_linger = False
        with suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def _expect(self, phase: Phase, wait: Wait) -> None:
        self._phase, self._wait = phase, wait

    def _run(self, wait: Wait, move: Callable[[], Any]) -> Any:
        self._waiting[self] = None
        try:
            return wait.run(self._sock, move)
        finally:
            self._waiting.pop(self, None)

    def _expire(self) -> bytes:
        if self._phase is Phase.DRAIN:
            raise TimeoutError
        if self._phase is Phase.BODY:
            self.is_expired = True
            self._request.force_close()
            raise SlowBody
        if self._phase is Phase.HEAD and not self.is_expired:
            self.is_expired = True
            self.refuse(408, "Request Timeout")
        return b""

    def _linger(self) -> None:
        """Read on for a while: a close with data unread would reset the connection under the answer."""
        wait = Wait(LINGER_SECONDS)
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            while wait.moved < MAX_LINGER_BYTES:
                if not self._run(wait, lambda: self._sock.recv(READ_BYTES)):
                    return
