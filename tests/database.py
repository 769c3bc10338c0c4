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


def dump(path: str | Path) -> list[str]:
    """All that is in it, as SQL."""
    with closing(engine.connect(path)) as conn:
        return list(conn.iterdump())
