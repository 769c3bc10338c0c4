"""Clients of four kinds that make a server wait, opened again whenever the server ends them.

Run as `python -m tests.slow_clients PORT COUNT SECONDS TOKEN CHAT`, in a process of its own.
"""

import resource
import socket
import sys
import time
from contextlib import suppress

TICK_SECONDS = 0.1  # a look at a fifth of the connections
PER_TICK = 60  # connections opened at once
HALF_HEAD = "GET /me HTTP/1.1\r\nHos"
HALF_BODY = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"
IDLE = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
LONG_PAGE = (
    "GET /chat/messages/{}?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n"
)


class SlowClient:
    """One connection. Its kind is what it sends before it falls silent."""

    def __init__(self, port: int, sent: str) -> None:
        self.sent = sent
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.settimeout(5)
        with suppress(OSError):
            self.sock.connect(("127.0.0.1", port))
            self.sock.sendall(sent.encode())
        self.sock.setblocking(False)

    def is_open(self) -> bool:
        """Return whether the server still has it. Only the kind with a long answer never reads."""
        if self.sent.startswith("GET /chat"):
            return not self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        try:
            return bool(self.sock.recv(4096))
        except BlockingIOError:
            return True
        except OSError:
            return False


def run(port: int, count: int, seconds: float, kinds: list[str]) -> None:
    """Hold `count` connections open, a like number of each kind. Print a line when all are."""
    clients: list[SlowClient] = []
    deadline = time.monotonic() + seconds
    number = 0  # of the next one to look at
    while time.monotonic() < deadline:
        for _ in range(min(PER_TICK, count - len(clients))):
            clients.append(SlowClient(port, kinds[len(clients) % len(kinds)]))
            if len(clients) == count:
                print(count, flush=True)
        for _ in range(len(clients) // 5):
            number = (number + 1) % len(clients)
            client = clients[number]
            if not client.is_open():
                client.sock.close()
                clients[number] = SlowClient(port, client.sent)
        time.sleep(TICK_SECONDS)


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    port, count, seconds, token, chat = sys.argv[1:]
    page = LONG_PAGE.format(chat, token)
    run(int(port), int(count), float(seconds), [HALF_HEAD, HALF_BODY, IDLE, page])
