"""The open connections of this process, by user."""

import threading
import time
from collections.abc import Callable
from typing import Any

from ws.connection import RESTART, TOO_MANY_CONNECTIONS, Connection

# Connections are closed over some seconds, so that clients do not reconnect all at once.
STOP_STEPS = 40
STOP_STEP_SECONDS = 0.1


class Hub:
    """Map a user id to the user's connections, oldest first."""

    def __init__(self, max_per_user: int) -> None:
        self._connections: dict[int, list[Connection]] = {}
        self._max_per_user = max_per_user
        self.is_stopping = False
        self.on_stop: Callable[[], None] | None = None

    def add(self, connection: Connection) -> None:
        self._connections.setdefault(connection.user_id, []).append(connection)

    def close_oldest(self, user_id: int) -> None:
        """Close the user's oldest connections beyond the maximum."""
        for connection in self.get(user_id)[: -self._max_per_user]:
            self.remove(connection)
            connection.close(TOO_MANY_CONNECTIONS)

    def remove(self, connection: Connection) -> bool:
        """Return whether the user has no connection left."""
        own = self._connections.get(connection.user_id, [])
        if connection in own:
            own.remove(connection)
        if not own:
            self._connections.pop(connection.user_id, None)
        return not own

    def get(self, user_id: int) -> list[Connection]:
        return list(self._connections.get(user_id, []))

    def all(self) -> list[Connection]:
        return [connection for own in list(self._connections.values()) for connection in own]

    def watch(self, worker: Any) -> None:
        """Start the thread that closes all connections when gunicorn stops the worker."""
        threading.Thread(target=self._close_when_stopped, args=[worker], daemon=True).start()

    def _close_when_stopped(self, worker: Any) -> None:
        while worker.alive:
            time.sleep(STOP_STEP_SECONDS)
        self.is_stopping = True
        if self.on_stop:
            self.on_stop()
        share = len(self.all()) // STOP_STEPS + 1
        while True:
            for connection in self.all()[:share]:
                self.remove(connection)
                connection.close(RESTART)
            time.sleep(STOP_STEP_SECONDS)
