"""The first server's database, made ready for the first migration.

SQLite checks no types: any column may hold a number, a BLOB, NULL or text that is not UTF-8.
"""

import itertools
from collections.abc import Iterator

from app import names, unicode
from app.bodies import Credentials
from app.db import engine
from app.first_server_values import text

MAX_ID = (
    2**52
)  # JavaScript reads ids exactly up to 2^53; the ids that replace others come after this
MAX_LOGIN_NAME = Credentials.sizes["username"].most
MAX_KEPT_NAME = 40  # characters of the old name in a new one

COLUMNS = {
    "users": "username password name gender interested_in bio photo_url location latitude longitude birthday "
    "created_at last_active",
    "sessions": "user_id device_id refresh_token refresh_expires",
    "swipes": "user_id target_id action created_at",
    "chats": "user1_id user2_id created_at",
    "messages": "chat_id sender_id receiver_id content is_read created_at",
}
REFERENCES = {
    "users": (
        "messages.sender_id messages.receiver_id swipes.user_id swipes.target_id sessions.user_id "
        "chats.user1_id chats.user2_id"
    ),
    "chats": "messages.chat_id",
}


def prepare(conn: engine.Connection) -> None:
    """Add what older variants lack, replace ids out of range, and give each user a name to log in with."""
    conn.execute("CREATE TABLE old_ids (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    conn.execute("DROP TABLE old_ids")  # SQLite keeps sqlite_sequence from now on
    for table, columns in COLUMNS.items():
        _complete(conn, table, columns.split())
    conn.execute("CREATE TABLE old_ids (table_name TEXT, old_id INTEGER, id INTEGER)")
    for table in COLUMNS:
        _replace_ids(conn, table)
    _name_users(conn)


def _complete(conn: engine.Connection, table: str, columns: list[str]) -> None:
    conn.execute(f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY)")
    present = {row["name"] for row in conn.execute(f"PRAGMA table_info({table})")}
    for column in columns:
        if column not in present:
            conn.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _replace_ids(conn: engine.Connection, table: str) -> None:
    """Replace ids that are not 1 to MAX_ID by new ones, in the table and where others refer to it."""
    odd = f"SELECT id FROM {table} WHERE id NOT BETWEEN 1 AND {MAX_ID} ORDER BY id"  # noqa: S608
    old_ids = [row["id"] for row in conn.execute(odd)]
    if not old_ids:
        return
    references = [reference.split(".") for reference in REFERENCES.get(table, "").split()]
    free = _free_ids(conn, table, references)
    conn.execute("CREATE TEMP TABLE new_ids (old_id INTEGER PRIMARY KEY, id INTEGER)")
    conn.executemany("INSERT INTO new_ids VALUES (?, ?)", zip(old_ids, free, strict=False))
    conn.execute("INSERT INTO old_ids SELECT ?, old_id, id FROM new_ids", (table,))
    for name, column in [*references, (table, "id")]:
        conn.execute(
            f"""
            UPDATE {name}
            SET {column} = (SELECT id FROM new_ids WHERE old_id = {name}.{column})
            WHERE {column} IN (SELECT old_id FROM new_ids)
              AND {_is_user_0(column)}
            """  # noqa: S608
        )
    conn.execute("DROP TABLE new_ids")


def _free_ids(conn: engine.Connection, table: str, references: list[list[str]]) -> Iterator[int]:
    """Yield ids after the largest in range that no row has, had or refers to."""
    places = [(table, "id"), *references]
    used = "\nUNION\n".join(
        f"SELECT {column} AS id FROM {name} WHERE typeof({column}) = 'integer'"  # noqa: S608
        for name, column in places
    )
    given = f"SELECT seq AS id FROM sqlite_sequence WHERE name = '{table}'"  # noqa: S608
    in_range = f"SELECT max(id) AS id FROM ({used} UNION {given}) WHERE id BETWEEN 1 AND {MAX_ID}"  # noqa: S608
    out_of_range = f"SELECT id FROM ({used}) WHERE id > {MAX_ID}"  # noqa: S608
    last = conn.execute(in_range).fetchone()["id"] or 0
    taken = {row["id"] for row in conn.execute(out_of_range)}
    return (number for number in itertools.count(last + 1) if number not in taken)


def _is_user_0(column: str) -> str:
    """Tell a message of a user 0 from the system's, which has the sender and the receiver 0, too."""
    if column not in ("sender_id", "receiver_id"):
        return "TRUE"
    return f"({column} <> 0 OR chat_id IN (SELECT id FROM chats WHERE 0 IN (user1_id, user2_id)))"  # noqa: S608


def _name_users(conn: engine.Connection) -> None:
    """Fill old_names: the first user with a name keeps it, the later ones get their id as a suffix.

    All names that can stay are given first, so that no made-up name takes one of them.
    """
    conn.execute(
        "CREATE TABLE old_names (id INTEGER PRIMARY KEY, username TEXT, canonical TEXT, reason TEXT)"
    )
    insert = "INSERT INTO old_names VALUES (?, ?, ?, ?)"
    taken: set[str] = set()
    renamed = []
    for user_id, name, is_usable in list(_names(conn)):
        key = names.login_key(name) if is_usable else ""
        if not key:
            renamed.append((user_id, name, "no name to log in with by today's rules"))
        elif key in taken:
            renamed.append((user_id, name, "this name is another person's by today's rules"))
        else:
            taken.add(key)
            conn.execute(insert, (user_id, name, key, None))
    for user_id, name, reason in renamed:
        new = next(
            name for name in _suggestions(name, user_id) if names.login_key(name) not in taken
        )
        taken.add(names.login_key(new))
        conn.execute(insert, (user_id, new, names.login_key(new), reason))


def _names(conn: engine.Connection) -> Iterator[tuple[int, str, bool]]:
    """Yield each user's id, name, and whether `/login` takes this name."""
    for row in conn.execute("SELECT id, CAST(username AS BLOB) AS username FROM users ORDER BY id"):
        raw = row["username"] or b""
        name = (text(raw) or "").strip()
        if unicode.is_blank(name):
            name = ""  # as `/login` reads it
        yield row["id"], name, len(name) <= MAX_LOGIN_NAME and _is_text(raw)


def _suggestions(name: str, user_id: int) -> Iterator[str]:
    base = name[:MAX_KEPT_NAME].strip() or "user"
    yield f"{base}-{user_id}"
    number = 2
    while True:
        yield f"{base}-{user_id}-{number}"
        number += 1


def _is_text(raw: bytes) -> bool:
    try:
        return "\x00" not in raw.decode()
    except UnicodeDecodeError:
        return False
