"""`flask backup`: a whole copy or none, and nobody waits for it."""

import os
import resource
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from app import db, migrate
from tests.database import dump, rows, run
from tests.load import Writes
from tests.town import eventually

LONGEST_WAIT = 0.1  # seconds, of a writer


def command(path, *args, **options):
    """A `flask` command on that database, in a process of its own."""
    env = os.environ | {"DATABASE_PATH": str(path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(
        [sys.executable, "-m", "flask", *map(str, args)], env=env, **pipes, **options
    )


def finish(process):
    with process:
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    return process.returncode, out + err


@pytest.fixture
def path(tmp_path):
    """A database of some 100 MB."""
    path = str(tmp_path / "dating.db")
    migrate.migrate(path)
    run(
        path,
        """
        PRAGMA synchronous = OFF;
        INSERT INTO users (id, username, canonical, password_hash, created_at) VALUES (9, 'anna', 'anna', '', '');
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000)
        INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
            SELECT 'users', n, '', json_quote(hex(randomblob(50000))), '' FROM number;
        """,
    )
    run(path, "UPDATE users SET id = 1")
    return path


def attempt(path, target):
    """The longest that a writer waited during a backup."""
    with Writes(path) as writes:
        eventually(lambda: len(writes.seconds) > 10)
        before = len(writes.seconds)
        code, said = finish(command(path, "backup", target))
        assert code == 0, said
        assert len(writes.seconds) > before
        after = len(writes.seconds)
        eventually(lambda: len(writes.seconds) > after + 20)  # who tidies up after it?
    return max(writes.seconds[before:])


def test_writers_go_on_while_a_whole_copy_is_made(path, tmp_path):
    target = tmp_path / "backup.db"
    assert any(
        attempt(path, target) < LONGEST_WAIT for _ in range(4)
    )  # a busy machine may hold one up, by chance
    assert rows(target, "PRAGMA integrity_check") == [("ok",)]
    ((events, seq),) = rows(
        target, "SELECT (SELECT count(*) FROM events), (SELECT event_seq FROM users)"
    )
    assert 0 < events == seq < rows(path, "SELECT event_seq FROM users")[0][0]


def test_the_copy_is_one_file_and_private(app, person, tmp_path):
    person().match(person())
    before, target = dump(app.config["DATABASE_PATH"]), tmp_path / "backup.db"
    result = app.test_cli_runner().invoke(args=["backup", str(target)])
    assert (result.exit_code, str(target) in result.output) == (0, True)
    assert rows(target, "PRAGMA journal_mode") == [("delete",)]
    assert dump(target) == before
    assert target.stat().st_mode & 0o777 == 0o600
    assert [name for name in os.listdir(tmp_path) if name.startswith("backup")] == ["backup.db"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_backup_that_is_ended_leaves_nothing(path, tmp_path, number):
    target = tmp_path / "copies" / "backup.db"
    target.parent.mkdir()
    target.write_text("the one before")
    handler = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    heard = partial(signal.signal, number, handler)  # tests in the background ignore some
    process = command(path, "backup", target, preexec_fn=heard)
    eventually(
        lambda: any(part.stat().st_size > 1_000_000 for part in target.parent.glob("*.part"))
    )
    process.send_signal(number)
    code, said = finish(process)
    assert (code, "Traceback" in said) == (1, False)
    assert os.listdir(target.parent) == ["backup.db"]
    assert target.read_text() == "the one before"


def test_a_full_disk_leaves_the_backup_before(path, tmp_path):
    target = tmp_path / "copies" / "backup.db"
    target.parent.mkdir()
    target.write_text("the one before")
    limit = (5_000_000, 5_000_000)  # bytes in a file: to the writer like a disk that is full
    process = command(
        path, "backup", target, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    )
    code, said = finish(process)
    assert (code, f"Error: {target}: disk I/O error" in said, "Traceback" in said) == (
        1,
        True,
        False,
    )
    assert os.listdir(target.parent) == ["backup.db"]
    assert target.read_text() == "the one before"


def test_a_damaged_database_makes_no_backup(path, tmp_path):
    with open(path, "r+b") as file:
        root = rows(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'set_aside'")[0][0]
        file.seek((root - 1) * 4096)
        file.write(b"\0" * 4096)
    code, said = finish(command(path, "backup", tmp_path / "backup.db"))
    assert (code, "the copy is damaged" in said, "Traceback" in said) == (1, True, False)
    assert not list(tmp_path.glob("backup*"))


@pytest.fixture
def said(app, tmp_path):
    """What `flask backup` says of a target that it refuses, a line."""

    def said(target):
        before = sorted(os.listdir(tmp_path))
        result = app.test_cli_runner().invoke(args=["backup", str(target)])
        assert (result.exit_code, result.output.count("\n")) == (1, 1), result.output
        assert sorted(os.listdir(tmp_path)) == before
        return result.output

    return said


def test_the_database_itself_is_no_target(app, said, tmp_path):
    path = app.config["DATABASE_PATH"]
    (tmp_path / "link").symlink_to(path)
    assert "is the database itself" in said(path)
    assert "is the database itself" in said(tmp_path / "link")


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_what_stands_beside_the_database_is_no_target(app, person, said, tmp_path, suffix):
    person()
    path = app.config["DATABASE_PATH"]
    (tmp_path / "link").symlink_to(path + suffix)
    (tmp_path / "database").symlink_to(path)
    assert "is a part of the database" in said(path + suffix)
    assert "is a part of the database" in said(tmp_path / "link")
    app.config["DATABASE_PATH"] = str(tmp_path / "database")
    assert "is a part of the database" in said(path + suffix)


def test_what_ignores_a_hangup_goes_on(path, tmp_path):
    (folder := tmp_path / "copies").mkdir()
    ignored = partial(signal.signal, signal.SIGHUP, signal.SIG_IGN)
    process = command(path, "backup", folder / "backup.db", preexec_fn=ignored)
    eventually(lambda: any(part.stat().st_size > 1_000_000 for part in folder.glob("*.part")))
    process.send_signal(signal.SIGHUP)
    code, said = finish(process)
    assert (code, os.listdir(folder)) == (0, ["backup.db"]), said


def test_bad_targets_are_refused(app, said, tmp_path):
    assert "there is no folder" in said(tmp_path / "nowhere" / "backup.db")
    assert "is not a file" in said(tmp_path)
    assert "is not a file" in said("/dev/null")
    (tmp_path / "other.db-wal").touch()
    assert "in use" in said(tmp_path / "other.db")
    closed = tmp_path / "closed"
    closed.mkdir(0o500)
    folder = (
        "/proc" if os.access(closed, os.W_OK) else closed
    )  # nothing is closed to root but what the kernel makes
    assert f"{folder}/backup.db: " in said(f"{folder}/backup.db")


def test_a_database_that_is_not_there_is_not_made(app, said, tmp_path):
    app.config["DATABASE_PATH"] = str(tmp_path / "none.db")
    assert "see DATABASE_PATH" in said(tmp_path / "backup.db")
    assert not Path(tmp_path / "none.db").exists()


def test_a_link_as_the_target_stays_one(app, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "backup.db")
    assert app.test_cli_runner().invoke(args=["backup", str(tmp_path / "link")]).exit_code == 0
    assert (tmp_path / "link").is_symlink()
    assert rows(tmp_path / "backup.db", "PRAGMA user_version") == [(db.SCHEMA_VERSION,)]


def test_killed_backup_is_cleaned_up_by_the_next(path, tmp_path):
    target = tmp_path / "copies" / "monday.db"
    target.parent.mkdir()
    process = command(path, "backup", target)
    eventually(
        lambda: any(part.stat().st_size > 1_000_000 for part in target.parent.glob("*.part"))
    )
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL
    assert list(target.parent.glob("*.part"))
    (target.parent / "movie.abcd1234.part").write_text("of another program")
    code, said = finish(command(path, "backup", target.with_name("tuesday.db")))
    assert code == 0, said
    assert sorted(os.listdir(target.parent)) == ["movie.abcd1234.part", "tuesday.db"]


def test_running_backup_is_left_alone_by_another(path, tmp_path):
    (folder := tmp_path / "copies").mkdir()
    first = command(path, "backup", folder / "first.db")
    eventually(lambda: list(folder.glob("*.part")))
    second = command(path, "backup", folder / "second.db")
    assert [finish(each)[0] for each in (first, second)] == [0, 0]
    assert sorted(os.listdir(folder)) == ["first.db", "second.db"]


def test_backup_of_a_readable_database_is_private(path, tmp_path):
    os.chmod(path, 0o644)
    code, said = finish(command(path, "backup", tmp_path / "backup.db"))
    assert code == 0, said
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
