"""`flask check`: what is well, and each way in which it is not."""

import json
import shutil
from pathlib import Path

import pytest

from app import create_app, db, migrate
from app.flask_command import FLASK
from app.queries import invariants
from tests.database import dump, rows, run
from tests.people import PASSWORD
from tests.test_migrate import FIRST

BREAKS = {
    "integrity": "PRAGMA ignore_check_constraints = ON; UPDATE sessions SET counter = -1 WHERE id = 1",
    "schema": "DROP INDEX messages_unread",
    "foreign keys": "DELETE FROM reports; DELETE FROM decisions WHERE report_id IS NOT NULL;"
    "INSERT INTO origins VALUES (999, '2026-11-23', 1)",
    "settings": "DELETE FROM settings WHERE name = 'ban_key'",
    "usernames": "UPDATE users SET canonical = 'other' WHERE id = 1",
    "birthdays": "UPDATE users SET birthday = '1995-02-30' WHERE id = 1;"
    "UPDATE discovery SET birthday = '1995-02-30' WHERE user_id = 1",
    "times of users": "UPDATE users SET last_active = 'soon' WHERE id = 1",
    "times of discovery": "UPDATE discovery SET active_before = '2026-11-23 07:06:30' WHERE user_id = 1",
    "times of sessions": "UPDATE sessions SET last_used_at = '' WHERE id = 1",
    "times of ended_sessions": "INSERT INTO ended_sessions VALUES (99, 1, 'x')",
    "times of latest_swipes": "INSERT OR REPLACE INTO latest_swipes VALUES (1, 2, 2, 'x')",
    "times of likes_given": "INSERT INTO likes_given (user_id, created_at) VALUES (1, 'x')",
    "times of birthday_changes": "INSERT INTO birthday_changes (user_id, created_at)"
    " VALUES (1, 'x')",
    "times of swipes": "UPDATE swipes SET created_at = '2026-11-23' WHERE id = 1",
    "times of chats": "UPDATE chats SET created_at = '2026-11-23T07:06:30Z' WHERE id = 1",
    "times of messages": "UPDATE messages SET created_at = '2026-11-23T07:06:30.403+01:00' WHERE id = 1",
    "times of events": "UPDATE events SET created_at = 'x' WHERE user_id = 1 AND seq = 1",
    "times of blocks": "UPDATE blocks SET created_at = 'x'",
    "times of reports": "UPDATE reports SET created_at = 'x' WHERE id = 1",
    "times of decisions": "UPDATE decisions SET until = 'x' WHERE action = 'suspend'",
    "times of bans": "UPDATE bans SET created_at = 'x'",
    "times of erasures": "INSERT INTO erasures SELECT id, 'x' FROM users WHERE deleted_at IS NOT NULL",
    "erasures": "INSERT INTO erasures SELECT id, '2026-01-01T00:00:00.000Z' FROM users WHERE deleted_at IS NOT NULL",
    "times of set_aside": "INSERT INTO set_aside (table_name, row_id, reason, original, created_at)"
    " VALUES ('users', 1, '', '{}', '')",
    "people in discovery": "DELETE FROM discovery WHERE user_id = 1",
    "discovery": "UPDATE users SET gender = 'male' WHERE id = 1",
    "points of the grid": "UPDATE discovery SET cell_24 = cell_24 + 1 WHERE user_id = 1",
    "places": "UPDATE users SET latitude = latitude + 1 WHERE id = 1",
    "origins": "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 11)"
    " INSERT INTO origins SELECT 2, '2026-11-23', n FROM n",
    "sessions": "UPDATE sessions SET expires_at = '2099-01-01T00:00:00.000Z' WHERE id = 1",
    "open chats": "DROP INDEX chats_open;"
    "INSERT INTO chats (user1_id, user2_id, created_at) SELECT user1_id, user2_id, created_at FROM chats WHERE id = 1",
    "latest messages": "UPDATE chats SET last_message_id = 1 WHERE id = 1",
    "messages": "DELETE FROM events WHERE user_id = 1; UPDATE messages SET receiver_id = 3 WHERE id = 3",
    "logs": "UPDATE users SET event_seq = event_seq + 1 WHERE id = 1",
    "events": "UPDATE events SET payload = json_set(payload, '$.chat_id', 2) WHERE user_id = 1 AND type = 'read_chat'",
    "events of messages": "UPDATE messages SET content = 'never said' WHERE id = 2",
    "messages that were told": "INSERT INTO messages (chat_id, sender_id, receiver_id, content, created_at)"
    " SELECT chat_id, sender_id, receiver_id, 'untold', created_at FROM messages WHERE id = 2;"
    "UPDATE chats SET last_message_id = (SELECT max(id) FROM messages) WHERE id = 1",
    "people who have left": "UPDATE users SET bio = 'still here' WHERE deleted_at IS NOT NULL",
    "what those had who have left": "INSERT INTO swipes (user_id, target_id, action, created_at)"
    " SELECT 1, id, 'dislike', created_at FROM users WHERE deleted_at IS NOT NULL",
    "bans": "DELETE FROM bans",
    "kept names": "INSERT INTO bans SELECT 'x', id, created_at FROM users"
    " WHERE deleted_at IS NOT NULL AND id NOT IN (SELECT user_id FROM bans)",
    "blocks": "INSERT INTO swipes (user_id, target_id, action, created_at)"
    " SELECT target_id, user_id, 'like', created_at FROM blocks",
    "reports": "UPDATE reports SET chat_id = 1, message_id = NULL WHERE id = 1",
    "evidence": "UPDATE reports SET target_id = (SELECT id FROM users WHERE deleted_at IS NOT NULL),"
    " chat_id = NULL, message_id = NULL WHERE id = 1",
    "decisions": "UPDATE decisions SET until = NULL WHERE action = 'suspend'",
}
ALSO = {"open chats": {"schema"}, "foreign keys": {"kept names"}}  # what else is broken by that


@pytest.fixture
def lived(app, person):
    """A database in which all has happened that can."""
    anna, boris, clara, dmitry, eve, fred = (person() for _ in range(6))
    anna.put_me(
        gender="female",
        latitude=50.98,
        longitude=11.33,
        photo_url="https://a.example/b",
        pref_max_age=40,
    )
    for step in range(12):  # the last ones are too many for a day
        boris.put_me(latitude=10 + step, longitude=10)
    chat = anna.match(boris)
    anna.write(chat, "hello")
    boris.write(chat, "hello!")
    anna.post("/chat/read", {"chat_id": chat})
    boris.post("/chat/read", {"chat_id": chat})
    bad = clara.write(clara.match(boris), "bad words")
    boris.post("/reports", {"user_id": clara.id, "category": "spam", "message_id": bad["id"]})
    ended = anna.match(dmitry)
    assert anna.call("DELETE", f"/chats/{ended}").status == 200
    eve.match(anna)
    assert eve.call("DELETE", "/me", {"password": PASSWORD}).status == 200
    dmitry.put_me(hide_activity=True, birthday="1996-06-06")
    gina = person()
    gina.put_me(birthday="1991-01-01")
    anna.like(gina)
    assert anna.call("DELETE", "/swipe/last").status == 200
    anna.post("/reports", {"user_id": gina.id, "category": "threat"})
    assert gina.call("DELETE", "/me", {"password": PASSWORD}).status == 200
    anna.post_json(anna.server, "/refresh", {"refresh_token": anna.tokens["refresh_token"]})
    for what in ("dismiss 1", f"ban {fred.id}", f"suspend {clara.id} --days 3"):
        assert (
            app.test_cli_runner().invoke(args=["moderate", *what.split(), "--yes"]).exit_code == 0
        )
    return app


def check(app, *args):
    result = app.test_cli_runner().invoke(args=["check", *args])
    return result.exit_code, result.stdout


def found(app):
    """The names of the checks that find something."""
    code, said = check(app, "--json")
    assert code == (said != "[]\n")
    return {finding["check"] for finding in json.loads(said)}


def test_all_is_well_whatever_people_do(lived):
    assert check(lived) == (0, "All is well\n")
    assert found(lived) == set()


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_named(lived, name):
    before = dump(lived.config["DATABASE_PATH"])
    run(lived.config["DATABASE_PATH"], BREAKS[name])
    assert dump(lived.config["DATABASE_PATH"]) != before
    assert found(lived) == {name} | ALSO.get(name, set())


def test_every_check_is_seen_to_fail():
    assert sorted(BREAKS) == sorted(
        ["integrity", "schema", "foreign keys"] + [one.name for one in invariants.ALL]
    )


def test_every_time_is_checked(app):
    columns = rows(
        app.config["DATABASE_PATH"],
        """
        SELECT tables.name, columns.name
        FROM sqlite_schema AS tables
        JOIN pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table'
          AND (columns.name LIKE '%\\_at' ESCAPE '\\' OR columns.name LIKE '%active%' OR columns.name LIKE '%until')
          AND columns.name NOT LIKE 'hide%'
        """,
    )
    for table, column in columns:
        (invariant,) = (one for one in invariants.ALL if one.name == f"times of {table}")
        assert f"{column} NOT GLOB" in invariant.broken


def test_it_says_how_many_and_which(lived):
    run(
        lived.config["DATABASE_PATH"],
        "UPDATE users SET canonical = 'x' || id WHERE deleted_at IS NULL",
    )
    run(lived.config["DATABASE_PATH"], "UPDATE users SET birthday = '1995-02-30' WHERE id = 9999")
    wrong = "`canonical` is not that of `username`, so that nobody logs in with it"
    assert check(lived) == (1, f"usernames: {wrong} (5: 1, 2, 3, 4, 6)\n")


def test_a_hole_in_a_log_is_found(lived):
    run(lived.config["DATABASE_PATH"], "DELETE FROM events WHERE user_id = 1 AND seq = 2")
    assert found(lived) == {"logs"}


def test_damage_to_pages_is_said_in_lines(lived):
    path = lived.config["DATABASE_PATH"]
    (root,) = rows(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'chats'")[0]
    while lived.extensions["idle_connections"]:
        lived.extensions["idle_connections"].pop().close()
    with open(path, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    code, said = check(lived)
    assert code == 1
    assert "integrity: " in said and "logs: " not in said
    assert "times of chats: it cannot be looked into" in said
    Path(path).write_bytes(b"rubbish " * 1000)
    result = create_app(lived.config).test_cli_runner().invoke(args=["check"])
    assert (result.exit_code, result.output) == (
        1,
        f"Error: {path}: file is not a database; see DATABASE_PATH\n",
    )


def test_a_migrated_database_is_well(settings, tmp_path):
    path = str(shutil.copy(FIRST, tmp_path / "dating.db"))
    migrate.migrate(path)
    settings["DATABASE_PATH"] = path
    app = create_app(settings)
    assert check(app) == (0, "All is well\n")
    while app.extensions["idle_connections"]:
        app.extensions["idle_connections"].pop().close()


def test_a_session_of_the_first_server_ends_when_all_do(settings, tmp_path):
    path = settings["DATABASE_PATH"] = str(shutil.copy(FIRST, tmp_path / "dating.db"))
    run(path, "UPDATE sessions SET refresh_expires = '2099-01-01 00:00:00'")
    migrate.migrate(path)
    assert set(rows(path, "SELECT expires_at = ends_at FROM sessions")) == {(1,)}
    app = create_app(settings)
    assert check(app) == (0, "All is well\n")
    brought_over_before = "UPDATE sessions SET expires_at = '2099-01-01T00:00:00.000Z'"
    run(path, brought_over_before)
    assert check(app) == (0, "All is well\n")
    run(path, "UPDATE sessions SET counter = 1")
    assert found(app) == {"sessions"}
    app.extensions["connections"].close()
    app.extensions["bell"].redis.close()


@pytest.mark.parametrize("is_reported", [False, True])
def test_who_has_left_may_be_blocked_still(app, person, is_reported):
    anna, eve = person(), person()
    anna.match(eve)
    assert eve.call("DELETE", "/me", {"password": PASSWORD}).status == 200
    if is_reported:
        anna.post("/reports", {"user_id": eve.id, "category": "spam"})
    else:
        assert anna.call("PUT", f"/blocks/{eve.id}").status == 200
    assert ([one["user_id"] for one in anna.get("/blocks")], anna.get("/chats")) == ([eve.id], [])
    assert check(app) == (0, "All is well\n")
    if is_reported:
        assert (
            app.test_cli_runner().invoke(args=["moderate", "dismiss", "1", "--yes"]).exit_code == 0
        )
        assert check(app) == (0, "All is well\n")
    run(app.config["DATABASE_PATH"], "UPDATE blocks SET created_at = '2020-01-01T00:00:00.000Z'")
    assert found(app) == {"what those had who have left"}


def test_an_older_schema_is_named(lived, tmp_path):
    run(lived.config["DATABASE_PATH"], f"PRAGMA user_version = {db.SCHEMA_VERSION - 1}")
    app = create_app(lived.config)
    result = app.test_cli_runner().invoke(args=["check"])
    assert (
        result.exit_code,
        f"run: {FLASK} migrate" in result.output,
        result.output.count("\n"),
    ) == (
        1,
        True,
        1,
    )


def test_it_hinders_no_writer(lived, monkeypatch):
    """While each check looks, somebody else can write."""
    others, written = db.connect(lived.config["DATABASE_PATH"]), []
    find = invariants.find

    def finding(invariant, most):
        others.execute("BEGIN IMMEDIATE")
        try:
            written.append(invariant.name)
            return find(invariant, most)
        finally:
            others.execute("COMMIT")

    monkeypatch.setattr(invariants, "find", finding)
    assert check(lived)[0] == 0
    assert written == [invariant.name for invariant in invariants.ALL]
    others.close()
