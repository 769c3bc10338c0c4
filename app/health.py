"""Whether a service lives, and whether it can do its work: for those who watch it, and who send it requests."""

import logging
import shutil
import threading
import time
from collections.abc import Callable

import redis
from flask import Blueprint, Flask, Response, current_app

from app import __version__, bell, db
from app.flask_command import FLASK
from app.problems import Problem

FRESH_SECONDS = 1.0  # however often it is asked, it looks no more often
PATIENCE_SECONDS = 2.0  # with other writers; who keeps them out for longer keeps everybody out
LEAST_FREE = 16 * 1024 * 1024  # bytes of disk: the write-ahead log of a busy moment must fit

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)


class Failing(Exception):
    """A part does not do its work, though it raises nothing."""


class Readiness:
    """What a process found out last. Whoever asks while it looks waits for that look."""

    def __init__(self) -> None:
        self._lock, self._looked, self._states = threading.Lock(), 0.0, dict.fromkeys(CHECKS, "ok")

    def states(self) -> dict[str, str]:
        """Each part's state, `ok` or `failing`."""
        with self._lock:
            if not self._looked or time.monotonic() >= self._looked + FRESH_SECONDS:
                self._states = {part: self._state(part, check) for part, check in CHECKS.items()}
                self._looked = time.monotonic()
            return self._states

    def _state(self, part: str, check: Callable[[], None]) -> str:
        try:
            check()
        except (Failing, db.Unusable, db.engine.Error, db.Busy, OSError, redis.RedisError) as error:
            if self._states[part] == "ok":
                log.warning(
                    "%s fails: %s", part, type(error).__name__ if part == "redis" else repr(error)
                )
            return "failing"
        if self._states[part] != "ok":
            log.warning("%s works again", part)
        return "ok"


def _database() -> None:
    path = current_app.config["DATABASE_PATH"]
    current_app.extensions["connections"].check_file()
    with db.probe(
        path
    ) as conn:  # a new connection, since an open one may write to a file that became read-only
        db.try_writing(conn, PATIENCE_SECONDS)
    if shutil.disk_usage(path).free < LEAST_FREE:
        raise Failing("the disk is full")


def _schema() -> None:
    current_app.extensions["connections"].check_file()
    with db.probe(current_app.config["DATABASE_PATH"]) as conn:
        found = db.version(conn, PATIENCE_SECONDS)
    if found != db.SCHEMA_VERSION:
        raise Failing(f"it is {found}, not {db.SCHEMA_VERSION}; run: {FLASK} migrate")


def _redis() -> None:
    with bell.client() as client:
        client.ping()


CHECKS = {"database": _database, "schema": _schema, "redis": _redis}


def init_app(app: Flask) -> None:
    """After bell's and problems'."""
    app.extensions["readiness"] = Readiness()
    app.register_blueprint(bp)


@bp.get("/healthz")
def show_life():
    """It runs, and what runs."""
    return {"status": "ok", "version": __version__, "sqlite": db.engine.sqlite_version}


@bp.get("/readyz")
def show_readiness():
    """The state of each part that every request needs; 503 where one fails."""
    states = current_app.extensions["readiness"].states()
    failing = [part for part, state in states.items() if state != "ok"]
    if failing:
        raise Problem(
            503,
            "not_ready",
            f"Failing: {', '.join(failing)}",
            headers={"Retry-After": "1"},
            more=states,
        )
    return states


@bp.after_request
def keep_fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
