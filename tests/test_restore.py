"""`flask restore`: a backup in the place of the database, and nobody mistakes the one for the other."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dev
from app import create_app, db, migrate, running
from tests.database import dump, rows, run
from tests.people import InProcess, Person
from tests.test_backup import command, finish
from tests.test_check import check
from tests.town import Town, eventually

FIRST = Path(__file__).parent / "data" / "first_server.db"


def close(app):
    """Let the database be in nobody's use."""
    while app.extensions["idle_connections"]:
        app.extensions["idle_connections"].pop().close()


def restore(app, source, *args, **options):
    close(app)
    result = app.test_cli_runner().invoke(args=["restore", str(source), *args], **options)
    db.init_app(app)  # as a service that starts again
    return result


@pytest.fixture
def source(app, person, tmp_path):
    """A backup of two people who talk, in `source.people` and `source.chat_id`."""
    source = type("Source", (), {"path": str(tmp_path / "backup.db")})()
    source.people = person("anna"), person("boris")
    source.chat_id = source.people[0].match(source.people[1])
    source.people[0].write(source.chat_id, "before")
    assert app.test_cli_runner().invoke(args=["backup", source.path]).exit_code == 0
    return source


def test_what_was_is_there_again_and_what_came_after_lies_beside(app, source):
    anna, boris = source.people
    anna.write(source.chat_id, "after")
    result = restore(app, source.path, "--yes")
    assert (result.exit_code, "start web and ws" in result.output) == (0, True)
    path = app.config["DATABASE_PATH"]
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    said = "SELECT content FROM messages WHERE sender_id IS NOT NULL ORDER BY id"
    assert rows(path, said) == [("before",)]
    assert rows(f"{path}.before-restore", said) == [("before",), ("after",)]
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert [m["content"] for m in boris.get(f"/chat/messages/{source.chat_id}")][1:] == ["before"]


def test_a_place_in_the_old_log_is_a_reset_however_much_is_said_since(app, source):
    anna, boris = source.people
    for number in range(3):
        anna.write(source.chat_id, f"lost {number}")
    seen = boris.get("/events")["next"]
    assert restore(app, source.path, "--yes").exit_code == 0
    for number in range(5):
        anna.write(source.chat_id, f"new {number}")
        for after in range(seen + 1):
            assert boris.get(f"/events?after={after}")["reset"] is True
    head = boris.get("/events")["next"]
    frames = boris.get(f"/events?after={head - 5}")["events"]
    assert [frame["content"] for frame in frames] == [f"new {number}" for number in range(5)]


def test_what_was_given_since_the_backup_is_given_to_nobody_else(app, source, person):
    lost = person("clara")
    used = rows(app.config["DATABASE_PATH"], "SELECT name, seq FROM sqlite_sequence")
    assert restore(app, source.path, "--yes").exit_code == 0
    dmitry = person("dmitry")
    dmitry.write(dmitry.match(source.people[0]), "hi")
    given = dict(rows(app.config["DATABASE_PATH"], "SELECT name, seq FROM sqlite_sequence"))
    assert all(given[name] > seq for name, seq in used)
    assert dmitry.id > lost.id
    answer = Person.post_json(
        lost.server, "/refresh", {"refresh_token": lost.tokens["refresh_token"]}
    )
    assert (answer.status, lost.call("GET", "/me").status) == (401, 401)


def aside(app):
    """The database that the latest restore replaced."""
    return max(
        Path(app.config["DATABASE_PATH"]).parent.glob("*.before-restore*"),
        key=lambda copy: copy.stat().st_ctime,
    )


GONE = {
    "replaced": lambda app: None,
    "lost": lambda app: (close(app), os.unlink(app.config["DATABASE_PATH"])),
    "broken": lambda app: (
        close(app),
        Path(app.config["DATABASE_PATH"]).write_bytes(b"rubbish " * 1000),
    ),
}


@pytest.mark.parametrize("how", GONE)
def test_one_backup_restored_twice_gives_no_number_twice(app, source, person, how):
    """Whatever became of the database between."""
    anna, boris = source.people
    assert restore(app, source.path, "--yes").exit_code == 0
    lost = person("clara")
    for number in range(3):
        anna.write(source.chat_id, f"lost {number}")
    seen = boris.get("/events")["next"]
    GONE[how](app)
    assert restore(app, source.path, "--yes").exit_code == 0
    person("dmitry")
    for number in range(5):
        anna.write(source.chat_id, f"new {number}")
    assert boris.get(f"/events?after={seen}")["reset"] is True
    answer = Person.post_json(
        lost.server, "/refresh", {"refresh_token": lost.tokens["refresh_token"]}
    )
    assert (answer.status, lost.call("GET", "/me").status) == (401, 401)
    assert_all_fit_32_bits(app)
    assert check(app) == (0, "All is well\n")


def assert_all_fit_32_bits(app):
    path = app.config["DATABASE_PATH"]
    numbers = rows(path, "SELECT seq FROM sqlite_sequence UNION SELECT event_seq FROM users")
    assert max(numbers) < (2**31,)


def test_ids_after_many_restores_fit_32_bits_and_are_new(app, source, person):
    anna, boris = source.people
    ids, seqs = set(), set()
    for _ in range(5):
        assert restore(app, source.path, "--yes").exit_code == 0
        ids.add(anna.write(source.chat_id, "again")["id"])
        seqs.add(boris.get("/events")["next"])
        assert_all_fit_32_bits(app)
    assert (len(ids), len(seqs)) == (5, 5)
    assert max(ids) < 20_000_000


def replaced_by_another(app):
    """What a machine has where the services started once after the database was lost."""
    close(app)
    os.unlink(app.config["DATABASE_PATH"])
    migrate.migrate(app.config["DATABASE_PATH"])


@pytest.mark.parametrize("state", ["lost", "broken", "another"])
def test_ids_after_restore_without_old_file_go_on_from_the_clock(app, source, state):
    anna, boris = source.people
    seconds = int(time.time())
    (GONE | {"another": replaced_by_another})[state](app)
    assert restore(app, source.path, "--yes").exit_code == 0
    message = anna.write(source.chat_id, "new")
    for number in (message["id"], boris.get("/events")["next"]):
        assert seconds < number < 2**31


@pytest.mark.parametrize("state", ["lost", "broken", "another"])
def test_restores_without_old_file_one_after_another_give_new_numbers(app, source, state):
    anna, boris = source.people
    ids, seqs = [], []
    for _ in range(3):
        (GONE | {"another": replaced_by_another})[state](app)
        assert restore(app, source.path, "--yes").exit_code == 0
        ids += [anna.write(source.chat_id, "again")["id"] for _ in range(5)]
        seqs.append(boris.get("/events")["next"])
        assert_all_fit_32_bits(app)
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert seqs == sorted(set(seqs))


def test_ids_after_restore_of_first_servers_file_fit_32_bits(app, source):
    """It has no settings, so whether the replaced database is its successor is unknown."""
    assert restore(app, FIRST, "--yes").exit_code == 0
    close(app)
    assert app.test_cli_runner().invoke(args=["migrate"]).exit_code == 0
    assert_all_fit_32_bits(app)


def test_who_goes_back_to_what_was_replaced_gives_no_number_twice(app, source, person):
    assert restore(app, source.path, "--yes").exit_code == 0
    lost = person("clara")
    assert restore(app, aside(app), "--yes").exit_code == 0
    assert person("dmitry").id > lost.id
    assert lost.call("GET", "/me").status == 401
    answer = Person.post_json(
        lost.server, "/refresh", {"refresh_token": lost.tokens["refresh_token"]}
    )
    assert answer.status == 401


def test_numbers_go_on_also_where_the_clock_was_set_back(app, source):
    path = app.config["DATABASE_PATH"]
    ahead = 8_000_000_000_000_000
    run(
        path,
        f"UPDATE sqlite_sequence SET seq = {ahead}; UPDATE users SET event_seq = {ahead}; DELETE FROM events",
    )
    assert restore(app, source.path, "--yes").exit_code == 0
    assert rows(path, "SELECT min(event_seq) > ? FROM users", [ahead]) == [(1,)]
    assert rows(path, "SELECT seq > ? FROM sqlite_sequence WHERE name = 'sessions'", [ahead]) == [
        (1,)
    ]


def test_many_people_who_came_since_keep_their_ids(app, source, person):
    last = [person(f"later{number}") for number in range(20)][-1]
    assert restore(app, source.path, "--yes").exit_code == 0
    assert last.id < person("newcomer").id < 2 * last.id


def test_it_refuses_while_another_process_has_the_database(app, source):
    anna = source.people[0]
    before = dump(app.config["DATABASE_PATH"])
    code, said = finish(command(app.config["DATABASE_PATH"], "restore", source.path, "--yes"))
    assert (code, "stop web and ws" in said, "Traceback" in said) == (1, True, False)
    assert dump(app.config["DATABASE_PATH"]) == before
    anna.write(source.chat_id, "all goes on")


def test_it_refuses_while_services_run_that_have_nothing_to_do(source, tmp_path, redis_url):
    """Also on a file that is broken; and one that is restarted holds nothing back."""
    (folder := tmp_path / "town").mkdir()
    town = Town(folder, redis_url)
    try:
        for name, broken in (("web", False), ("ws", True)):
            if broken:
                town.database.write_bytes(b"rubbish " * 1000)
            code, said = finish(command(town.database, "restore", source.path, "--yes"))
            assert (code, "stop web and ws" in said, "Traceback" in said) == (1, True, False)
            town.end(name, signal.SIGTERM)
        code, said = finish(command(town.database, "restore", source.path, "--yes"))
        assert code == 0, said
        town.start("web")
        eventually(lambda: dev.is_open(int(town.env["PORT"])), 30)
        assert Person(town.server, "newcomer").get("/me")["username"] == "newcomer"
    finally:
        town.stop()


def test_a_service_that_starts_meanwhile_waits(source, app):
    path = app.config["DATABASE_PATH"]
    Path(f"{path}-running").touch()
    program = "import sys; from app import running; running.join(sys.argv[1])"
    with running.alone(path):
        starting = subprocess.Popen([sys.executable, "-c", program, path])
        with pytest.raises(subprocess.TimeoutExpired):
            starting.wait(1)
    assert starting.wait(10) == 0


@pytest.fixture
def crashed(app):
    """The database as a process leaves it that is killed: its last change is in the log of changes alone."""
    program = """
import os, signal, sys
from app import db
conn = db.connect(sys.argv[1])
conn.execute("INSERT INTO settings VALUES ('written', 'last')")
os.kill(os.getpid(), signal.SIGKILL)
"""
    close(app)
    path = app.config["DATABASE_PATH"]
    ended = subprocess.run([sys.executable, "-c", program, path])
    assert ended.returncode == -signal.SIGKILL
    assert os.path.getsize(f"{path}-wal") > 0
    return path


def test_a_log_of_changes_that_was_left_is_kept_with_the_old_file(source, crashed, app):
    assert restore(app, source.path, "--yes").exit_code == 0
    assert sorted(
        name for name in os.listdir(Path(crashed).parent) if name.startswith("dating.db")
    ) == [
        "dating.db",
        "dating.db-hashing-0",
        "dating.db.before-restore",
    ]
    assert rows(crashed, "SELECT value FROM settings WHERE name = 'written'") == []
    assert rows(
        f"{crashed}.before-restore", "SELECT value FROM settings WHERE name = 'written'"
    ) == [("last",)]


def test_a_broken_database_is_replaced_and_kept(source, app):
    path = app.config["DATABASE_PATH"]
    close(app)
    Path(path).write_bytes(b"rubbish " * 1000)
    Path(f"{path}-wal").write_bytes(b"more of it")
    assert restore(app, source.path, "--yes").exit_code == 0
    assert Path(f"{path}.before-restore").read_bytes() == b"rubbish " * 1000
    assert Path(f"{path}.before-restore-wal").read_bytes() == b"more of it"
    assert rows(path, "SELECT count(*) FROM users") == [(2,)]


def test_a_database_that_is_gone_is_made_again(source, app):
    path = app.config["DATABASE_PATH"]
    close(app)
    os.unlink(path)
    assert restore(app, source.path, "--yes").exit_code == 0
    assert rows(path, "SELECT count(*) FROM users") == [(2,)]
    assert Path(path).stat().st_mode & 0o777 == 0o600


def test_what_was_replaced_before_is_kept_too(source, app):
    anna, boris = source.people
    path = app.config["DATABASE_PATH"]
    for said in ("first", "second", "third"):
        anna.write(source.chat_id, said)
        result = restore(app, source.path, "--yes")
        assert f"what was there is {aside(app)}\n" in result.output
    latest = "SELECT content FROM messages ORDER BY id DESC LIMIT 1"
    kept = {name: rows(f"{path}.before-restore{name}", latest) for name in ("", "-2", "-3")}
    assert kept == {"": [("first",)], "-2": [("second",)], "-3": [("third",)]}


def test_behind_a_link_the_old_file_is_kept_and_the_link_stays(source, crashed, app, tmp_path):
    (disk := tmp_path / "disk").mkdir()
    for suffix in ("", "-wal", "-shm"):
        os.rename(crashed + suffix, f"{disk}/real.db{suffix}")
    Path(crashed).symlink_to(disk / "real.db")
    Path(disk / "real.db").write_bytes(b"rubbish " * 1000)
    log = Path(disk / "real.db-wal").read_bytes()
    assert restore(app, source.path, "--yes").exit_code == 0
    assert sorted(os.listdir(disk)) == [
        "real.db",
        *(f"real.db.before-restore{suffix}" for suffix in ("", "-shm", "-wal")),
    ]
    assert Path(disk / "real.db.before-restore-wal").read_bytes() == log
    assert Path(crashed).is_symlink()
    assert rows(crashed, "PRAGMA integrity_check") == [("ok",)]
    assert rows(crashed, "SELECT value FROM settings WHERE name = 'written'") == []
    assert restore(app, source.path, "--yes").exit_code == 0
    assert rows(disk / "real.db.before-restore-2", "SELECT count(*) FROM users") == [(2,)]


def test_it_asks_first(source, app):
    before = dump(app.config["DATABASE_PATH"])
    result = restore(app, source.path, input="n\n")
    assert (result.exit_code, "Replace" in result.output) == (1, True)
    assert dump(app.config["DATABASE_PATH"]) == before
    assert restore(app, source.path, input="y\n").exit_code == 0


def damaged(path, source):
    shutil.copy(source, path)
    root = rows(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'messages_by_chat'")[0][0]
    with open(path, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\0" * 4096)


SOURCES = {
    "there is no file": lambda path, source: None,
    "file is not a database": lambda path, source: Path(path).write_bytes(b"rubbish " * 1000),
    "is a database of something else": lambda path, source: run(path, "CREATE TABLE recipes (id)"),
    "newer than this program's": lambda path, source: run(path, "PRAGMA user_version = 99"),
    "is empty": lambda path, source: Path(path).touch(),
    "the copy is damaged": damaged,
}


@pytest.mark.parametrize("reason", SOURCES)
def test_a_file_that_is_no_backup_changes_nothing(source, app, tmp_path, reason):
    path = app.config["DATABASE_PATH"]
    before, other = dump(path), tmp_path / "other.db"
    SOURCES[reason](other, source.path)
    result = restore(app, other, "--yes")
    assert (result.exit_code, result.output.count("Error: ")) == (1, 1)
    assert reason in result.output.splitlines()[-1]
    assert (dump(path), rows(path, "PRAGMA journal_mode")) == (before, [("wal",)])
    assert not list(tmp_path.glob("*.part*")) and not list(tmp_path.glob("*.before-restore"))


def test_the_database_is_no_backup_of_itself(app):
    result = restore(app, app.config["DATABASE_PATH"], "--yes")
    assert (result.exit_code, "is the database itself" in result.output) == (1, True)


def test_a_backup_of_an_older_schema_is_brought_over_at_the_next_start(settings, tmp_path):
    app = create_app(settings)
    result = restore(app, FIRST, "--yes")
    assert result.exit_code == 0, result.output
    result = app.test_cli_runner().invoke(args=["migrate"])
    assert f"brought from schema 0 to {db.SCHEMA_VERSION}" in result.output
    new = str(tmp_path / "new.db")
    migrate.migrate(new)
    assert dump(settings["DATABASE_PATH"])[""] == dump(new)[""]
    first = rows(FIRST, "SELECT max(id) FROM sessions")[0][0]
    assert rows(
        settings["DATABASE_PATH"],
        "SELECT seq > ? FROM sqlite_sequence WHERE name = 'sessions'",
        [first],
    ) == [(1,)]
    newcomer = Person(InProcess(app), "newcomer")
    assert newcomer.get("/me")["username"] == "newcomer"
    close(app)
    app.extensions["bell"].redis.close()
