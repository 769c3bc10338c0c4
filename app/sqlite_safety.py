"""Whether several processes may write with this SQLite. Standard library only: gunicorn reads it.

A checkpoint of one process while another one commits can damage the database:
https://www.sqlite.org/wal.html#walresetbug
"""

try:
    from pysqlite3 import dbapi2 as engine
except ImportError:  # pragma: no cover - where it has no wheel
    import sqlite3 as engine  # type: ignore[no-redef]

FIXED = (3, 51, 3)
BACKPORTS = ((3, 50, 7), (3, 44, 6))

WARNING = (
    f"SQLite {engine.sqlite_version} can damage a database that several processes write at once, "
    "so web runs as one process, whatever WEB_CONCURRENCY says. To run more, use a Python whose "
    "sqlite3 module has SQLite 3.51.3 or newer"
)


def is_safe(version: tuple[int, ...] = engine.sqlite_version_info) -> bool:
    """Return whether a version of SQLite has the fix."""
    return version >= FIXED or any(
        fix <= version[:3] and fix[:2] == version[:2] for fix in BACKPORTS
    )
