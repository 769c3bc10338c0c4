"""A SQLite that can damage a database: `web` runs as one process."""

import os
import sqlite3

import pytest

from app import sqlite_safety
from tests.people import Person
from tests.town import Town, below


@pytest.mark.parametrize(
    ("version", "is_safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 9), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_sqlite_before_the_fix_is_not_safe(version, is_safe):
    assert sqlite_safety.is_safe(version) == is_safe


@pytest.mark.skipif(
    sqlite_safety.is_safe(sqlite3.sqlite_version_info), reason="Python's own SQLite is safe"
)
def test_web_with_an_unsafe_sqlite_is_one_process(tmp_path, redis_url):
    hidden = tmp_path / "hidden" / "pysqlite3"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError\n")
    path = f"{hidden.parent}:{os.environ.get('PYTHONPATH', '')}".rstrip(":")
    town = Town(tmp_path, redis_url, WEB_CONCURRENCY="3", PYTHONPATH=path)
    try:
        Person(town.server)
        assert len(below(town.pids["web"])) == 1
        assert len(below(town.pids["ws"])) == 2
        log = town.log.read_text()
        assert log.count(f"SQLite {sqlite3.sqlite_version} can damage") == 1
    finally:
        town.stop()


def test_web_with_a_safe_sqlite_says_nothing(town):
    assert len(below(town.pids["web"])) == 2
    assert "can damage" not in town.log.read_text()
