"""Databases of the first server with whatever its schema allows: none stops the migration, and no row is lost."""

import json
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from app import config, create_app, migrate
from app.db import engine
from tests import first_server, limits
from tests.database import dump, rows
from tests.first_server import HASH
from tests.people import PASSWORD, InProcess, Person
from tests.test_check import check

EXAMPLES = 200


@pytest.fixture(scope="session")
def new_schema(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("new") / "new.db")
    migrate.migrate(path)
    return dump(path)[""]


@contextmanager
def served(path, redis_url):
    """The app on this database, in this process."""
    app = create_app(
        config.load(
            limits.NONE | {"DATABASE_PATH": path, "REDIS_URL": redis_url, "BCRYPT_COST": "4"}
        )
    )
    try:
        yield app
    finally:
        app.extensions["connections"].close()
        app.extensions["bell"].redis.close()


def raw(path):
    """All rows by table and id, texts as bytes, since they may not be UTF-8."""
    with closing(engine.connect(path)) as conn:
        conn.text_factory = bytes
        found = {}
        for table in first_server.TABLES:
            cursor = conn.execute(f"SELECT * FROM {table} ORDER BY id")
            columns = [column[0] for column in cursor.description]
            found[table] = {row[0]: dict(zip(columns, row, strict=True)) for row in cursor}
        return found


def new_ids(path):
    """The new id of each row that got one, by table and old id."""
    renumbered = rows(
        path,
        "SELECT table_name, row_id, original FROM set_aside WHERE reason LIKE 'this id is out of range%'",
    )
    return {(table, json.loads(original)["id"]): new for table, new, original in renumbered}


def notes(path):
    sql = "SELECT table_name, row_id, reason, original FROM set_aside WHERE json_valid(original)"
    return [row for row in rows(path, sql) if not row[2].startswith("this id is out of range")]


def assert_nothing_is_lost(before, path):
    after, moved = raw(path), new_ids(path)
    noted = {(table, row_id) for table, row_id, *_ in notes(path)}
    for table, found in before.items():
        ids = [moved.get((table, old), old) for old in found]
        assert len(set(ids)) == len(ids)
        assert set(after[table]) <= set(ids)
        for row_id, row in zip(ids, found.values(), strict=True):
            assert row_id in after[table] or (table, row_id) in noted
            if (table, row_id) not in noted:
                for column in after[table][row_id].keys() & {"action", "bio", "name", "content"}:
                    assert after[table][row_id][column] == row[column]
    assert len(after["users"]) == len(before["users"])


def assert_all_log_in(before, path, server):
    moved = new_ids(path)
    renamed = {
        row_id
        for table, row_id, reason, _ in notes(path)
        if "lives on as" in reason and table == "users"
    }
    accounts = dict(rows(path, "SELECT id, username FROM users"))
    for old_id, row in before["users"].items():
        if row["password"] != HASH:
            continue
        user_id = moved.get(("users", old_id), old_id)
        is_noted = user_id in renamed or not isinstance(row["username"], bytes)
        name = accounts[user_id] if is_noted else row["username"].decode()
        answer = Person.post_json(server, "/login", {"username": name, "password": PASSWORD})
        assert (answer.status, answer.json.get("user_id")) == (200, str(user_id)), name


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(made=first_server.databases())
def test_any_database_of_the_first_server_migrates(redis_url, new_schema, made):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "dating.db"))
        first_server.write(path, *made)
        before = raw(path)
        migrate.migrate(path)
        assert raw(f"{path}.before-migration") == before
        assert dump(path)[""] == new_schema
        assert_nothing_is_lost(before, path)
        migrated = dump(path)
        migrate.migrate(path)
        assert dump(path) == migrated
        with served(path, redis_url) as app:
            assert check(app) == (0, "All is well\n")
            assert_all_log_in(before, path, InProcess(app))


def names_after(path, usernames):
    """Migrate users of these names, ids from 1 on, and return their names after it."""
    found = [{"id": i, "username": name, "password": HASH} for i, name in enumerate(usernames, 1)]
    first_server.write(path, first_server.SCHEMA, {"users": found})
    migrate.migrate(path)
    return [name for (name,) in rows(path, "SELECT username FROM users ORDER BY id")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["bob", "x", "y", "bob ", "bob-4"], ["bob", "x", "y", "bob-4-2", "bob-4"]),
        (["bob", "BOB", "bob-2", "bob-2-2"], ["bob", "BOB-2-3", "bob-2", "bob-2-2"]),
        (["bob-2", "bob", "Bob-2", "bob "], ["bob-2", "bob", "Bob-2-3", "bob-4"]),
        (["bob-4", "BOB-4", "bob", "Bob"], ["bob-4", "BOB-4-2", "bob", "Bob-4-3"]),
        (["", "user-1", " "], ["user-1-2", "user-1", "user-3"]),
        (["a\x00b", b"bob", first_server.Invalid(b"\xff")], ["a\ufffdb-1", "bob", "\ufffd-3"]),
        (["long" * 300, 7, "Анна Мария "], ["long" * 10 + "-1", "7", "Анна Мария"]),
    ],
)
def test_migrate_names_that_collide_get_free_names(tmp_path, before, after):
    assert names_after(str(tmp_path / "dating.db"), before) == after


def test_migrate_ids_out_of_range_moves_what_refers_to_them(tmp_path):
    path = str(tmp_path / "dating.db")
    found = {
        "users": [
            {"id": i, "username": f"user {i}", "password": HASH} for i in (-1, 0, 5, 2**63 - 1)
        ],
        "chats": [
            {"id": 0, "user1_id": 0, "user2_id": 2**63 - 1},
            {"id": 3, "user1_id": 5, "user2_id": -1},
        ],
        "messages": [
            {"id": -9, "chat_id": 0, "sender_id": 2**63 - 1, "receiver_id": 0, "content": "to 0"},
            {"id": -8, "chat_id": 0, "sender_id": 0, "receiver_id": 2**63 - 1, "content": "from 0"},
            {"id": 4, "chat_id": 3, "sender_id": 0, "receiver_id": 0, "content": "It's a match!"},
        ],
        "swipes": [{"id": 1, "user_id": -1, "target_id": 6, "action": "like"}],
    }
    first_server.write(path, first_server.SCHEMA, found)
    migrate.migrate(path)
    assert rows(path, "SELECT id, username FROM users") == [
        (5, "user 5"),
        (7, "user -1"),  # 6 was somebody's, whom the swipe names
        (8, "user 0"),
        (9, f"user {2**63 - 1}"),
    ]
    assert rows(path, "SELECT id, user1_id, user2_id FROM chats") == [(3, 5, 7), (4, 8, 9)]
    sent = "SELECT id, chat_id, sender_id, receiver_id, content FROM messages"
    assert rows(path, sent) == [
        (4, 3, None, None, "It's a match!"),
        (5, 4, 9, 8, "to 0"),
        (6, 4, 8, 9, "from 0"),
    ]


def test_migrate_empty_refresh_token_is_no_credential(tmp_path, redis_url):
    path = str(tmp_path / "dating.db")
    session = {"user_id": 1, "device_id": "", "access_token": "", "access_expires": ""}
    session |= {"id": 1, "refresh_token": "", "refresh_expires": "2030-01-01 00:00:00"}
    user = {"id": 1, "username": "bob", "password": HASH}
    first_server.write(path, first_server.SCHEMA, {"users": [user], "sessions": [session]})
    migrate.migrate(path)
    assert rows(path, "SELECT table_name, row_id FROM set_aside") == [("sessions", 1)]
    with served(path, redis_url) as app:
        answer = Person.post_json(InProcess(app), "/refresh", {"user_id": 1, "refresh_token": ""})
        assert answer.status == 401


def test_migrate_database_of_users_alone_gets_the_other_tables(tmp_path, new_schema):
    path = str(tmp_path / "dating.db")
    user = {"id": 1, "username": "bob", "password": HASH}
    schema = (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, username, password); CREATE TABLE swipes (id)"
    )
    first_server.write(path, schema, {"users": [user]})
    migrate.migrate(path)
    assert dump(path)[""] == new_schema
    assert rows(path, "SELECT username FROM users") == [("bob",)]
