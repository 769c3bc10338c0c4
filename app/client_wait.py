"""How long a client may make the server wait."""

import socket
import time
from collections.abc import Callable
from typing import Any


class Wait:
    """The seconds that a client may take: `seconds` in all, and more for each byte if there is a `rate`."""

    def __init__(self, seconds: float, pause: float | None = None, rate: float = 0) -> None:
        self._seconds, self._pause, self._rate = seconds, pause or seconds, rate
        self._waited = 0.0
        self.moved = 0  # bytes

    def run(self, sock: socket.socket, move: Callable[[], Any]) -> Any:
        """Return the result of `move`, a read or a write. Raises TimeoutError."""
        earned = self.moved / self._rate if self._rate else 0
        timeout = min(self._pause, self._seconds + earned - self._waited)
        if timeout <= 0:
            raise TimeoutError
        sock.settimeout(timeout)
        started = time.monotonic()
        moved = move()
        self._waited += time.monotonic() - started
        self.moved += moved if isinstance(moved, int) else len(moved)
        return moved
