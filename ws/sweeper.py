"""Finds the connections that missed something: a query for all of them, now and then and when news was lost. At the
same time it tells who is here."""

import logging
import secrets
import threading
import time
from contextlib import suppress

import redis
from flask import Flask

from app import bell, presence, storage_errors
from app.queries import events, sessions
from ws.connection import ENDED, Connection
from ws.hub import Hub

SWEEP_SECONDS = 25
PAUSE_SECONDS = 0.25  # at least, however often news is lost

log = logging.getLogger(__name__)


class Sweeper:
    def __init__(self, app: Flask, hub: Hub) -> None:
        self._app, self._hub, self._due = app, hub, threading.Event()
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
                if storage_errors.is_outage(error):
                    storage_errors.note(error)
                else:
                    log.exception("a look into the log failed")
            time.sleep(PAUSE_SECONDS)

    def _sweep(self, cause: str) -> None:
        self._announce([connection for connection in self._hub.all() if connection.is_unheard])
        here = {connection.user_id: connection for connection in self._hub.all()}
        known = {
            user_id: one.inbox.cursor
            for user_id, one in here.items()
            if one.inbox.cursor is not None
        }
        for row in events.heads_beyond(known) if known else []:
            here[row["user_id"]].inbox.hear_of_head(row["seq"], cause)
        for user_id in (
            sessions.ended({one.session_id: user_id for user_id, one in here.items()})
            if here
            else []
        ):
            here[user_id].close(*ENDED)
        with suppress(redis.RedisError):
            presence.tell(self._process, list(here))

    def _announce(self, unheard: list[Connection]) -> None:
        for connection in unheard:
            connection.is_unheard = False
        if unheard:
            bell.ring([(connection.user_id, connection.announcement()) for connection in unheard])
