"""Ids and event numbers that were given once, and are never given again, whatever is restored."""

import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from app import db

JUMP = 1_000_000  # more than anybody did between a copy and now
DENSE = (
    "users",
    "reports",
)  # walks begin at anybody's id by chance, so there is no large gap; moderators type these


class Given(NamedTuple):
    """What a database gave so far."""

    lineage: str | None = None  # the same in a database and in its copies; None: unknown
    largest: dict[str, int] = {}  # by table; and in any user's log, as `event_seq`


def given(conn: db.engine.Connection) -> Given:
    """Return what a database of any schema gave. Raise engine.Error for other files."""
    largest = {
        row["name"]: row["seq"] for row in conn.execute("SELECT name, seq FROM sqlite_sequence")
    }
    if not db.version(conn):  # the first server had no events and no settings
        return Given(None, largest)
    seq = conn.execute("SELECT coalesce(max(event_seq), 0) AS event_seq FROM users").fetchone()
    secret = conn.execute("SELECT value FROM settings WHERE name = 'jwt_secret'").fetchone()
    return Given(secret and secret["value"], largest | seq)


def go_on(conn: db.engine.Connection, lost: Given, note: Path) -> None:
    """Let a copy go on from beyond all that was given since it was made.

    That is JUMP more than the larger of what the copy and the replaced database gave. When the
    replaced database is missing or another one, what was given since is unknown. The numbers then
    go on from the clock, in seconds since 1970, which fits into 31 bits until 2038. The file `note`
    keeps where that was, so that the next such restore goes on from JUMP more. If it is lost with
    the disk, numbers stay unique as long as fewer than one a second were given.

    A number given twice would let a lost refresh token open another user's session, and clients
    would take new events for those that they have. All clients get a `reset`.
    """
    kept = given(conn)
    is_known = lost.lineage is not None and lost.lineage == kept.lineage
    clock = 0 if is_known else _clock(note)
    for row in conn.execute(
        "SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'"
    ).fetchall():
        last = max(kept.largest.get(row["name"], 0), lost.largest.get(row["name"], 0))
        seq = last + last // 10 + 10 if row["name"] in DENSE else max(last + JUMP, clock)
        conn.execute("DELETE FROM sqlite_sequence WHERE name = :name", row)
        conn.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)", row | {"seq": seq}
        )
    if "event_seq" in kept.largest:
        conn.execute("DELETE FROM events")
        least = max(lost.largest.get("event_seq", 0) + JUMP, clock)
        conn.execute("UPDATE users SET event_seq = max(event_seq + ?, ?)", [JUMP, least])


def _clock(note: Path) -> int:
    """Return the seconds since 1970, or JUMP more than the last time, and note it."""
    start = int(time.time())
    with suppress(FileNotFoundError, ValueError):  # ValueError: a crash left it empty
        start = max(start, int(note.read_text()) + JUMP)
    note.write_text(str(start))
    return start
