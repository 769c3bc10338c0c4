"""What a service says of itself, to whoever watches it."""

import os
import shutil
import signal
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

import app as project
from app import config, create_app, db, health, migrate
from app.db import engine
from app.flask_command import FLASK
from tests.database import run
from tests.people import InProcess, Remote
from tests.test_bad_input import assert_problem
from tests.town import Town, eventually
from tests.ws.test_redis import options, shaky  # noqa: F401

PARTS = ("database", "schema", "redis")
OLDER = f"PRAGMA user_version = {db.SCHEMA_VERSION - 1}"
WELL = dict.fromkeys(PARTS, "ok")


def services(town):
    return Remote(town.server.url), Remote(town.ws_url.replace("ws:", "http:"))


def assert_fails(answer, *parts):
    assert_problem(answer, 503)
    assert (answer.json["code"], answer.headers["Retry-After"]) == ("not_ready", "1")
    assert {part: answer.json[part] for part in PARTS} == WELL | dict.fromkeys(parts, "failing")
    assert answer.json["detail"] == f"Failing: {', '.join(parts)}"


def until(service, *parts):
    """Ask until just these fail, in ten answers in a row of whichever processes; the last of them."""
    expected = WELL | dict.fromkeys(parts, "failing")
    answers = []

    def is_so():
        answers[:] = [service.send("GET", "/readyz") for _ in range(10)]
        return all({part: answer.json[part] for part in PARTS} == expected for answer in answers)

    eventually(is_so, 20)
    return answers[-1]


@pytest.fixture
def own_town(tmp_path, redis_url):
    town = Town(tmp_path, redis_url)
    yield town
    town.stop()


def test_both_services_say_what_they_are(town):
    for service in services(town):
        answer = service.send("GET", "/healthz")
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
        assert answer.json == {
            "status": "ok",
            "version": project.__version__,
            "sqlite": engine.sqlite_version,
        }


def test_both_are_ready(town):
    for service in services(town):
        answer = service.send("GET", "/readyz")
        assert (answer.status, answer.json, answer.headers["Cache-Control"]) == (
            200,
            WELL,
            "no-store",
        )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_redis_that_does_not_answer_is_named(shaky, how):  # noqa: F811
    town, pid, start = shaky
    for service in services(town):
        until(service)
    os.kill(pid, how)
    for service in services(town):
        assert_fails(until(service, "redis"), "redis")
        assert service.send("GET", "/healthz").status == 200
    if how == signal.SIGKILL:
        os.waitpid(pid, 0)
        start()
    else:
        os.kill(pid, signal.SIGCONT)
    for service in services(town):
        assert until(service).status == 200
    assert "redis fails: " in town.log.read_text()
    assert "redis works again" in town.log.read_text()


def test_a_database_that_is_gone_is_named_and_not_made_anew(own_town):
    away = own_town.database.with_name("away")
    for service in services(own_town):
        until(service)
    own_town.database.rename(away)
    for service in services(own_town):
        answer = until(service, "database", "schema")
        assert_fails(answer, "database", "schema")
        assert str(own_town.database.parent).encode() not in answer.body
    assert not own_town.database.exists()
    away.rename(own_town.database)
    for service in services(own_town):
        assert until(service).status == 200


def test_an_older_schema_is_named(own_town):
    run(own_town.database, OLDER)
    for service in services(own_town):
        assert_fails(until(service, "schema"), "schema")
    assert f"run: {FLASK} migrate" in own_town.log.read_text()


@pytest.fixture
def read_only(app, settings):
    """A database that this process may read and not write; who is root gives up what makes root special."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    shutil.copy(settings["DATABASE_PATH"], folder / "dating.db")
    (folder / "dating.db").chmod(0o444)
    app.config["DATABASE_PATH"] = str(folder / "dating.db")
    db.init_app(app)
    app.extensions["bell"].redis.ping()  # a connection from before
    user = os.geteuid()
    if user == 0:
        os.chown(folder / "dating.db", 65534, -1)
        os.seteuid(65534)
    yield
    os.seteuid(user)
    shutil.rmtree(folder)


def test_a_database_that_is_read_only_is_named(server, read_only):
    assert_fails(server.send("GET", "/readyz"), "database")


def test_a_full_disk_is_noticed(server, settings, monkeypatch):
    monkeypatch.setattr(
        health, "LEAST_FREE", shutil.disk_usage(settings["DATABASE_PATH"]).total + 1
    )
    assert_fails(server.send("GET", "/readyz"), "database")


@pytest.fixture
def writer(settings):
    """Somebody who has the writer's place."""
    with closing(
        engine.connect(settings["DATABASE_PATH"], isolation_level=None, check_same_thread=False)
    ) as conn:
        conn.execute("BEGIN IMMEDIATE")
        yield conn


def test_a_busy_writer_is_waited_for(server, writer):
    ends = threading.Timer(health.PATIENCE_SECONDS / 4, writer.execute, ["ROLLBACK"])
    ends.start()
    assert server.send("GET", "/readyz").json == WELL
    ends.join()


def test_a_writer_who_keeps_everybody_out_is_not(server, writer):
    assert_fails(server.send("GET", "/readyz"), "database")


def test_it_looks_once_a_second_however_often_it_is_asked(server, settings, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr(health.time, "monotonic", lambda: now)
    assert server.send("GET", "/readyz").status == 200
    run(settings["DATABASE_PATH"], OLDER)
    now += health.FRESH_SECONDS * 0.9
    assert server.send("GET", "/readyz").status == 200
    now += health.FRESH_SECONDS * 0.2
    assert_fails(server.send("GET", "/readyz"), "schema")


def test_who_watches_may_ask_as_often_as_they_like(settings, redis_url):
    migrate.migrate(settings["DATABASE_PATH"])
    app = create_app(
        config.load({"DATABASE_PATH": settings["DATABASE_PATH"], "REDIS_URL": redis_url})
    )
    server = InProcess(app)
    assert {server.send("GET", path).status for path in ("/healthz", "/readyz") * 200} == {200}
    app.extensions["bell"].redis.close()


def test_nothing_is_written(server, settings):
    before = Path(settings["DATABASE_PATH"]).read_bytes()
    assert server.send("GET", "/readyz").status == 200
    wal = Path(f"{settings['DATABASE_PATH']}-wal")
    assert Path(settings["DATABASE_PATH"]).read_bytes() == before
    assert not wal.exists() or wal.stat().st_size == 0
