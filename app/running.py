"""Whether a service runs on a database, if only to wait. Standard library only: gunicorn's files read it too."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def join(path: str) -> None:
    """Say that one does, until this process and all that are forked from it have ended; wait for who is alone."""
    with suppress(OSError):  # without it a service runs all the same
        fcntl.flock(os.open(_name(path), os.O_CREAT, 0o644), fcntl.LOCK_SH)


@contextmanager
def alone(path: str) -> Iterator[None]:
    """Let none start. Raises BlockingIOError where one runs."""
    try:
        file = os.open(_name(path), os.O_RDONLY)
    except FileNotFoundError:  # none ever did
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(file)


def _name(path: str) -> str:
    return os.path.realpath(path) + "-running"
