"""The database. The only file that knows which engine it is."""

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g

from app import grid, words

try:
    from pysqlite3 import dbapi2 as engine  # the standard module over a newer SQLite
except ImportError:  # pragma: no cover - where it has no wheel
    import sqlite3 as engine  # type: ignore[no-redef]

Row = dict[str, Any]
VERSION = f"SQLite {engine.sqlite_version}"
SCHEMA_VERSION = 7
BUSY_SECONDS = 5.0
BOOLEANS = ("is_", "hide_")  # how the names of columns begin that are true or false
PAIRS = "(SELECT CAST(key AS INTEGER) AS key, value FROM json_each(:{}))"  # in SQL, a parameter that is {id: …} in JSON


class Busy(Exception):
    """Other writers kept the database for as long as we waited, BUSY_SECONDS for a request."""


class WrongSchema(RuntimeError):
    """The database is older or newer than the program, or not there."""


def init_app(app: Flask) -> None:
    app.extensions["idle_connections"] = []
    app.extensions["writing"] = threading.RLock()


def connect(path: str, patience: float = 0) -> engine.Connection:
    """A connection of our making: rows are dicts, transactions only where we say BEGIN.

    `patience` is how many seconds the engine itself waits for others; under gevent it must not wait at all.
    """
    conn = engine.connect(path, isolation_level=None, timeout=patience, check_same_thread=False)
    conn.row_factory = _row
    for function in (*grid.FUNCTIONS, words.words):
        add_function(conn, function)
    patiently(conn, "PRAGMA foreign_keys = ON")
    patiently(
        conn, "PRAGMA cache_size = -16384"
    )  # KiB; the default, 2 MiB, is less than an index of a large town
    patiently(
        conn, "PRAGMA synchronous = FULL"
    )  # what was answered survives a power cut; reads, so it may be busy
    return conn


@contextmanager
def probe(path: str) -> Iterator[engine.Connection]:
    """A connection of its own to a file that is there, for a moment; none is made. Raises engine.Error."""
    with closing(
        engine.connect(
            f"{Path(path).absolute().as_uri()}?mode=rw", 0, isolation_level=None, uri=True
        )
    ) as conn:
        conn.row_factory = _row
        yield conn


def try_writing(conn: engine.Connection, patience: float) -> None:
    """Have the one writer's place for a moment, and write nothing. Raises engine.Error; Busy after so many seconds."""
    patiently(conn, "BEGIN IMMEDIATE", patience=patience)
    conn.execute(
        f"PRAGMA user_version = {version(conn)}"
    )  # of a file that is read-only, BEGIN says nothing
    conn.execute("ROLLBACK")


def add_function(conn: engine.Connection, function: Callable[..., Any]) -> None:
    """Make a pure Python function callable in SQL under its own name."""
    conn.create_function(
        function.__name__, function.__code__.co_argcount, function, deterministic=True
    )


def version(conn: engine.Connection, patience: float = BUSY_SECONDS) -> int:
    """Which schema the database has; 0 for an empty one and for the first server's."""
    return patiently(conn, "PRAGMA user_version", patience=patience).fetchone()["user_version"]


def statements(script: str) -> Iterator[str]:
    """The statements of a script one by one, since the engine's own way to run a script commits first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if engine.complete_statement(statement):
            yield statement
            statement = ""


def create(path: str) -> None:
    """Make an empty file that its owner alone may read, if there is none."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def connection() -> Iterator[engine.Connection]:
    """The connection of the transaction that we are in; else an idle one, for the moment of a statement."""
    if "db_connection" in g:
        yield g.db_connection
        return
    idle = current_app.extensions["idle_connections"]
    conn = idle.pop() if idle else _open_current()
    try:
        yield conn
    finally:
        idle.append(conn)


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing. Raises Busy; nothing inside may wait on a network."""
    with (
        current_app.extensions["writing"],
        connection() as g.db_connection,
    ):  # this process's writers stand in line
        conn = g.db_connection
        try:
            patiently(conn, "BEGIN IMMEDIATE")
            yield
            conn.execute("COMMIT")
        finally:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            del g.db_connection


def use_wal(conn: engine.Connection) -> None:
    """Let readers and the writer go on side by side; the file remembers it."""
    patiently(conn, "PRAGMA journal_mode = WAL").fetchall()


def one(sql: str, **params: Any) -> Row | None:
    """The first row of a statement that has at most one."""
    rows = every(sql, **params)
    return rows[0] if rows else None


def every(sql: str, **params: Any) -> list[Row]:
    with connection() as conn:
        return patiently(conn, sql, params).fetchall()


def run(sql: str, **params: Any) -> int:
    """How many rows the statement changed."""
    with connection() as conn:
        return patiently(conn, sql, params).rowcount


def patiently(
    conn: engine.Connection, sql: str, params: Row | None = None, patience: float = BUSY_SECONDS
) -> engine.Cursor:
    """Ask again until so many seconds are over. The waiting is ours: SQLite's would stop every greenlet."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return conn.execute(sql, params or {})
        except engine.OperationalError as error:
            if "locked" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise Busy from error
        time.sleep(random.uniform(0.0005, 0.002))  # noqa: S311


def _row(cursor: engine.Cursor, values: tuple) -> Row:
    names = (column[0] for column in cursor.description)
    return {
        name: bool(value) if name.startswith(BOOLEANS) else value
        for name, value in zip(names, values, strict=True)
    }


def _open_current() -> engine.Connection:
    path = current_app.config["DATABASE_PATH"]
    if not os.path.exists(path):  # it would be made empty, and for everybody to read
        raise WrongSchema(f"there is no database {path}; run: flask migrate")
    conn = connect(path)
    if version(conn) != SCHEMA_VERSION:
        conn.close()
        raise WrongSchema(f"{path} does not have schema {SCHEMA_VERSION}; run: flask migrate")
    return conn
