"""gunicorn's gevent worker with what it lacks: deadlines for clients, and room for new ones."""

import ctypes
import gc
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from gunicorn import util
from gunicorn.workers.ggevent import GeventWorker

from app.client_socket import ClientSocket

WAVE = 100  # connections


class Worker(GeventWorker):
    """The worker of both services. Its clients are ClientSockets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open = 0  # connections
        self._most_open = 0  # since memory was returned
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        self._waiting: dict[ClientSocket, None] = {}

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Return a context that does nothing: the ClientSocket has the deadlines."""
        return nullcontext()

    def load_wsgi(self) -> None:
        """Load the app. The garbage collector then leaves its objects alone, which makes its pauses shorter."""
        super().load_wsgi()
        gc.collect()
        gc.freeze()

    def notify(self) -> None:
        """Say each second that the worker lives. After a wave of connections, return their memory to the system."""
        super().notify()
        if self._trim and self._most_open - self._open >= WAVE:
            self._most_open = self._open
            self._trim(0)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection. It gets the last slot by ending the longest wait on another client."""
        self._open += 1
        self._most_open = max(self._most_open, self._open)
        try:
            if self._open >= self.worker_connections and self._waiting:
                next(iter(self._waiting)).shed()
            sock = ClientSocket(client, self.cfg.keepalive, self._waiting)
            super().handle(listener, sock, addr)
        finally:
            self._open -= 1

    def handle_request(self, listener_name: Any, req: Any, sock: ClientSocket, addr: Any) -> None:
        """Answer a request, then read what the app left of its body."""
        sock.start_body(req)
        try:
            super().handle_request(listener_name, req, sock, addr)
        except StopIteration:  # the connection ends with this answer
            sock.drain()
            raise
        sock.drain()
        sock.start_idling()


def _write_error(sock: ClientSocket, status: int, reason: str, _quoted: str) -> None:
    sock.refuse(status, reason)


util.write_error = _write_error  # it writes HTML, and closes under the answer
