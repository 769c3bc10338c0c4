"""User id → the one connection of that user in this process."""

import threading
import time
from typing import Any

from ws.connection import REPLACED, Connection

RESTART = (1012, "restart")
SPREAD_STEPS, STEP_SECONDS = 40, 0.1  # when we stop, so that clients do not return in one wave


class Hub:
    def __init__(self) -> None:
        self._connections: dict[int, Connection] = {}
        self.is_stopping = False

    def add(self, connection: Connection) -> None:
        older = self._connections.get(connection.user_id)
        self._connections[connection.user_id] = connection
        if older:
            older.close(*REPLACED)

    def remove(self, connection: Connection) -> bool:
        """Whether it was still its user's connection; the closing of an older one leaves the newer alone."""
        if self._connections.get(connection.user_id) is not connection:
            return False
        del self._connections[connection.user_id]
        return True

    def get(self, user_id: int) -> Connection | None:
        return self._connections.get(user_id)

    def all(self) -> list[Connection]:
        return list(self._connections.values())

    def watch(self, worker: Any) -> None:
        """gunicorn tells no socket that its worker stops; a thread of ours does."""
        threading.Thread(target=self._close_when_stopped, args=[worker], daemon=True).start()

    def _close_when_stopped(self, worker: Any) -> None:
        """Wait until gunicorn stops this worker, then let nobody in and close every connection, a share at a time."""
        while worker.alive:
            time.sleep(STEP_SECONDS)
        self.is_stopping = True
        share = len(self._connections) // SPREAD_STEPS + 1
        while True:
            for connection in self.all()[:share]:
                self._connections.pop(connection.user_id)
                connection.close(*RESTART)
            time.sleep(STEP_SECONDS)
