"""Reads and writes while the database is locked, full or broken."""

import os
import resource
import subprocess
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app import db, storage_errors
from app.db import engine
from tests.database import rows, run
from tests.people import Person
from tests.town import Town, below, eventually

READS = (
    "/me",
    "/chats",
    "/followers",
    "/blocks",
    "/sessions",
    "/events?after=0",
    "/profiles/search",
    "/profiles/search?latitude=48.85&longitude=2.35",
    "/me/export",
)
LONG_AGO = """
    UPDATE sessions SET last_used_at = '2020-01-01T00:00:00.000Z';
    UPDATE users SET last_active = '2020-01-01T00:00:00.000Z'
"""


@pytest.fixture
def own_town(tmp_path, redis_url):
    town = Town(tmp_path, redis_url, only=["web"])
    yield town
    town.stop()


@contextmanager
def held(path):
    """Hold the write lock as another process would."""
    with closing(engine.connect(path, isolation_level=None, check_same_thread=False)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        yield
        conn.execute("ROLLBACK")


def statuses(person, paths=READS):
    return {path: person.call("GET", path).status for path in paths}


def all_at_once(count, work):
    """Return what `work(number)` returns in each of `count` threads."""
    results = [None] * count

    def one(number):
        results[number] = work(number)

    threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_reads_answer_while_the_write_lock_is_held(own_town):
    anna = own_town.person()
    run(own_town.database, LONG_AGO)
    with held(own_town.database):
        began = time.monotonic()
        anna.get("/me")
        seconds = time.monotonic() - began
        found = all_at_once(8, lambda _: statuses(anna))
    assert seconds < db.BUSY_SECONDS  # its own write is tried once, without a wait
    assert found == [dict.fromkeys(READS, 200)] * 8
    assert rows(own_town.database, "SELECT max(last_used_at) FROM sessions") == [
        ("2020-01-01T00:00:00.000Z",)
    ]
    anna.get("/me")
    ((used,),) = rows(own_town.database, "SELECT max(last_used_at) FROM sessions")
    assert used > "2025"


def test_reads_answer_while_writers_of_the_process_wait(own_town):
    """The queue for the lock inside the process must not delay a read either."""
    anna, boris = own_town.person(), own_town.person()
    run(own_town.database, LONG_AGO)
    with held(own_town.database):
        writers = [
            threading.Thread(target=boris.call, args=["PUT", "/me", {"bio": str(number)}])
            for number in range(8)
        ]
        for writer in writers:
            writer.start()
        found = statuses(anna)
        for writer in writers:
            writer.join()
    assert found == dict.fromkeys(READS, 200)


def test_writers_share_one_deadline(own_town):
    anna = own_town.person()

    def write(number):
        began = time.monotonic()
        answer = anna.call("PUT", "/me", {"bio": str(number)})
        return answer, time.monotonic() - began

    with held(own_town.database):
        answers = all_at_once(24, write)
    for answer, seconds in answers:
        assert (answer.status, answer.json["code"]) == (503, "database_busy")
        assert answer.headers["Retry-After"] == "1"
        assert seconds < db.BUSY_SECONDS + 2
    assert anna.put_me(bio="later")["bio"] == "later"


def test_search_from_a_new_place_uses_the_own_place_while_locked(server, settings):
    anna, near, far = Person(server), Person(server), Person(server)
    anna.put_me(latitude=55.75, longitude=37.61)
    near.put_me(latitude=55.76, longitude=37.62)
    far.put_me(latitude=48.85, longitude=2.35)
    search = "/profiles/search?latitude=48.86&longitude=2.36&max_distance_km=100"
    with held(settings["DATABASE_PATH"]):
        locked = [user["id"] for user in anna.get(search)]
    assert locked == [near.id]
    assert [user["id"] for user in anna.get(search)] == [far.id]


def limit_files(town, size):
    """Let no worker write beyond `size` bytes of a file, as on a full disk; None lifts it."""
    for pid in below(town.pids["web"]):
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))


def assert_fails_in_a_line(town, person, status, code):
    """Reads go on, writes are refused, and the log has a line for each worker."""
    chat_id = person.get("/chats")[0]["id"]
    for _ in range(20):
        assert statuses(person) == dict.fromkeys(READS, 200)
        answer = person.call("POST", "/messages/send", {"chat_id": chat_id, "content": "x" * 2000})
        assert (answer.status, answer.json["code"]) == (status, code)
        assert int(answer.headers["Retry-After"]) > 0
    log = town.log.read_text()
    assert 1 <= log.count("the database fails") <= 2 * 2  # workers, kinds
    assert "Traceback" not in log


def test_disk_that_takes_no_bytes_stops_writes_alone(own_town):
    anna, boris = own_town.person(), own_town.person()
    chat_id = anna.match(boris)
    wal = Path(f"{own_town.database}-wal").stat().st_size
    run(own_town.database, LONG_AGO)
    limit_files(own_town, max(wal, own_town.log.stat().st_size + 100_000))
    filler = {"chat_id": chat_id, "content": "x" * 2000}
    eventually(lambda: anna.call("POST", "/messages/send", filler).status != 201)
    run(own_town.database, LONG_AGO)
    assert_fails_in_a_line(own_town, anna, 503, "database_unavailable")
    limit_files(own_town, None)
    assert anna.write(chat_id, "again")["content"] == "again"
    assert rows(own_town.database, "PRAGMA integrity_check") == [("ok",)]


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_full_disk_stops_writes_alone(small_disk, tmp_path, redis_url):
    town = Town(tmp_path, redis_url, only=["web"], DATABASE_PATH=str(small_disk / "town.db"))
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    for _ in range(20):
        boris.write(chat_id, "🎉" * 4000)  # an export that is too large for memory
    run(town.database, LONG_AGO)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 4096)
    body = {"chat_id": chat_id, "content": "x" * 2000}
    eventually(lambda: anna.call("POST", "/messages/send", body).status != 201)
    export = boris.call("GET", "/me/export")
    assert (export.status, export.json["code"]) == (507, "database_full")
    assert_fails_in_a_line(town, anna, 507, "database_full")
    filler.unlink()
    assert boris.call("GET", "/me/export").status == 200
    assert anna.write(chat_id, "again")["content"] == "again"
    town.stop()


def test_full_database_is_507_and_reads_go_on(app, person, settings):
    anna, boris = person(), person()
    chat_id = anna.match(boris)
    (conn,) = app.extensions["idle_connections"]
    pages = conn.execute("PRAGMA page_count").fetchone()["page_count"]
    conn.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    body = {"chat_id": chat_id, "content": "x" * 2000}
    answers = [anna.call("POST", "/messages/send", body) for _ in range(20)]
    assert (answers[-1].status, answers[-1].json["code"]) == (507, "database_full")
    assert answers[-1].headers["Retry-After"] == "5"
    run(settings["DATABASE_PATH"], LONG_AGO)
    assert statuses(anna) == dict.fromkeys(READS, 200)


def test_broken_file_is_503_and_one_line(own_town):
    anna = own_town.person()
    own_town.person().like(anna)
    ((root,),) = rows(
        own_town.database, "SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'"
    )
    run(own_town.database, "PRAGMA wal_checkpoint(TRUNCATE)")
    with own_town.database.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    with closing(engine.connect(own_town.database)) as conn:  # let go of the pages in memory
        conn.execute("UPDATE users SET bio = 'new'")
        conn.commit()
    answers = [anna.call("GET", "/me") for _ in range(20)]
    found = Counter((answer.status, answer.json.get("code")) for answer in answers)
    assert found == {(503, "database_unavailable"): 20}
    log = own_town.log.read_text()
    assert 1 <= log.count("the database fails") <= 2
    assert "Traceback" not in log


def test_errors_of_statements_are_no_outage():
    with closing(engine.connect(":memory:")) as conn, pytest.raises(engine.Error) as raised:
        conn.execute("SELECT nothing")
    assert not storage_errors.is_outage(raised.value)
    with pytest.raises(engine.Error), storage_errors.tolerated():
        raise raised.value


def test_outage_is_written_again_after_a_minute(monkeypatch, caplog):
    now = time.monotonic()
    monkeypatch.setattr(storage_errors.time, "monotonic", lambda: now)
    monkeypatch.setattr(storage_errors, "_written", {})
    error = db.WrongSchema(f"for {os.getpid()}")
    for _ in range(5):
        storage_errors.note(error)
    assert len(caplog.records) == 1
    now += storage_errors.QUIET_SECONDS
    storage_errors.note(error)
    assert len(caplog.records) == 2
