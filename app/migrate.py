"""Brings a database, new, old or the first server's, to the current schema."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app import copies, db, first_server, first_server_values
from app.connections import make_private
from app.urls import is_web_url

MIGRATIONS = Path(__file__).with_name("migrations")
SCHEMA = Path(__file__).parent.with_name("schema.sql")


class NotOurs(Exception):
    """The file is not a database that this program can bring to its schema."""


def migrate(path: str) -> str:
    """Bring the file to the current schema in one transaction, and say in a line what was done.

    An older file is first copied to `<path>.before-migration`, or `-2` and so on if that exists. Any number of
    processes may call this at once.
    """
    db.create(path)
    make_private(path)
    with closing(db.connect(path, patience=60)) as conn:
        done = f"schema {db.SCHEMA_VERSION}"
        if db.version(conn) != db.SCHEMA_VERSION:
            conn.execute(
                "PRAGMA foreign_keys = OFF"
            )  # while tables are made anew; checked before the commit
            conn.execute(
                "PRAGMA secure_delete = ON"
            )  # the first server's tokens stood there readable
            conn.execute("BEGIN IMMEDIATE")
            done = _apply(conn, path)
            conn.execute("COMMIT")
        db.use_wal(conn)
    return f"{path}: {done}, {db.VERSION}"


def unchanged(path: str) -> str:
    """Return what `migrate` says of a database that already has the current schema."""
    return f"{path}: schema {db.SCHEMA_VERSION}, {db.VERSION}"


def _apply(conn: db.engine.Connection, path: str) -> str:
    found, tables = recognize(conn, path)
    if found == db.SCHEMA_VERSION:
        return f"schema {found}"
    kept = copies.copy(path, f"{path}.before-migration") if tables else ""
    for function in (*first_server_values.FUNCTIONS, is_web_url):
        db.add_function(conn, function)
    if tables and not found:
        first_server.prepare(conn)
    for script in _scripts(found) if tables else [SCHEMA]:
        _run(conn, script)
    for secret in ("jwt_secret", "ban_key", "redis_key"):
        insert = "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING"
        conn.execute(insert, [secret, secrets.token_hex(32)])
    conn.execute(f"PRAGMA user_version = {db.SCHEMA_VERSION}")
    if not tables:
        return f"made with schema {db.SCHEMA_VERSION}"
    count = conn.execute("SELECT count(*) AS rows FROM set_aside").fetchone()["rows"]
    done = f"brought from schema {found} to {db.SCHEMA_VERSION}, {count} rows noted in set_aside"
    return f"{done}, the old file is {kept}"


def recognize(conn: db.engine.Connection, path: str) -> tuple[int, set[str]]:
    """Which schema the database has, and its tables; none in an empty one. Raises NotOurs."""
    found = db.version(conn)
    tables = {
        row["name"] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    }
    if found > db.SCHEMA_VERSION:
        raise NotOurs(
            f"{path} has schema {found}, newer than this program's {db.SCHEMA_VERSION}; update the program"
        )
    if tables and not _is_ours(conn, found, tables):
        raise NotOurs(f"{path} is a database of something else; name another file")
    return found, tables


def _is_ours(conn: db.engine.Connection, found: int, tables: set[str]) -> bool:
    """Tell our database or the first server's from others. Its older variants lack tables and columns."""
    if found:
        return {"users", "swipes", "sessions", "chats", "messages"} <= tables
    columns = {row["name"] for row in conn.execute("PRAGMA table_info(users)")}
    is_complete = {"id", "username", "password"} <= columns
    return is_complete and bool({"swipes", "sessions", "chats", "messages"} & tables)


def differences(conn: db.engine.Connection) -> list[str]:
    """The names of what the database has otherwise than schema.sql, or one of them alone."""
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
    with closing(db.connect(":memory:")) as new:
        for statement in db.statements(SCHEMA.read_text("utf-8")):
            new.execute(statement)
        ours, theirs = ({tuple(row.values()) for row in each.execute(sql)} for each in (new, conn))
    return sorted({name for _, name, *_ in ours ^ theirs})


def _scripts(found: int) -> Iterator[Path]:
    return (path for path in sorted(MIGRATIONS.glob("*.sql")) if int(path.name[:4]) > found)


def _run(conn: db.engine.Connection, script: Path) -> None:
    for statement in db.statements(script.read_text("utf-8")):
        conn.execute(statement)
    broken = conn.execute("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise NotOurs(f"{script.name} left rows without what they refer to: {broken[:3]}")
