"""The file itself: replaced while in use, left whole by a clean stop, private, and with a small log of changes."""

import os
import shutil
import signal
import socket
import stat
import threading
import time
from contextlib import closing, suppress

import pytest
import websocket

import dev
from app import connections, create_app, db, migrate
from app.db import engine
from tests.database import rows, run
from tests.people import PASSWORD, InProcess, Person, Remote
from tests.sockets import Socket
from tests.test_backup import command, finish
from tests.town import Town, eventually

FAILING = {"database": "failing", "schema": "failing", "redis": "ok"}


@pytest.fixture
def own_town(tmp_path, redis_url):
    town = Town(tmp_path, redis_url)
    settles(town, 200)  # every worker has seen the file
    yield town
    town.stop()


def services(town):
    return Remote(town.server.url), Remote(town.ws_url.replace("ws:", "http:"))


def settles(town, status):
    """Wait until both services answer `/readyz` so, ten times in a row from whichever process."""
    for service in services(town):
        eventually(
            lambda service=service: (
                {service.send("GET", "/readyz").status for _ in range(10)} == {status}
            ),
            20,
        )


def other_database(path, redis_url):
    """Make a whole database with a user of its own, as an operator would move into place."""
    migrate.migrate(str(path))
    run(
        path,
        "INSERT INTO users (username, canonical, password_hash, created_at)"
        " VALUES ('other', 'other', '', '2026-01-01T00:00:00.000Z');"
        "PRAGMA journal_mode = DELETE",
    )
    return path


def test_removed_folder_is_503_on_every_route(tmp_path, redis_url):
    folder = tmp_path / "data"
    folder.mkdir()
    town = Town(tmp_path, redis_url, only=["web"], DATABASE_PATH=str(folder / "town.db"))
    anna = town.person()
    shutil.rmtree(folder)
    account = {"username": "boris", "password": PASSWORD}
    for path in ("/register", "/login", "/ws/start"):
        answer = anna.call("POST", path, account)
        assert (answer.status, answer.json["code"]) == (503, "database_unavailable")
        assert answer.headers["Retry-After"] == "5"
    assert "Traceback" not in town.log.read_text()
    town.stop()


def test_replaced_file_is_refused_and_left_whole(own_town, tmp_path, redis_url):
    anna, boris = own_town.person(), own_town.person()
    chat_id = anna.match(boris)
    other = other_database(tmp_path / "other.db", redis_url)
    expected = other.read_bytes()
    os.replace(other, own_town.database)
    body = {"chat_id": chat_id, "content": "lost?"}
    for method, path, sent in (("POST", "/messages/send", body), ("GET", "/me", None)):
        answers = [anna.call(method, path, sent) for _ in range(10)]
        codes = {(answer.status, answer.json.get("code")) for answer in answers}
        assert codes == {(503, "database_unavailable")}
    settles(own_town, 503)
    for service in services(own_town):
        answer = service.send("GET", "/readyz").json
        assert {part: answer[part] for part in FAILING} == FAILING
    assert own_town.database.read_bytes() == expected
    log = own_town.log.read_text()
    assert "restart web and ws" in log
    assert "Traceback" not in log
    for name in ("web", "ws"):
        own_town.end(name, signal.SIGTERM)
    assert rows(own_town.database, "PRAGMA integrity_check") == [("ok",)]
    assert rows(own_town.database, "SELECT username FROM users") == [("other",)]
    own_town.start("web")
    eventually(lambda: dev.is_open(int(own_town.env["PORT"])), 30)
    assert own_town.person("clara").get("/me")["username"] == "clara"


def test_file_replaced_before_the_first_use_is_refused(settings, tmp_path, redis_url):
    path = settings["DATABASE_PATH"]
    migrate.migrate(path)
    server = InProcess(create_app(settings))
    os.replace(other_database(tmp_path / "other.db", redis_url), path)
    assert server.send("GET", "/readyz").status == 503
    assert Person.post_json(server, "/login", {"username": "a", "password": "b"}).status == 503


def test_deleted_file_is_503_until_a_restart(own_town):
    anna = own_town.person()
    for suffix in ("", "-wal", "-shm"):
        os.unlink(f"{own_town.database}{suffix}")
    codes = {
        (answer.status, answer.json["code"])
        for answer in (anna.call("PUT", "/me", {"bio": "x"}) for _ in range(10))
    }
    assert codes == {(503, "database_unavailable")}
    settles(own_town, 503)
    assert not own_town.database.exists()
    assert "Traceback" not in own_town.log.read_text()


def test_file_that_is_put_back_is_used_again(own_town, tmp_path):
    anna = own_town.person()
    away = tmp_path / "away.db"
    own_town.database.rename(away)
    assert {anna.call("GET", "/me").status for _ in range(10)} == {503}
    settles(own_town, 503)
    assert rows(away, "SELECT username FROM users") == [(anna.username,)]  # merged when let go
    away.rename(own_town.database)
    settles(own_town, 200)
    assert anna.put_me(bio="back")["bio"] == "back"


def test_upgrade_of_a_page_without_the_file_is_closed_with_4503(own_town, tmp_path):
    anna = own_town.person()
    urls = [anna.post("/ws/start")["url"] for _ in range(2)]
    own_town.database.rename(tmp_path / "away.db")
    with pytest.raises(websocket.WebSocketBadStatusException, match="503"):
        Socket(urls[0])
    page = Socket(urls[1], origin="https://page.example")
    assert page.closed() == (4503, "realtime unavailable")
    page.close()


def test_inode_of_a_deleted_file_is_not_taken_for_it(server, settings, tmp_path):
    """A file system gives a freed inode to the next file; the replaced one must not look like the old."""
    path, anna = settings["DATABASE_PATH"], Person(server)
    for number in range(5):
        other = tmp_path / f"other{number}.db"
        shutil.copy(path, other)
        os.replace(other, path)
        assert anna.call("GET", "/me").status == 503


class Talk(threading.Thread):
    """Send messages until the service is gone, and keep what was acknowledged."""

    def __init__(self, person, chat_id):
        super().__init__(daemon=True)
        self.person, self.chat_id, self.acknowledged = person, chat_id, []

    def run(self):
        try:
            while True:
                text = f"{self.person.id}:{len(self.acknowledged)}"
                self.acknowledged.append(self.person.write(self.chat_id, text)["content"])
        except (OSError, AssertionError):
            return


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("order", [("web", "ws"), ("ws", "web")])
def test_database_file_alone_is_whole_after_a_stop(own_town, tmp_path, order, number):
    anna, boris = own_town.person(), own_town.person()
    chat_id = anna.match(boris)
    sockets = [Socket(person.post("/ws/start")["url"]) for person in (anna, boris)]
    talks = [Talk(person, chat_id) for person in (anna, boris)]
    for talk in talks:
        talk.start()
    eventually(lambda: all(len(talk.acknowledged) > 15 for talk in talks), 30)
    pids = [own_town.pids[name] for name in order]
    for pid in pids:
        os.kill(pid, number)
    eventually(lambda: not any(dev.is_running(pid) for pid in pids), 40)
    for talk in talks:
        talk.join()
    for pid in pids:
        del own_town.processes.names[pid]
    alone = shutil.copy(own_town.database, tmp_path / "alone.db")
    kept = {content for (content,) in rows(alone, "SELECT content FROM messages")}
    assert {content for talk in talks for content in talk.acknowledged} <= kept
    assert rows(alone, "SELECT count(*) FROM users") == [(2,)]
    assert not os.path.exists(f"{own_town.database}-wal")
    for each in sockets:
        each.close()


def drip(port):
    """Send a body for as long as a worker of `web` reads it."""
    with socket.create_connection(("127.0.0.1", port), 10) as client, suppress(OSError):
        client.sendall(b"POST /register HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{")
        while True:
            client.sendall(b" " * 200)
            time.sleep(0.2)  # the pause of a slow client


def test_client_that_holds_up_a_stop_leaves_the_file_whole(own_town, tmp_path):
    """The master kills a worker that still reads a request; it must have closed the file by then."""
    anna = own_town.person()
    port = int(own_town.env["PORT"])
    clients = [threading.Thread(target=drip, args=[port], daemon=True) for _ in range(8)]
    for each in clients:
        each.start()
    assert anna.get("/me")
    for name in ("ws", "web"):
        os.kill(own_town.pids[name], signal.SIGTERM)
    for name in ("ws", "web"):
        eventually(lambda name=name: not dev.is_running(own_town.pids[name]), 40)
        del own_town.processes.names[own_town.pids[name]]
    alone = shutil.copy(own_town.database, tmp_path / "alone.db")
    assert rows(alone, "SELECT username FROM users") == [(anna.username,)]
    assert not os.path.exists(f"{own_town.database}-wal")
    for each in clients:
        each.join(10)


def test_command_leaves_the_file_whole(settings, tmp_path):
    migrate.migrate(settings["DATABASE_PATH"])
    code, said = finish(command(settings["DATABASE_PATH"], "demo"))
    assert code == 0, said
    alone = shutil.copy(settings["DATABASE_PATH"], tmp_path / "alone.db")
    assert rows(alone, "SELECT count(*) > 10 FROM users") == [(1,)]


def modes(path):
    names = [path, f"{path}-wal", f"{path}-shm"]
    return [stat.S_IMODE(os.stat(name).st_mode) for name in names if os.path.exists(name)]


def test_readable_database_becomes_private(settings, redis_url):
    path = settings["DATABASE_PATH"]
    migrate.migrate(path)
    os.chmod(path, 0o644)
    app = create_app(settings)
    Person(InProcess(app))
    assert modes(path) == [0o600] * 3
    app.extensions["connections"].close()


def test_unchangeable_mode_is_a_warning(settings, monkeypatch, caplog):
    path = settings["DATABASE_PATH"]
    migrate.migrate(path)
    os.chmod(path, 0o644)

    def refuse(*_args):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(connections.os, "chmod", refuse)
    migrate.migrate(path)
    assert "run: chmod 600" in caplog.text


def test_log_of_changes_shrinks_after_a_long_reader(own_town):
    anna, boris = own_town.person(), own_town.person()
    chat_id = anna.match(boris)
    wal = f"{own_town.database}-wal"
    with closing(engine.connect(own_town.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM users").fetchall()
        with closing(engine.connect(own_town.database, isolation_level=None)) as writer:
            while os.path.getsize(wal) < 3 * connections.MAX_WAL_BYTES:
                writer.execute("UPDATE users SET bio = hex(randomblob(500000))")
            writer.execute("UPDATE users SET bio = ''")
        reader.execute("ROLLBACK")
    eventually(lambda: os.path.getsize(wal) <= connections.MAX_WAL_BYTES)
    assert anna.write(chat_id, "on")["content"] == "on"


def test_connections_bound_the_log_of_changes(app):
    with app.app_context(), db.connection() as conn:
        found = conn.execute("PRAGMA journal_size_limit").fetchone()
    assert found == {"journal_size_limit": connections.MAX_WAL_BYTES}
