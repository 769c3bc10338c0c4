"""What the database says to someone who opens it beside the service."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from app.db import engine  # never two copies of SQLite on one file in one process


def rows(path: str | Path, sql: str, params: Iterable[Any] = ()) -> list[tuple]:
    with closing(engine.connect(path)) as conn:
        return conn.execute(sql, tuple(params)).fetchall()


def run(path: str | Path, script: str) -> None:
    with closing(engine.connect(path)) as conn:
        conn.executescript(script)


def dump(path: str | Path) -> dict[str, list[tuple]]:
    """All that is in it, by table, and the schema."""
    schema = rows(path, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
    tables = [name for kind, name, _, _ in schema if kind == "table"]
    return {"": schema} | {table: rows(path, f"SELECT * FROM {table}") for table in tables}
