"""Numbers of rows and of events that were given once, and are never given again, whatever is restored."""

import time

from app import db

JUMP = 1_000_000  # more than anybody did between a copy and now; and a second of the clock that numbers go on from
DENSE = (
    "users",
    "reports",
)  # walks begin at anybody's id by chance, so there is no large gap; moderators type these

Given = dict[str, int]  # the largest, by table; and in anybody's log, as `event_seq`


def given(conn: db.engine.Connection) -> Given:
    """Those of a database of any schema. Raises engine.Error where it is not one of ours."""
    found: Given = {
        row["name"]: row["seq"] for row in conn.execute("SELECT name, seq FROM sqlite_sequence")
    }
    if db.version(conn):  # the first server had no events
        found |= conn.execute(
            "SELECT coalesce(max(event_seq), 0) AS event_seq FROM users"
        ).fetchone()
    return found


def go_on(conn: db.engine.Connection, lost: Given) -> None:
    """Let a copy go on from beyond what was given since, as far as that is known, and in any case from the clock:
    microseconds since 1970, which JavaScript holds until 2255. Two restores of one copy never go on from the same.

    Else a refresh token of a lost session would open somebody else's, and who had heard of events that are lost would
    take new ones for them; now all whose place in the log is not the end get a `reset`.
    """
    kept, clock = given(conn), time.time_ns() // 1000
    for row in conn.execute(
        "SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'"
    ).fetchall():
        last = max(kept.get(row["name"], 0), lost.get(row["name"], 0))
        seq = last + last // 10 + 10 if row["name"] in DENSE else max(last + JUMP, clock)
        conn.execute("DELETE FROM sqlite_sequence WHERE name = :name", row)
        conn.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)", row | {"seq": seq}
        )
    if "event_seq" in kept:
        conn.execute("DELETE FROM events")
        least = max(lost.get("event_seq", 0) + JUMP, clock)
        conn.execute("UPDATE users SET event_seq = max(event_seq + ?, ?)", [JUMP, least])
