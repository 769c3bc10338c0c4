"""Hypothesis strategies for databases that the first server's schema allows, and how to write them."""

from contextlib import closing
from typing import Any

import bcrypt
from hypothesis import strategies as st

from app.db import engine
from tests.people import PASSWORD

SCHEMA = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT UNIQUE NOT NULL, password TEXT NOT NULL, name TEXT,
    gender TEXT, interested_in TEXT, bio TEXT, photo_url TEXT, location TEXT, latitude REAL, longitude REAL,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP, last_active TEXT, birthday TEXT);
CREATE TABLE swipes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, target_id INTEGER NOT NULL,
    action TEXT CHECK(action IN ('like', 'dislike')) NOT NULL, created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    UNIQUE(user_id, target_id));
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, device_id TEXT NOT NULL,
    access_token TEXT NOT NULL UNIQUE, refresh_token TEXT NOT NULL UNIQUE, access_expires DATETIME NOT NULL,
    refresh_expires DATETIME NOT NULL, UNIQUE(user_id, device_id) FOREIGN KEY(user_id) REFERENCES users(id));
CREATE TABLE chats (
    id INTEGER PRIMARY KEY AUTOINCREMENT, user1_id INTEGER NOT NULL, user2_id INTEGER NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP, UNIQUE(user1_id, user2_id));
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, chat_id INTEGER NOT NULL, sender_id INTEGER NOT NULL,
    receiver_id INTEGER NOT NULL, content TEXT NOT NULL, is_read BOOLEAN DEFAULT 0,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP, FOREIGN KEY (sender_id) REFERENCES users(id),
    FOREIGN KEY (receiver_id) REFERENCES users(id));
CREATE VIRTUAL TABLE user_locations USING rtree(id, min_lat, max_lat, min_lon, max_lon);
"""
# What a server before it may have had: no birthdays, no search by place; then no constraint and no type either.
WITHOUT_BIRTHDAYS = SCHEMA.replace(", birthday TEXT", "").partition("CREATE VIRTUAL")[0]
WITHOUT_CONSTRAINTS = """
CREATE TABLE users (id INTEGER PRIMARY KEY, username, password, name, gender, interested_in, bio, photo_url,
    location, latitude, longitude, created_at, last_active, birthday);
CREATE TABLE swipes (id INTEGER PRIMARY KEY, user_id, target_id, action, created_at);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, user_id, device_id, access_token, refresh_token, access_expires,
    refresh_expires);
CREATE TABLE chats (id INTEGER PRIMARY KEY, user1_id, user2_id, created_at);
CREATE TABLE messages (id INTEGER PRIMARY KEY, chat_id, sender_id, receiver_id, content, is_read, created_at);
"""
HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a"))


class Invalid(bytes):
    """The bytes of a value that SQLite holds as text, though it is not UTF-8."""


def mostly(common: st.SearchStrategy[Any], rare: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 5).flatmap(lambda number: common if number else rare)


anything = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=12),
    st.binary(max_size=6),
    st.sampled_from(
        [Invalid(b"\xff\xfe"), Invalid(b"bob\xc3"), Invalid(b"\xed\xa0\x80"), "a\x00b", ""]
    ),
)
TABLES = ("users", "swipes", "sessions", "chats", "messages")
MAX_ROWS = 7
odd_ids = st.sampled_from(
    [0, -1, -7, 2**31, 2**52, 2**52 + 1, 2**52 + 2, 2**53, 2**63 - 2, 2**63 - 1, -(2**63)]
)
odd_references = st.one_of(
    odd_ids, st.sampled_from([5.5, "1", "x", b"\x01", float("inf"), None, 99])
)
NAMES = (
    "bob|Bob|bob |\tbob|ｂｏｂ|bob-1|bob-2|bob-3|BOB-3 |bob-4|bob-4-2|bob-2-2|bob-3-2|user|user-1|user-2||  |1|2|"
    "ß|ss|ſs|¨1|\x01|a\x00b|👋|Анна Мария|анна  мария|\u200b|deleted user|ΑΣ|ας|ѐ|\u202ebob"
).split("|")
usernames = mostly(
    st.sampled_from(NAMES),
    st.one_of(
        st.sampled_from(
            ["long" * 300, "b" * 40 + " bob", "b" * 64, "٠" * 50_000, b"bob", Invalid(b"bob\xc3")]
        ),
        st.text(max_size=8),
        anything,
    ),
)
passwords = mostly(st.sampled_from([HASH, HASH.decode()]), anything)
times = mostly(
    st.sampled_from(
        [
            "2026-11-23 08:08:05",
            "2026-11-23 08:08:05.994406951+00:00",
            "2026-11-23 08:08:05.9 +0300 MSK m=+0.1",
            "0001-01-01 00:00:00+00:00",
            "1900-01-01 00:00:00+14:00",
            "9999-12-31 23:59:59-02:00",
            "2026-13-01 00:00:00",
            "٢٠٢٦-11-23 08:08:05",
            1764000000,
        ]
    ),
    anything,
)
birthdays = st.one_of(
    st.sampled_from(
        [
            "1981-02-11 00:00:00",
            "1981-02-30",
            "2999-01-01",
            "1981-W01-1",
            "19810211",
            "0000-00-00",
            1981,
        ]
    ),
    anything,
)
places = st.one_of(
    st.floats(-90, 90),
    st.sampled_from([90, -90, 180, -180, 91, "55.7", "x", 1e308, 5e-324, -0.0]),
    anything,
)
texts = st.one_of(st.text(max_size=12), st.sampled_from(["male", "x" * 100_000]), anything)


def tables(users: int, chats: int) -> dict[str, dict[str, st.SearchStrategy[Any]]]:
    """Return the columns of each table where there are so many users and chats."""
    someone = mostly(st.integers(1, users or 1), odd_references)
    return {
        "users": {
            "username": usernames,
            "password": passwords,
            **dict.fromkeys("name gender interested_in bio location".split(), texts),
            "latitude": places,
            "longitude": places,
            "created_at": times,
            "last_active": times,
            "birthday": birthdays,
        },
        "swipes": {
            "user_id": someone,
            "target_id": someone,
            "action": mostly(st.sampled_from(["like", "dislike"]), anything),
            "created_at": times,
        },
        "sessions": {
            "user_id": someone,
            "device_id": st.one_of(st.sampled_from(["", "phone", b"phone"]), anything),
            "access_token": st.integers(0, 2**63 - 1),
            "refresh_token": st.one_of(st.sampled_from(["", "token", b"token"]), anything),
            "access_expires": times,
            "refresh_expires": times,
        },
        "chats": {"user1_id": someone, "user2_id": someone, "created_at": times},
        "messages": {
            "chat_id": mostly(st.integers(1, chats or 1), odd_references),
            "sender_id": mostly(st.integers(0, users or 1), odd_references),
            "receiver_id": someone,
            "content": mostly(st.text(max_size=12), anything),
            "is_read": st.one_of(st.sampled_from([0, 1, 2, "false", "true", ""]), anything),
            "created_at": times,
        },
    }


@st.composite
def databases(draw: st.DrawFn) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """Draw a schema, and rows of each table; those that the schema refuses are left out when they are written."""
    schema = draw(st.sampled_from([SCHEMA, SCHEMA, SCHEMA, WITHOUT_BIRTHDAYS, WITHOUT_CONSTRAINTS]))
    sizes = {table: draw(st.integers(0, MAX_ROWS)) for table in TABLES}
    columns = tables(sizes["users"], sizes["chats"])
    rows = {
        table: [
            draw(st.fixed_dictionaries(columns[table]))
            | {"id": draw(mostly(st.just(number), odd_ids))}
            for number in range(1, size + 1)
        ]
        for table, size in sizes.items()
    }
    return schema, rows


def write(path: str, schema: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    with closing(engine.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        conn.executescript(schema)
        conn.execute("BEGIN")
        for table, found in rows.items():
            known = {name for _, name, *_ in conn.execute(f"PRAGMA table_info({table})")}
            for row in found:
                _insert(conn, table, {name: row[name] for name in row.keys() & known})
        conn.execute("COMMIT")


def _insert(conn: engine.Connection, table: str, row: dict[str, Any]) -> None:
    values = ", ".join("CAST(? AS TEXT)" if isinstance(v, Invalid) else "?" for v in row.values())
    params = [bytes(v) if isinstance(v, Invalid) else v for v in row.values()]
    conn.execute(f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({values})", params)
