"""The database. The only file that knows which engine it is."""

import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from flask import Flask, current_app, g

from app import geo

try:
    from pysqlite3 import dbapi2 as engine  # the standard module over a newer SQLite
except ImportError:  # pragma: no cover - where it has no wheel
    import sqlite3 as engine  # type: ignore[no-redef]

Row = dict[str, Any]
VERSION = f"SQLite {engine.sqlite_version}"
SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0


class Busy(Exception):
    """Other writers kept the database for BUSY_SECONDS."""


def init_app(app: Flask) -> None:
    app.extensions["idle_connections"] = []
    app.teardown_appcontext(_give_back)


def connect(path: str) -> engine.Connection:
    """A connection of our making: rows are dicts, transactions only where we say BEGIN."""
    conn = engine.connect(path, isolation_level=None, timeout=0.02, check_same_thread=False)
    conn.row_factory = _row
    add_function(conn, geo.distance_km)
    conn.execute("PRAGMA foreign_keys = ON")
    conn.execute("PRAGMA synchronous = FULL")  # what was answered survives a power cut
    return conn


def add_function(conn: engine.Connection, function: Callable[..., Any]) -> None:
    """Make a pure Python function callable in SQL under its own name."""
    conn.create_function(function.__name__, function.__code__.co_argcount, function, deterministic=True)


def version(conn: engine.Connection) -> int:
    """Which schema the database has; 0 for an empty one and for the first server's."""
    return conn.execute("PRAGMA user_version").fetchone()["user_version"]


def statements(script: str) -> Iterator[str]:
    """The statements of a script one by one, since the engine's own way to run a script commits first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if engine.complete_statement(statement):
            yield statement
            statement = ""


def copy(path: str, target: str) -> None:
    """Copy a database as it stands, whole or not at all, with the same permissions."""
    with closing(engine.connect(path)) as source, closing(engine.connect(f"{target}.part")) as part:
        source.backup(part)
    shutil.copymode(path, f"{target}.part")
    os.replace(f"{target}.part", target)


def connection() -> engine.Connection:
    """This request's connection: an idle one, or a new one, opened after the fork."""
    if "connection" not in g:
        idle = current_app.extensions["idle_connections"]
        g.connection = idle.pop() if idle else _open_current()
    return g.connection


@contextmanager
def transaction() -> Iterator[None]:
    """All or nothing. Raises Busy; nothing inside may wait on a network."""
    conn = connection()
    begin(conn)
    try:
        yield
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def begin(conn: engine.Connection, seconds: float = BUSY_SECONDS) -> None:
    _patiently(conn, "BEGIN IMMEDIATE", seconds)


def use_wal(conn: engine.Connection) -> None:
    """Let readers and the writer go on side by side; the file remembers it."""
    _patiently(conn, "PRAGMA journal_mode = WAL", BUSY_SECONDS)


def _patiently(conn: engine.Connection, sql: str, seconds: float) -> None:
    """Ask again for so long. The waiting is ours, since SQLite's own would stop every greenlet. Raises Busy."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            conn.execute(sql).fetchall()
            return
        except engine.OperationalError as error:
            if not is_lock(error):
                raise
            if time.monotonic() > deadline:
                raise Busy from error
        time.sleep(random.uniform(0.001, 0.005))  # noqa: S311


def is_lock(error: engine.OperationalError) -> bool:
    """Whether another connection was in the way, and trying again may help."""
    return "locked" in str(error)


def one(sql: str, **params: Any) -> Row | None:
    """The first row of a statement that has at most one."""
    rows = connection().execute(sql, params).fetchall()
    return rows[0] if rows else None


def every(sql: str, **params: Any) -> list[Row]:
    return connection().execute(sql, params).fetchall()


def run(sql: str, **params: Any) -> int:
    """How many rows the statement changed."""
    return connection().execute(sql, params).rowcount


def _row(cursor: engine.Cursor, values: tuple) -> Row:
    names = (column[0] for column in cursor.description)
    return {name: bool(value) if name.startswith("is_") else value for name, value in zip(names, values, strict=True)}


def _open_current() -> engine.Connection:
    path = current_app.config["DATABASE_PATH"]
    conn = connect(path)
    if version(conn) != SCHEMA_VERSION:
        conn.close()
        raise RuntimeError(f"{path} does not have schema {SCHEMA_VERSION}; run: flask migrate")
    return conn


def _give_back(_error: BaseException | None) -> None:
    conn = g.pop("connection", None)
    if conn is not None:
        current_app.extensions["idle_connections"].append(conn)
