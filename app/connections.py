"""The open connections of a process, and the file that they belong to."""

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

try:
    from pysqlite3 import dbapi2 as engine  # the standard module over a newer SQLite
except ImportError:  # pragma: no cover - where it has no wheel
    import sqlite3 as engine  # type: ignore[no-redef]

MAX_WAL_BYTES = 8 * 1024 * 1024  # a larger write-ahead log is cut back
WATCH_SECONDS = 2.0
EXIT_MARGIN_SECONDS = 2.5  # before the master kills a worker that still serves a request
CLOSE_TIMEOUT_SECONDS = 2.0
BESIDE = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a file that is in use

log = logging.getLogger(__name__)


class Unusable(RuntimeError):
    """The database cannot be used; the message says what to do."""


class FileMoved(Unusable):
    """The path no longer names the file that this process has opened."""


class Connections:
    """Lend each connection to one caller at a time, for one and the same file.

    A connection to a file that was moved away would write into a file that is no longer used. A new
    one would apply the old file's write-ahead log to the file that took its place. Both are refused
    until the file is back or the process restarts.
    """

    def __init__(self, path: str, open_connection: Callable[[], engine.Connection]) -> None:
        self.path, self._open_connection = path, open_connection
        self.idle: list[engine.Connection] = []
        self.writing = threading.RLock()  # this process's writers wait here, not inside SQLite
        self._all: set[engine.Connection] = set()
        self._file: int | None = None  # keeps the inode from being given to another file
        self._identity: tuple[int, int] | None = None
        self._is_closed = False
        self._recognize()  # before anything can take its place

    @contextmanager
    def lend(self) -> Iterator[engine.Connection]:
        """Yield an idle connection or a new one. Raises Unusable."""
        self.check_file()
        conn = self.idle.pop() if self.idle else self._open()
        try:
            yield conn
        finally:
            if self._is_closed or conn.in_transaction:  # it could not be rolled back
                self._drop(conn)
            else:
                self.idle.append(conn)

    @contextmanager
    def turn(self, timeout: float) -> Iterator[bool]:
        """Wait until no other transaction of this process runs. Yields False after `timeout` seconds."""
        is_ours = self.writing.acquire(timeout > 0, timeout if timeout > 0 else -1)
        try:
            yield is_ours
        finally:
            if is_ours:
                self.writing.release()

    def check_file(self) -> None:
        """Raise FileMoved if the path does not name the file that was first seen there."""
        if self._identity is None:
            self._recognize()
        elif _identity(self.path) != self._identity:
            self._let_go(self.idle)
            raise FileMoved(
                f"{self.path} is not the file that was opened: it was moved, replaced or deleted. "
                "Put it back, or restart web and ws; to replace a database, run: flask restore"
            )

    def _recognize(self) -> None:
        self._identity = _identity(self.path)
        if self._identity:
            if hasattr(os, "O_PATH"):  # closing another kind would drop SQLite's own locks
                self._file = os.open(self.path, os.O_PATH | os.O_CLOEXEC)
            make_private(self.path)

    def shrink_wal(self) -> None:
        """Merge a large write-ahead log and cut it back, which a long reader may have prevented before."""
        path = Path(self.path).resolve()
        with suppress(FileNotFoundError, engine.Error):
            if path.with_name(f"{path.name}-wal").stat().st_size > MAX_WAL_BYTES:
                uri = f"{path.as_uri()}?mode=rw"
                with closing(engine.connect(uri, 0, isolation_level=None, uri=True)) as conn:
                    conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()  # others may write
                    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close every connection, also those in use, so that the database file alone holds everything."""
        self._is_closed = True
        opened = list(self._all)
        for conn in opened:
            with suppress(engine.Error):
                conn.rollback()
        self._let_go(opened, CLOSE_TIMEOUT_SECONDS)
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> engine.Connection:
        if self._is_closed:
            raise Unusable("the service is stopping")
        conn = self._open_connection()
        self._all.add(conn)
        return conn

    def _let_go(self, connections: list[engine.Connection], timeout: float = 0) -> None:
        """Merge the write-ahead log into the file that it belongs to, then close these connections."""
        if connections:
            try:
                conn = connections[-1]
                conn.execute(f"PRAGMA busy_timeout = {int(timeout * 1000)}").fetchall()
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except engine.ProgrammingError:
                pass  # its user has closed it
            except engine.Error as error:
                log.warning("%s-wal was not merged: %s; copy both files", self.path, error)
        for conn in list(connections):
            self._drop(conn)

    def _drop(self, conn: engine.Connection) -> None:
        self._all.discard(conn)
        with suppress(ValueError):
            self.idle.remove(conn)
        with suppress(engine.Error):
            conn.close()


def watch(worker: Any, connections: Connections) -> None:
    """Start the thread that looks after the file while a gunicorn worker runs."""
    threading.Thread(target=_watch, args=[worker, connections], daemon=True).start()


def _watch(worker: Any, connections: Connections) -> None:
    """Close everything shortly before the master kills a worker whose clients do not let it end."""
    while worker.alive:
        time.sleep(WATCH_SECONDS)
        with suppress(Unusable, OSError):
            connections.check_file()
            _in_thread(connections.shrink_wal)
    time.sleep(max(0.0, worker.cfg.graceful_timeout - EXIT_MARGIN_SECONDS - WATCH_SECONDS))
    connections.close()


def _in_thread(work: Callable[[], None]) -> None:
    """Run it in a thread of the system, since SQLite would stop every greenlet."""
    from gevent import get_hub

    get_hub().threadpool.apply(work)


def _identity(path: str) -> tuple[int, int] | None:
    """Return what no two files share at a time; None for a file that is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def make_private(path: str) -> None:
    """Let only its owner read a database, which holds the secret that signs tokens."""
    for suffix in ("", *BESIDE):
        name = os.path.realpath(path) + suffix
        try:
            mode = stat.S_IMODE(os.stat(name).st_mode)
            if mode & 0o077:
                os.chmod(name, mode & 0o700)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("others may read %s: %s; run: chmod 600", name, error.strerror)
