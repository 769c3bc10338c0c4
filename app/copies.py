"""Copies of a database file, made while it is in use: whole or not at all."""

import fcntl
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, count
from pathlib import Path

from app import db
from app.connections import BESIDE

STEP_PAGES = 256  # of 4 KiB
PAUSE_SECONDS = 0.005  # after each step, for the disk to serve others
SYNC_STEPS = 8  # what waits to be written holds up everybody's commits, so that must never be much
_PART = re.compile(r".+\.[a-z0-9_]{8}\.part")

Progress = Callable[[int, int], None]  # how many pages are copied, of how many


class NotCopied(Exception):
    """Why a copy is not made, in a line."""


def copy(path: str, target: str) -> str:
    """Copy a database as it stands, and return the name of the copy, which is numbered if the target is taken."""
    target = unused(target)
    refuse_in_use(target)
    with beside(target) as part:
        fill(path, part)
        put(part, target)
    return target


def unused(name: str) -> str:
    """Return the name, or with the first number that no file has: an earlier copy may be the only one that is whole."""
    names = chain([name], (f"{name}-{number}" for number in count(2)))
    return next(
        each
        for each in names
        if not any(os.path.lexists(each + suffix) for suffix in ("", *BESIDE))
    )


def refuse_in_use(target: str) -> None:
    """Raises NotCopied where the target is no place for a copy."""
    folder = os.path.dirname(os.path.realpath(target))
    if not os.path.isdir(folder):
        raise NotCopied(f"there is no folder {folder}; make it, or name another file")
    if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        raise NotCopied(f"{target} is not a file; name one")
    if any(os.path.exists(os.path.realpath(target) + suffix) for suffix in BESIDE):
        raise NotCopied(
            f"{target} is a database in use, or was left in the middle of a change; name another file"
        )


@contextmanager
def beside(target: str) -> Iterator[str]:
    """An empty file in the target's folder that its owner alone may read, and that is gone after."""
    folder, name = os.path.split(os.path.realpath(target))
    _delete_abandoned(folder)
    number, part = tempfile.mkstemp(".part", f"{name}.", folder)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)  # held until this process ends, however it ends
        yield part
    finally:
        _delete(part)
        os.close(number)


def _delete_abandoned(folder: str) -> None:
    """Delete what killed processes left of unfinished copies. Those of running processes are locked."""
    for path in Path(folder).iterdir():
        if _PART.fullmatch(path.name) and path.is_file():
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if file.read(16) in (b"", bytes(16), b"SQLite format 3\0"):  # it is written last
                    _delete(str(path))


def _delete(part: str) -> None:
    for suffix in ("", *BESIDE):
        Path(part + suffix).unlink(missing_ok=True)


def fill(path: str, part: str, progress: Progress = lambda done, pages: None) -> None:
    """Make an empty file, which is private, a copy that is whole without any file beside it."""
    with (
        closing(db.connect(path, patience=db.BUSY_SECONDS)) as source,
        closing(db.engine.connect(part)) as target,
    ):
        target.execute("PRAGMA journal_mode = OFF")  # nothing is to be brought back
        target.execute("PRAGMA synchronous = OFF")  # we see to it
        source.execute("BEGIN")
        source.execute(
            "SELECT count(*) FROM sqlite_schema"
        ).fetchall()  # from here on no write makes it start over
        with open(part, "rb") as written:
            source.backup(target, pages=STEP_PAGES, progress=_Pace(written.fileno(), progress))
        source.execute("COMMIT")
        source.execute(
            "PRAGMA wal_checkpoint(PASSIVE)"
        ).fetchall()  # what heaped up meanwhile; else a writer would
        target.execute("PRAGMA journal_mode = DELETE")


class _Pace:
    """What is done after each step."""

    def __init__(self, written: int, progress: Progress) -> None:
        self.written, self.progress, self.steps = written, progress, 0

    def __call__(self, _status: int, remaining: int, pages: int) -> None:
        self.progress(pages - remaining, pages)
        self.steps += 1
        if self.steps % SYNC_STEPS == 0:
            os.fsync(self.written)
        time.sleep(PAUSE_SECONDS)


def check(part: str) -> None:
    """Raises NotCopied for a broken database."""
    with closing(db.connect(part)) as conn:
        wrong = damages(conn, 1)
    if wrong:
        raise NotCopied(
            f"the copy is damaged, and so is what it was made of: {wrong[0].splitlines()[-1]}"
        )


@contextmanager
def alone(path: str) -> Iterator[db.engine.Connection]:
    """Keep everybody else out of the file, and all that it holds in it. Raises Busy while another process has it open.

    WAL is off from then on, but on again where what is done inside fails.
    """
    was_wal = False
    try:
        with closing(db.connect(path)) as conn:
            was_wal = db.patiently(conn, "PRAGMA journal_mode").fetchone() == {
                "journal_mode": "wal"
            }
            db.patiently(
                conn, "PRAGMA journal_mode = DELETE"
            ).fetchall()  # refused unless nobody else has it open
            db.patiently(conn, "BEGIN EXCLUSIVE")
            yield conn
    except BaseException:
        if was_wal:
            with closing(db.connect(path)) as conn, suppress(db.Busy):
                db.use_wal(conn)
        raise


def damages(conn: db.engine.Connection, most: int) -> list[str]:
    """What the engine finds broken in a file, the first of it. May take minutes; Ctrl-C ends it."""
    conn.set_progress_handler(
        lambda: None, 10_000
    )  # now and then a moment of Python, which looks for signals
    try:
        rows = conn.execute(f"PRAGMA integrity_check({most})").fetchall()
    except db.engine.OperationalError as error:
        if "interrupted" in str(error):
            raise KeyboardInterrupt from None
        raise
    finally:
        conn.set_progress_handler(None, 0)
    return [row["integrity_check"] for row in rows if row["integrity_check"] != "ok"]


def put(part: str, target: str) -> None:
    """Let the target be this file, in one step that no power cut undoes."""
    target = os.path.realpath(target)
    _sync(part)
    os.replace(part, target)
    _sync(os.path.dirname(target))


def _sync(path: str) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
