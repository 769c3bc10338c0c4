"""People who leave: what goes, what stays, and what they take along."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from app import batches, db, erasures, times
from app.connections import FileMoved
from app.queries import account, sessions
from app.queries.account import TABLES
from tests.database import dump, rows, run
from tests.people import PASSWORD, Person
from tests.sockets import Socket

PRIVATE = {
    "name": "Anna Hushed",
    "gender": "hushed-gender",
    "interested_in": "hushed-interest",
    "bio": "hushed bio",
    "photo_url": "https://hushed.example/1.jpg",
    "location": "Hushed Town",
    "latitude": 12.3456,
    "longitude": 65.4321,
}


@pytest.fixture
def anna(person):
    anna = person("hushed-anna")
    anna.put_me(**PRIVATE)
    return anna


def in_the_app(anna):
    return anna.call("DELETE", "/me", {"password": PASSWORD})


def without_the_app(anna):
    return Person.post_json(
        anna.server, "/account-deletion", {"username": anna.username, "password": PASSWORD}
    )


@pytest.mark.parametrize("leave", [in_the_app, without_the_app])
def test_who_leaves_is_gone(anna, person, settings, leave):
    boris, fan = person(), person()
    chat_id = anna.match(boris)
    anna.write(chat_id, "their copy of this stays", client_id="hushed-client-id")
    boris.write(chat_id, "as does this")
    fan.like(anna)
    assert leave(anna).json == {"status": "deleted"}
    assert anna.call("GET", "/me").status == 401
    kept = str(dump(settings["DATABASE_PATH"]))
    for text in ("hushed", "Hushed", "12.3456", "65.4321"):
        assert text not in kept
    assert f"'target_id', {anna.id}" not in kept
    sql = "SELECT count(*) FROM swipes WHERE ? IN (user_id, target_id)"
    assert rows(settings["DATABASE_PATH"], sql, [anna.id]) == [(0,)]
    credentials = {"username": "hushed-anna", "password": PASSWORD}
    assert Person.post_json(anna.server, "/login", credentials).status == 401
    assert fan.call("POST", "/swipe", {"target_id": anna.id, "action": "like"}).status == 404
    assert fan.call("GET", f"/user/{anna.id}").status == 404
    assert anna.id not in [user["id"] for user in fan.get("/profiles/search")]


def test_leave_sent_twice_is_answered_alike(anna, person, settings):
    boris = person()
    first, again = in_the_app(anna), in_the_app(anna)
    assert (again.status, again.body) == (first.status, first.body) == (200, first.body)
    assert anna.call("GET", "/me").status == 401
    boris.post("/logout")
    assert in_the_app(boris).status == 401
    run(settings["DATABASE_PATH"], f"UPDATE users SET deleted_at = '{times.from_now(seconds=-31)}'")
    assert in_the_app(anna).status == 401


def test_the_other_keeps_the_conversation_and_hears_that_it_is_closed(anna, person):
    boris = person()
    chat_id = anna.match(boris)
    anna.write(chat_id, "hello", client_id="1")
    in_the_app(anna)
    (chat,) = boris.get("/chats")
    assert (chat["is_closed"], chat["user"]["name"], chat["last_message"]) == (
        True,
        "deleted user",
        "hello",
    )
    assert chat["user"]["photo_url"] is None
    assert [message["content"] for message in boris.get(f"/chat/messages/{chat_id}")][1:] == [
        "hello"
    ]
    assert boris.get("/events?after=2")["events"] == [
        {
            "type": "chat_closed",
            "chat_id": chat_id,
            "user_id": anna.id,
            "content": "Chat closed",
            "seq": 3,
        }
    ]
    answer = boris.call("POST", "/messages/send", {"chat_id": chat_id, "content": "are you there?"})
    assert (answer.status, answer.json["code"]) == (409, "chat_closed")
    boris.post("/chat/read", {"chat_id": chat_id})
    assert [message["content"] for message in boris.get(f"/chat/messages/{chat_id}")][1:] == [
        "hello"
    ]


def test_the_name_is_free_again_and_the_new_owner_is_somebody_else(anna, person):
    boris = person()
    chat_id = anna.match(boris)
    in_the_app(anna)
    other = person("Hushed-Anna")
    assert other.id != anna.id
    assert other.get("/chats") == []
    assert other.call("GET", f"/chat/messages/{chat_id}").status == 404


@pytest.mark.parametrize("password", ["wrong horse", "", "x" * 100])
def test_nobody_leaves_with_a_wrong_password(anna, password):
    assert anna.call("DELETE", "/me", {"password": password}).status == 403
    body = {"username": anna.username, "password": password}
    wrong = Person.post_json(anna.server, "/account-deletion", body)
    unknown = Person.post_json(anna.server, "/account-deletion", body | {"username": "nobody"})
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body) == (401, wrong.body)
    assert anna.get("/me")["bio"] == "hushed bio"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/me", {"bio": "hushed again"}),
        ("POST", "/swipe", {"target_id": "{boris}", "action": "like"}),
        ("POST", "/messages/send", {"chat_id": "{chat}", "content": "hushed words"}),
    ],
)
def test_what_was_under_way_when_they_left_leaves_no_trace(
    anna, person, settings, monkeypatch, method, path, body
):
    boris, clara = person(), person()
    ids = {"{boris}": boris.id, "{chat}": anna.match(clara)}
    find = sessions.find

    def leave_meanwhile(session_id, user_id):
        found = find(session_id, user_id)
        monkeypatch.setattr(sessions, "find", find)
        assert in_the_app(anna).status == 200
        return found

    monkeypatch.setattr(sessions, "find", leave_meanwhile)
    anna.call(method, path, {name: ids.get(value, value) for name, value in body.items()})
    assert "hushed" not in str(dump(settings["DATABASE_PATH"]))
    assert (
        rows(
            settings["DATABASE_PATH"],
            "SELECT 1 FROM swipes WHERE ? IN (user_id, target_id)",
            [anna.id],
        )
        == []
    )


def test_two_who_leave_leave_nothing_open(anna, person):
    boris = person()
    chat_id = anna.match(boris)
    for one in (anna, boris):
        assert in_the_app(one).status == 200
    clara = person()
    assert clara.call("GET", f"/chat/messages/{chat_id}").status == 404


def test_an_export_holds_all_that_is_mine_and_nothing_of_others(anna, person):
    boris = person("boris")
    boris.put_me(bio="a private bio")
    chat_id = anna.match(boris)
    anna.write(chat_id, "my words")
    boris.write(chat_id, "words of another")
    answer = anna.call("GET", "/me/export")
    assert answer.status == 200
    export = answer.json
    (profile,) = export["users"]
    assert PRIVATE.items() <= profile.items()
    assert [message["content"] for message in export["messages"]] == ["my words"]
    assert [(swipe["target_id"], swipe["action"]) for swipe in export["swipes"]] == [
        (boris.id, "like")
    ]
    assert [chat["with_user_id"] for chat in export["chats"]] == [boris.id]
    assert [event["type"] for event in export["events"]] == ["match", "message"]
    assert len(export["sessions"]) == 1
    text = answer.body.decode()
    assert "words of another" not in text
    assert "a private bio" not in text
    assert "password" not in text
    assert set(export) == {"exported_at", *TABLES}


def test_exports_are_limited(anna, app):
    app.config["LIMIT_EXPORT"] = "3 per day"
    assert [anna.call("GET", "/me/export").status for _ in range(4)] == [200, 200, 200, 429]


def test_every_table_with_a_user_in_it_is_in_the_list(app, settings):
    conn = db.connect(settings["DATABASE_PATH"])
    tables = [
        row["name"] for row in conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    about_users = {
        table
        for table in tables
        if table == "users"
        or any(key["table"] == "users" for key in conn.execute(f"PRAGMA foreign_key_list({table})"))
    }
    conn.close()
    assert about_users | {"set_aside"} == set(TABLES)
    assert set(tables) - about_users - {"set_aside"} == {"settings", "sqlite_sequence"}


def test_what_a_migration_set_aside_goes_too(app, anna, person, settings):
    boris = person()
    insert = "INSERT INTO set_aside (table_name, row_id, reason, original, created_at) VALUES (?, ?, '', ?, '')"
    conn = db.connect(settings["DATABASE_PATH"])
    for table, row_id, original in (
        ("users", anna.id, "{}"),
        ("messages", 5, f'{{"sender_id": {anna.id}, "content": "mine"}}'),
        (
            "messages",
            6,
            f'{{"receiver_id": {anna.id}, "sender_id": {boris.id}, "content": "theirs"}}',
        ),
        ("messages", anna.id, f'{{"sender_id": {boris.id}}}'),
    ):
        conn.execute(insert, [table, row_id, original])
    conn.close()
    assert [row["row_id"] for row in anna.get("/me/export")["set_aside"]] == [anna.id, 5]
    in_the_app(anna)
    assert rows(settings["DATABASE_PATH"], "SELECT row_id FROM set_aside") == [(anna.id,)]


def test_a_socket_of_who_leaves_is_closed_and_the_others_hear_it(town):
    anna, boris = town.person(), town.person()
    anna.match(boris)
    mine, theirs = (Socket(one.post("/ws/start")["url"]) for one in (anna, boris))
    in_the_app(anna)
    assert mine.closed() == (4401, "session ended")
    closed = theirs.receive()
    assert (closed["type"], closed["user_id"], closed["seq"]) == ("chat_closed", anna.id, 2)
    mine.close()
    theirs.close()


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)


def killed(*_args):
    raise KeyboardInterrupt


def left_of(user_id, path):
    """How many rows there are in the tables that are swept, and how many of erasures."""
    mine = f"{user_id} IN (user_id, target_id)"
    return [
        rows(path, f"SELECT count(*) FROM {table} WHERE {condition}")[0][0]
        for table, condition in [
            ("swipes", mine),
            ("blocks", mine),
            ("events", f"user_id = {user_id}"),
            ("messages", f"sender_id = {user_id} AND client_id IS NOT NULL"),
            ("erasures", "TRUE"),
        ]
    ]


@pytest.fixture
def busy_anna(anna, person):
    """Anna with several rows in each table that is swept, and the others."""
    others = [person() for _ in range(5)]
    for other in others[:3]:
        chat_id = anna.match(other)
        for number in range(2):
            anna.write(chat_id, "hello", client_id=f"{9 - chat_id}.{9 - number}")
        other.write(chat_id, "hello")
    for other in others[3:]:
        other.like(anna)
        assert anna.call("PUT", f"/blocks/{other.id}").status == 200
    assert others[0].call("PUT", f"/blocks/{anna.id}").status == 200
    return anna, others


def test_deletion_in_batches_leaves_nothing(busy_anna, settings, small_batches):
    anna, _ = busy_anna
    in_the_app(anna)
    assert left_of(anna.id, settings["DATABASE_PATH"]) == [0, 0, 0, 0, 0]


def test_deletion_killed_after_the_commit_shows_the_account_deleted(
    busy_anna, settings, monkeypatch
):
    anna, others = busy_anna
    monkeypatch.setattr(account, "change", killed)
    with pytest.raises(KeyboardInterrupt):
        in_the_app(anna)
    assert anna.call("GET", "/me").status == 401
    assert others[1].call("GET", f"/user/{anna.id}").status == 404
    (chat,) = others[1].get("/chats")
    assert (chat["is_closed"], chat["user"]["name"]) == (True, "deleted user")
    assert others[1].get("/events?after=0")["events"][-1]["type"] == "chat_closed"
    assert left_of(anna.id, settings["DATABASE_PATH"])[-1] == 1


@pytest.mark.parametrize("go_on", ["migrate", "another deletion"])
def test_deletion_killed_after_the_commit_is_finished_later(
    busy_anna, app, settings, monkeypatch, small_batches, go_on
):
    anna, others = busy_anna
    with monkeypatch.context() as patched:
        patched.setattr(account, "change", killed)
        with pytest.raises(KeyboardInterrupt):
            in_the_app(anna)
    assert app.test_cli_runner().invoke(args=["check"]).exit_code == 0
    if go_on == "migrate":
        assert app.test_cli_runner().invoke(args=["migrate"]).exit_code == 0
    else:
        monkeypatch.setattr(erasures, "STALE_MINUTES", 0)
        in_the_app(others[4])
    assert left_of(anna.id, settings["DATABASE_PATH"]) == [0, 0, 0, 0, 0]
    assert app.test_cli_runner().invoke(args=["check"]).exit_code == 0


@pytest.mark.parametrize("error", [db.Busy, db.engine.OperationalError, FileMoved])
@pytest.mark.parametrize("statement", ["find", "change", "unfinished"])
def test_deletion_with_a_failure_after_the_commit_is_answered(anna, monkeypatch, error, statement):
    def fail(*_args):
        raise error

    monkeypatch.setattr(account, "find", lambda *_args: [1])
    monkeypatch.setattr(account, statement, fail)
    assert in_the_app(anna).json == {"status": "deleted"}


def test_deletion_keeps_no_other_request_waiting(town):
    """A proxy sends the next user's request on a connection that is kept."""
    anna = town.person()
    connection = HTTPConnection(urlsplit(town.server.url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {anna.tokens['access_token']}"}
    kept = []
    for method, path in [("GET", "/me"), ("DELETE", "/me")]:
        connection.request(method, path, json.dumps({"password": PASSWORD}), headers)
        answer = connection.getresponse()
        answer.read()
        kept.append(answer.getheader("Connection"))
    connection.close()
    assert kept == ["keep-alive", "close"]


def test_export_of_many_rows_is_the_same_document(busy_anna, app, monkeypatch):
    anna, _ = busy_anna
    monkeypatch.setattr(db, "STREAM_ROWS", 2)
    monkeypatch.setattr("app.blueprints.account.MAX_EXPORT_BYTES_IN_MEMORY", 10)
    monkeypatch.setattr("app.blueprints.account.CHUNK_BYTES", 7)
    answer = anna.call("GET", "/me/export")
    with app.app_context():
        whole = {t: db.every(held.export, user_id=anna.id) for t, held in TABLES.items()}
    assert answer.json == {"exported_at": answer.json["exported_at"]} | whole
    assert [message["id"] for message in whole["messages"]] == sorted(
        message["id"] for message in whole["messages"]
    )
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="export.json"'
    assert answer.headers["Content-Type"] == "application/json"


def test_export_that_fails_in_the_middle_is_an_error(anna, app, monkeypatch):
    def broken(_user_id):
        yield "users", iter([{"id": anna.id}])
        raise db.Busy

    monkeypatch.setattr(account, "export", broken)
    answer = anna.call("GET", "/me/export")
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")


def test_export_of_a_slow_client_holds_no_transaction(anna, app, monkeypatch):
    with app.test_client() as client:
        token = anna.tokens["access_token"]
        answer = client.get(
            "/me/export", headers={"Authorization": f"Bearer {token}"}, buffered=False
        )
        (conn,) = app.extensions["idle_connections"]
        assert not conn.in_transaction
        answer.close()


def test_export_leaves_no_file(anna, settings, tmp_path, monkeypatch):
    monkeypatch.setattr("app.blueprints.account.MAX_EXPORT_BYTES_IN_MEMORY", 10)
    before = sorted(tmp_path.iterdir())
    assert anna.call("GET", "/me/export").status == 200
    assert sorted(tmp_path.iterdir()) == before


def test_deletion_finished_later_keeps_a_later_block(busy_anna, app, settings, monkeypatch):
    anna, others = busy_anna
    with monkeypatch.context() as patched:
        patched.setattr(account, "change", killed)
        with pytest.raises(KeyboardInterrupt):
            in_the_app(anna)
    assert others[1].call("PUT", f"/blocks/{anna.id}").status == 200
    with app.app_context():
        erasures.finish_all()
    kept = rows(settings["DATABASE_PATH"], "SELECT user_id, target_id FROM blocks")
    assert kept == [(others[1].id, anna.id)]


def test_deletion_deletes_own_blocks_of_any_time(anna, person, settings):
    """A block and the deletion may be of one millisecond, or the clock may be set back between them."""
    boris = person()
    assert anna.call("PUT", f"/blocks/{boris.id}").status == 200
    run(settings["DATABASE_PATH"], "UPDATE blocks SET created_at = '2999-01-01T00:00:00.000Z'")
    in_the_app(anna)
    assert rows(settings["DATABASE_PATH"], "SELECT user_id FROM blocks") == []
