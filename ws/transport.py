"""The upgraded socket, made safe for two: our frames, and the pongs that the library's reader writes beside them."""

import socket
import struct
import threading
import time
from contextlib import suppress

from gevent import Timeout

from app.client_socket import ClientSocket

WRITE_SECONDS = 5.0
LINGER_SECONDS = 1.0
BUFFER_BYTES = (
    64 * 1024
)  # of the system's, which would hold megabytes for a client that does not read


class Transport:
    """Stands in for the socket that simple-websocket holds: whole writes, one at a time, with a deadline."""

    def __init__(self, sock: ClientSocket | socket.socket) -> None:
        if isinstance(sock, ClientSocket):
            sock = sock.release()
        self._sock, self._lock, self._closed = sock, threading.Lock(), False
        self.heard = time.monotonic()  # the last sign of life
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)

    def recv(self, size: int) -> bytes:
        time.sleep(0)  # a flood of one client leaves the others their turn
        data = self._sock.recv(size)
        self.heard = time.monotonic()
        return data

    def send(self, data: bytes) -> None:
        """Raises OSError, among them TimeoutError when the client reads too slowly."""
        with Timeout(WRITE_SECONDS, TimeoutError("the client does not read")), self._lock:
            self._sock.sendall(data)

    def close(self) -> None:
        """Called by the library's reader at its end: read on a little, lest a reset undo our last frame."""
        if self._closed:
            return
        self._closed = True
        with suppress(OSError), Timeout(LINGER_SECONDS, False):
            self._sock.shutdown(socket.SHUT_WR)
            while self._sock.recv(65536):
                pass
        self.abort()

    def reset(self) -> None:
        """End it without waiting for what the client has not read."""
        with suppress(OSError):
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        self._closed = True
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
