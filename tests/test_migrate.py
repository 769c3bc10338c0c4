"""From nothing, and from the first server's database, to the current schema."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import bcrypt
import pytest

from app import copies, create_app, db, migrate
from app.first_server_values import rfc3339
from app.flask_command import FLASK
from tests.database import dump, rows, run
from tests.people import PASSWORD, InProcess, Person

FIRST = Path(__file__).parent / "data" / "first_server.db"


@pytest.fixture
def path(tmp_path):
    """The first server's file, where everybody's password is one that we know."""
    path = str(shutil.copy(FIRST, tmp_path / "dating.db"))
    run(
        path,
        f"UPDATE users SET password = '{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b'2a')).decode()}'",
    )
    return path


@pytest.fixture
def first_server(path, settings):
    """Our app on the first server's file."""
    settings["DATABASE_PATH"] = path
    migrate.migrate(path)
    app = create_app(settings)
    yield InProcess(app)
    app.extensions["connections"].close()


def test_an_old_database_gets_the_very_schema_of_a_new_one(path, tmp_path):
    new = str(tmp_path / "new.db")
    assert "made with schema" in migrate.migrate(new)
    assert "brought from schema 0" in migrate.migrate(path)
    assert dump(path)[""] == dump(new)[""]
    for each in (path, new):
        assert rows(each, "PRAGMA integrity_check") == [("ok",)]
        assert rows(each, "PRAGMA foreign_key_check") == []
        assert rows(each, "PRAGMA journal_mode") == [("wal",)]


def test_the_old_file_is_copied_aside(path):
    before = dump(path)
    migrate.migrate(path)
    assert dump(f"{path}.before-migration") == before


def test_the_copy_is_private_while_it_is_made(path, monkeypatch):
    os.chmod(path, 0o644)
    modes, fill = [], copies.fill

    def watched(source, part):
        modes.append(os.stat(part).st_mode & 0o777)
        fill(source, part)
        modes.append(os.stat(part).st_mode & 0o777)

    monkeypatch.setattr(copies, "fill", watched)
    migrate.migrate(path)
    kept = [path, f"{path}.before-migration"]
    assert modes == [0o600, 0o600]
    assert [os.stat(each).st_mode & 0o777 for each in kept] == [0o600, 0o600]


def test_migration_keeps_every_earlier_copy(path):
    before = dump(path)
    shutil.copy(path, f"{path}.again")
    migrate.migrate(path)
    os.replace(f"{path}.again", path)
    for suffix in copies.BESIDE:
        Path(path + suffix).unlink(missing_ok=True)
    run(path, "DELETE FROM swipes")
    assert f"{path}.before-migration-2" in migrate.migrate(path)
    assert dump(f"{path}.before-migration") == before
    assert dump(f"{path}.before-migration-2")["swipes"] == []


def migrate_to(schema, path, tmp_path, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(db, "SCHEMA_VERSION", schema)
        earlier.setattr(migrate, "MIGRATIONS", tmp_path)
        for script in sorted(Path(migrate.__file__).with_name("migrations").glob("*.sql"))[:schema]:
            shutil.copy(script, tmp_path)
        migrate.migrate(path)


@pytest.mark.parametrize("schema", [1, 2])
def test_a_database_of_an_earlier_schema_keeps_what_it_has(path, tmp_path, monkeypatch, schema):
    migrate_to(schema, path, tmp_path, monkeypatch)
    before = dump(path)
    assert f"brought from schema {schema} to" in migrate.migrate(path)
    after = dump(path)
    for table in before.keys() - {""}:
        columns = ", ".join(
            name
            for _, name, *_ in rows(f"{path}.before-migration-2", f"PRAGMA table_info({table})")
            if name != "refreshed_at"  # schema 7 has no such column
        )
        kept = set(rows(f"{path}.before-migration-2", f"SELECT {columns} FROM {table}"))
        assert kept <= set(rows(path, f"SELECT {columns} FROM {table}"))
        assert len(after[table]) == len(before[table]) or table in ("settings", "sqlite_sequence")
    assert rows(path, "SELECT count(*) FROM sessions WHERE ends_at < expires_at") == [(0,)]


def test_who_hides_when_they_are_here_stays_hidden(path, tmp_path, monkeypatch):
    migrate_to(3, path, tmp_path, monkeypatch)
    run(path, "UPDATE users SET last_active = created_at, hide_activity = id = 1")
    migrate.migrate(path)
    hidden = "SELECT user_id FROM discovery WHERE active_since IS NULL"
    assert rows(path, hidden) == [(1,)]


def test_schema_7_knows_latest_swipes_and_keeps_bans(path, tmp_path, monkeypatch):
    migrate_to(6, path, tmp_path, monkeypatch)
    run(path, "UPDATE swipes SET created_at = '2020-01-01T00:00:00.000Z'")
    run(path, "INSERT INTO bans VALUES ('x', 1, '2026-01-01T00:00:00.000Z')")
    migrate.migrate(path)
    latest = "SELECT user_id, target_id FROM swipes GROUP BY user_id HAVING id = max(id)"
    assert rows(path, "SELECT user_id, target_id FROM latest_swipes") == rows(path, latest) != []
    assert rows(path, "SELECT name_hmac, user_id FROM bans") == [("x", 1)]


def test_a_second_time_changes_nothing(path):
    migrate.migrate(path)
    before, copied = dump(path), os.stat(f"{path}.before-migration").st_mtime_ns
    assert f"schema {db.SCHEMA_VERSION}," in migrate.migrate(path)
    assert (dump(path), os.stat(f"{path}.before-migration").st_mtime_ns) == (before, copied)


def test_everybody_logs_in_with_their_old_password(path, first_server):
    names = [name for (name,) in rows(path, "SELECT username FROM users ORDER BY id")]
    assert names[2:6] == ["bob", "bob-4", "Clara", "дмитрий"]
    for number, name in enumerate(names, start=1):
        assert Person(first_server, name).id == number


def test_every_chat_and_message_is_there(path, first_server):
    anna = Person(first_server, "anna")
    (chat,) = anna.get("/chats")
    assert (chat["id"], chat["user"]["name"], chat["unread_count"]) == (1, "Boris", 1)
    assert chat["last_message_time"] == "2026-11-23T08:08:07.000Z"
    messages = anna.get("/chat/messages/1")
    assert [message["id"] for message in messages] == [1, 5, 6, 7]
    old = rows(
        FIRST,
        "SELECT id, chat_id, sender_id, receiver_id, content, is_read FROM messages WHERE id < 35",
    )
    new = "SELECT id, chat_id, coalesce(sender_id, 0), coalesce(receiver_id, 0), content, is_read FROM messages"
    assert rows(path, new) == old


def test_profiles_come_over(first_server):
    me = Person(first_server, "anna").get("/me")
    assert (me["birthday"], me["created_at"]) == (
        "1981-02-11T00:00:00Z",
        "2026-11-23T08:08:05.000Z",
    )
    assert (me["latitude"], me["longitude"]) == (55.71, 37.58)
    assert Person(first_server, "ivan").get("/me")["birthday"] is None
    assert (
        len(Person(first_server, "judy").get("/profiles/search")) == 7
    )  # the others have no birthday


def test_a_session_of_the_first_server_goes_on(first_server):
    ((token,),) = rows(FIRST, "SELECT refresh_token FROM sessions WHERE user_id = 4")
    body = {"user_id": 4, "refresh_token": token}
    tokens = Person.post_json(first_server, "/refresh", body).json
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert first_server.send("GET", "/me", headers=headers).json["username"] == "bob-4"
    again = Person.post_json(first_server, "/refresh", body).json
    assert again["refresh_token"] == tokens["refresh_token"]
    body["refresh_token"] = tokens["refresh_token"]
    assert Person.post_json(first_server, "/refresh", body).status == 200


def test_what_the_old_constraints_let_in_is_kept_aside(path):
    assert "4 rows noted in set_aside" in migrate.migrate(path)
    noted = rows(path, "SELECT table_name, row_id, reason, original FROM set_aside ORDER BY id")
    assert [row[:2] for row in noted] == [
        ("users", 4),
        ("swipes", 11),
        ("messages", 35),
        ("messages", 36),
    ]
    assert "lives on as bob-4" in noted[0][2]
    assert json.loads(noted[2][3])["content"] == "into a chat that is not there"


def test_no_readable_token_is_left_in_the_file(path):
    ((access, refresh),) = rows(
        path, "SELECT access_token, refresh_token FROM sessions WHERE id = 1"
    )
    migrate.migrate(path)
    content = b"".join(
        Path(f"{path}{part}").read_bytes()
        for part in ("", "-wal")
        if os.path.exists(f"{path}{part}")
    )
    assert access.encode() not in content and refresh.encode() not in content


def test_odd_rows_do_not_stop_it(path):
    run(
        path,
        """
            INSERT INTO chats (id, user1_id, user2_id) VALUES (50, 2, 1), (51, 5, 5), (52, 5, 999);
            INSERT INTO messages (id, chat_id, sender_id, receiver_id, content) VALUES
                (100, 50, 2, 1, 'in the second chat'), (101, 1, 1, 7, 'to a wrong receiver'), (102, 52, 5, 999, 'x');
            INSERT INTO swipes (user_id, target_id, action) VALUES (3, 3, 'like'), (999, 1, 'like');
            INSERT INTO sessions (user_id, device_id, access_token, refresh_token, access_expires, refresh_expires)
                VALUES (999, 'x', 'a', 'r', 'soon', 'later');
            UPDATE sessions SET refresh_expires = 'never' WHERE user_id = 5;
            UPDATE users SET latitude = 500 WHERE id = 5;
            UPDATE users SET longitude = NULL WHERE id = 6;
            UPDATE users SET birthday = 'unknown', created_at = NULL WHERE id = 7;
            INSERT INTO users (id, username, password)
                VALUES (60, 'Anna Maria', 'x'), (61, 'anna maria ', 'x'), (62, '👋', 'x');
        """,
    )
    migrate.migrate(path)
    assert rows(
        path, "SELECT chat_id, sender_id, receiver_id FROM messages WHERE id IN (100, 101)"
    ) == [
        (1, 2, 1),
        (1, 1, 2),
    ]
    assert rows(path, "SELECT last_message_id FROM chats WHERE id = 1") == [(101,)]
    assert rows(path, "SELECT username, canonical FROM users WHERE id >= 60") == [
        ("Anna Maria", "anna maria"),
        ("anna maria-61", "anna maria-61"),
        ("👋", "👋"),
    ]
    assert rows(path, "SELECT latitude, longitude, birthday FROM users WHERE id IN (5, 6, 7)")[
        :2
    ] == [
        (None, None, "1985-06-15"),
        (None, None, "1986-07-16"),
    ]
    noted = rows(path, "SELECT table_name, count(*) FROM set_aside GROUP BY table_name")
    assert dict(noted) == {"users": 5, "swipes": 3, "sessions": 1, "chats": 3, "messages": 4}


def test_ids_are_not_given_again(path):
    run(path, "DELETE FROM sessions WHERE id = 12")
    migrate.migrate(path)
    assert rows(path, "SELECT seq FROM sqlite_sequence WHERE name = 'sessions'") == [(12,)]


@pytest.mark.parametrize("script", ["CREATE TABLE recipes (id)", "PRAGMA user_version = 99"])
def test_a_file_of_something_else_is_left_alone(tmp_path, script):
    path = str(tmp_path / "other.db")
    run(path, script)
    before = Path(path).read_bytes()
    with pytest.raises(migrate.NotOurs, match=path):
        migrate.migrate(path)
    assert Path(path).read_bytes() == before


def test_many_at_once_make_one_database(path):
    said = []
    threads = [
        threading.Thread(target=lambda: said.append(migrate.migrate(path))) for _ in range(8)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sum("brought from" in line for line in said) == 1
    assert len(said) == 8


def test_killed_in_the_middle_the_file_is_as_it_was(path):
    """Killed at each of the migration's statements in turn."""
    before, script = dump(path), migrate.MIGRATIONS / "0001_first_server.sql"
    count = len(list(db.statements(script.read_text())))
    program = """
import os, signal, sys
from app import db, migrate
statements = db.statements
def until_killed(script):
    for number, statement in enumerate(statements(script)):
        if number == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        yield statement
db.statements = until_killed
migrate.migrate(sys.argv[1])
"""
    for number in [0, 1, count // 2, count - 1]:
        ended = subprocess.run([sys.executable, "-c", program, path, str(number)])
        assert ended.returncode == -signal.SIGKILL
        assert dump(path) == before
    assert "brought from" in migrate.migrate(path)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-23 08:08:05", "2026-11-23T08:08:05.000Z"),
        ("2026-12-23 08:08:05.994406951+00:00", "2026-12-23T08:08:05.994Z"),
        ("2026-11-23T10:08:05.5+02:00", "2026-11-23T08:08:05.500Z"),
        ("2026-11-23T08:08:05Z", "2026-11-23T08:08:05.000Z"),
        ("2026-02-30 08:08:05", None),
        ("9999-12-31 23:59:59-02:00", None),
        ("0001-01-01 00:00:00+00:00", None),
        ("soon", None),
        (None, None),
    ],
)
def test_times_of_the_first_server_are_understood(written, meant):
    assert rfc3339(written) == meant


def test_an_app_on_an_old_schema_says_what_to_do(path, settings):
    settings["DATABASE_PATH"] = path
    app = create_app(settings)
    with app.app_context(), pytest.raises(RuntimeError, match=f"run: {FLASK} migrate"):
        db.every("SELECT 1")


def test_the_command_says_what_it_did_and_what_went_wrong(path, settings, tmp_path, monkeypatch):
    settings["DATABASE_PATH"] = path
    runner = create_app(settings).test_cli_runner()
    result = runner.invoke(args=["migrate"])
    assert (result.exit_code, result.output.count("\n")) == (0, 1)
    assert f"brought from schema 0 to {db.SCHEMA_VERSION}" in result.output
    waited = []
    monkeypatch.setattr(signal, "pause", lambda: waited.append(True))
    monkeypatch.setenv("PS", "release.1")
    runner.invoke(args=["migrate"])
    assert waited == [True]
    settings["DATABASE_PATH"] = str(tmp_path / "other.db")
    run(settings["DATABASE_PATH"], "CREATE TABLE recipes (id)")
    result = create_app(settings).test_cli_runner().invoke(args=["migrate"])
    assert (result.exit_code, "something else" in result.output) == (1, True)
    for unusable in (str(tmp_path), str(tmp_path / "no such folder" / "dating.db")):
        settings["DATABASE_PATH"] = unusable
        result = create_app(settings).test_cli_runner().invoke(args=["migrate"])
        assert (result.exit_code, result.output.count("\n")) == (1, 1)
        assert "see DATABASE_PATH" in result.output


def test_a_new_file_is_its_owners_alone(tmp_path):
    path = tmp_path / "new.db"
    migrate.migrate(str(path))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", ["check", "demo", "moderate queue", "moderate ban 1 --yes"])
def test_other_commands_make_no_file(settings, command):
    app = create_app(settings)
    result = app.test_cli_runner().invoke(args=command.split())
    assert (
        result.exit_code,
        f"; run: {FLASK} migrate" in result.output,
        result.output.count("\n"),
    ) == (1, True, 1)
    assert not os.path.exists(settings["DATABASE_PATH"])
    app.extensions["bell"].redis.close()


def test_quiet_migrate_says_only_what_it_did(settings):
    app = create_app(settings)
    outputs = [
        app.test_cli_runner().invoke(args=["migrate", *options]).output
        for options in (["--quiet"], ["--quiet"], [])
    ]
    made, nothing, current = outputs
    assert "made with schema" in made
    assert nothing == ""
    assert f": schema {db.SCHEMA_VERSION}, SQLite" in current
    app.extensions["bell"].redis.close()
