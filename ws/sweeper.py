"""Finds what a lost notification left behind: events in the log and sessions that ended.

One query serves all connections, at each tick and when a notification may have been lost. The same tick
tells Redis which users are connected.
"""

import logging
import secrets
import threading
import time
from contextlib import suppress

import redis
from flask import Flask

from app import presence, storage_errors, ws_address
from app.queries import events, sessions
from ws.connection import SESSION_ENDED, Connection
from ws.hub import Hub

SWEEP_SECONDS = 25
PAUSE_SECONDS = 0.25  # minimum between two sweeps

log = logging.getLogger(__name__)


class Sweeper:
    """A thread that compares the connections of this process with the database.

    `is_separate`: whether this process is of the `ws` service, not of `web`.
    """

    def __init__(self, app: Flask, hub: Hub, is_separate: bool) -> None:
        self._app = app
        self._hub = hub
        self._is_separate = is_separate
        self._due = threading.Event()
        self._cause = "sweep"
        self._process = secrets.token_hex(8)
        threading.Thread(target=self._run, daemon=True).start()

    def look(self, cause: str = "sweep") -> None:
        """Sweep soon, rather than at the next tick."""
        self._cause = cause
        self._due.set()

    def _run(self) -> None:
        while True:
            self._due.wait(SWEEP_SECONDS)
            self._due.clear()
            cause, self._cause = self._cause, "sweep"
            try:
                with self._app.app_context():
                    self._sweep(cause)
            except Exception as error:
                storage_errors.report(error, log, "a look into the log failed")
            time.sleep(PAUSE_SECONDS)

    def _sweep(self, cause: str) -> None:
        connections = self._hub.all()
        if connections:
            self._find_missed_events(connections, cause)
            self._close_ended_sessions(connections)
        with suppress(redis.RedisError):
            presence.tell(self._process, list({each.user_id for each in connections}))
        with suppress(redis.RedisError):
            if self._is_separate and not self._hub.is_stopping:
                ws_address.register()

    def _find_missed_events(self, connections: list[Connection], cause: str) -> None:
        cursors: dict[int, int] = {}  # the oldest of each user's connections
        for connection in connections:
            cursor = connection.inbox.cursor
            if cursor is not None:
                cursors[connection.user_id] = min(cursor, cursors.get(connection.user_id, cursor))
        for row in events.heads_beyond(cursors):
            for connection in self._hub.get(row["user_id"]):
                connection.inbox.hear_of_head(row["seq"], cause)

    def _close_ended_sessions(self, connections: list[Connection]) -> None:
        ended = sessions.ended(list({connection.session_id for connection in connections}))
        for connection in connections:
            if connection.session_id in ended:
                connection.close(SESSION_ENDED)
