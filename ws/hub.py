"""User id → the one connection of that user in this process."""

import time
from typing import Any

from ws.connection import REPLACED, Connection

RESTART = (1012, "restart")


class Hub:
    def __init__(self) -> None:
        self._connections: dict[int, Connection] = {}

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

    def close_all(self, code: int, reason: str) -> None:
        for connection in list(self._connections.values()):
            connection.close(code, reason)

    def close_when_stopped(self, worker: Any) -> None:
        """Wait until gunicorn stops this worker, then close every connection with 1012, late ones too."""
        while True:
            time.sleep(0.1)
            if not worker.alive:
                self.close_all(*RESTART)
