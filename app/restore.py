"""Puts a copy in the place of the database, and numbers on from beyond what clients may have seen since it was made."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from app import copies, db, migrate, numbers, running
from app.connections import make_private

ASIDE = ".before-restore"


def recognize(source: str, path: str) -> int:
    """The schema of a file that can be restored. Raises NotCopied, migrate.NotOurs, db.engine.Error."""
    if not os.path.isfile(source):
        raise copies.NotCopied(f"there is no file {source}")
    if os.path.exists(path) and os.path.samefile(source, path):
        raise copies.NotCopied(f"{source} is the database itself")
    with closing(db.connect(source, patience=db.BUSY_SECONDS)) as conn:
        schema, tables = migrate.recognize(conn, source)
    if not tables:
        raise copies.NotCopied(f"{source} is empty")
    return schema


def restore(source: str, path: str, progress: copies.Progress) -> str | None:
    """Replace the database, keeping the old one, if any, beside it; its new name is returned.

    Raises NotCopied, also while another process has the old one open, OSError, db.engine.Error.
    """
    note = Path(path).with_name(f".{Path(path).name}-restored")
    path, kept = os.path.realpath(path), None  # a link stays one
    with _alone(path) as lost, copies.beside(path) as part:
        copies.fill(source, part, progress)
        copies.check(part)
        _make_ready(part, lost, note)
        os.chmod(part, 0o600)
        if os.path.exists(path):
            kept = _keep(path, part)
        for suffix in copies.BESIDE:  # only a broken one still has them
            Path(path + suffix).unlink(missing_ok=True)
        copies.put(part, path)
    return kept


@contextmanager
def _alone(path: str) -> Iterator[numbers.Given]:
    """Keep everybody else out of the old file; what was given there, as far as it can be read."""
    try:
        with running.alone(path), _locked(path) as lost:
            yield lost
    except (BlockingIOError, db.Busy):
        raise copies.NotCopied(
            f"{path} is in use; stop web and ws, and whoever else has it open"
        ) from None


@contextmanager
def _locked(path: str) -> Iterator[numbers.Given]:
    lost = numbers.Given()
    if not os.path.exists(path) or _is_broken(path):
        yield lost
        return
    with copies.alone(path) as conn:
        with suppress(db.engine.Error):
            lost = numbers.given(conn)
        yield lost


def _is_broken(path: str) -> bool:
    """Whether it cannot even be read, so that nobody works with it."""
    with open(path, "rb") as file:
        if file.read(16) not in (b"SQLite format 3\0", b""):
            return True  # left as it is: SQLite would delete what stands beside it
    try:
        with closing(db.connect(path)) as conn:
            migrate.recognize(conn, path)
    except migrate.NotOurs:
        return False
    except db.engine.OperationalError:
        raise  # such as no permission
    except db.engine.DatabaseError:
        return True
    return False


def _keep(path: str, part: str) -> str:
    """Give the old file a second name, which is returned, and the new one its owner."""
    old = os.stat(path)
    make_private(path)
    os.chown(part, old.st_uid, old.st_gid)
    name = copies.unused(path + ASIDE)
    for suffix in ("", *copies.BESIDE):
        if os.path.exists(path + suffix):
            os.link(path + suffix, name + suffix)
    return name


def _make_ready(part: str, lost: numbers.Given, note: Path) -> None:
    with closing(db.connect(part)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        numbers.go_on(conn, lost, note)
        conn.execute("COMMIT")
        db.use_wal(conn)
