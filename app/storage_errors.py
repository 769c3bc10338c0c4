"""What the service does when the database file fails: which errors these are, their answer and their log line."""

import errno
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from app import db

QUIET_SECONDS = 60  # between two lines about the same failure

# https://www.sqlite.org/rescode.html
_FULL = 13
_CODES = {
    3: "no permission",
    8: "it is read-only",
    10: "input or output fails",
    11: "it is damaged; see: flask check",
    _FULL: "the disk is full",
    14: "it cannot be opened",
    15: "its locks fail",
    26: "it is not a database",
}
# The same of the files beside the database: locks of password hashing, and large exports.
_SYSTEM_CODES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: 10,
    errno.EIO: 10,
    errno.EROFS: 8,
    errno.EACCES: 3,
    errno.EPERM: 3,
    errno.ENOENT: 14,
    errno.ENOTDIR: 14,
    errno.EMFILE: 14,
    errno.ENFILE: 14,
}
_written: dict[str, float] = {}

log = logging.getLogger(__name__)


def is_outage(error: Exception) -> bool:
    """Return whether the error lies with the file or its disk, not with the statement."""
    return isinstance(error, db.Unusable) or _code(error) in _CODES


def is_full(error: Exception) -> bool:
    return _code(error) == _FULL


def note(error: Exception) -> None:
    """Write one line, not one for each request that fails."""
    reason = _CODES.get(_code(error))
    line = f"the database fails: {f'{reason} ({error})' if reason else error}"
    now = time.monotonic()
    if now >= _written.get(line, 0) + QUIET_SECONDS:
        _written[line] = now
        log.error(line)


def report(error: Exception, reporter: logging.Logger, message: str) -> None:
    """Log an unexpected error with its traceback, and a failing database in one line."""
    if is_outage(error):
        note(error)
    else:
        reporter.error(message, exc_info=error)


@contextmanager
def tolerated() -> Iterator[None]:
    """Drop a write that a read does not depend on, if the database is busy or fails."""
    try:
        yield
    except db.Busy:
        pass
    except (db.engine.DatabaseError, db.Unusable) as error:
        if not is_outage(error):
            raise
        note(error)


def _code(error: Exception) -> int:
    """Return the primary result code of SQLite, or the like of it for an OSError; 0 for other errors."""
    if isinstance(error, OSError):
        return _SYSTEM_CODES.get(error.errno or 0, 0)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
