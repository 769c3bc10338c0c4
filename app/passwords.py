"""Password hashes (bcrypt), off the event loop, in the same time for everyone, and on no more than half the cores."""

import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from weakref import WeakValueDictionary, finalize

import bcrypt
from flask import current_app, has_request_context
from gevent import get_hub

from app import metrics
from app.client_address import client_address
from app.fields import MOST_PASSWORD_BYTES
from app.problems import Problem, unavailable
from app.queries import password_hashes

PATIENCE_SECONDS = 4.0  # so that a login behind some addresses that flood is still served
POLL_SECONDS = 0.005
MAX_COST = 16  # of BCRYPT_COST; an imported hash of a higher cost must not slow every login down
SLOTS = max(1, (os.cpu_count() or 1) // 2)
_line = threading.Semaphore(SLOTS)  # of this process's requests, in the order in which they came
_last_turn = {"ended_at": float("-inf")}
_address_locks: WeakValueDictionary[str, threading.Semaphore] = WeakValueDictionary()
_HASH = re.compile(r"\$2[abxy]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_NOBODY = "C6UzMDM.H6dfI/f/IKcEe.7Zp1Oa6nM3hCk2wq8gkxLq3gqQm2fKi"  # a salt and a hash that no password has


def digest(password: str, cost: int) -> str:
    """The hash of a password of at most MOST_PASSWORD_BYTES. Raises Problem 503 when there is too much to hash."""
    with _turn():
        return _hashpw(password, bcrypt.gensalt(cost)).decode()


def matches(password: str, password_hash: str | None, cost: int) -> bool:
    """Whether it is this hash's password. Nobody's (None, or no hash) and one of a lower cost take as long as any.

    Raises Problem 503 when there is too much to hash.
    """
    if len(password.encode()) > MOST_PASSWORD_BYTES:
        return False
    highest = max(cost, password_hashes.max_cost(MAX_COST))  # a lower BCRYPT_COST tells no names
    with _turn():
        return _matches(password, password_hash, highest)


def cost_of(password_hash: str) -> int:
    return int(password_hash.split("$")[2])


def _matches(password: str, password_hash: str | None, cost: int) -> bool:
    is_hash = password_hash is not None and _HASH.fullmatch(password_hash)
    known = password_hash if is_hash else f"$2b${cost:02}${_NOBODY}"
    right = compare_digest(_hashpw(password, known.encode()), known.encode())
    if not right:
        for missing in range(cost_of(known), cost):  # 2^n + 2^n + 2^(n+1) + … = 2^cost
            _hashpw(password, bcrypt.gensalt(missing))
    return right and bool(is_hash)


@contextmanager
def _turn() -> Iterator[None]:
    """One of the host's few: first among the requests of the same address, so that an address has one place in all
    lines, then among this process's requests, then among the processes."""
    with ExitStack() as held:
        with metrics.hashing_waiting.track_inprogress(), metrics.hashing_wait.time():
            deadline = time.monotonic() + PATIENCE_SECONDS
            if has_request_context():
                _wait_for_address(client_address(), deadline, held)
            _acquire(_line, deadline, held)
            held.callback(_unlock, _lock_one(deadline))
        yield


def _wait_for_address(address: str, deadline: float, held: ExitStack) -> None:
    """Lock the address in this process, then among the processes.

    The latter is a lock on one byte of a file that stays open: closing it would drop all locks.
    """
    _acquire(_address_locks.setdefault(address, threading.Semaphore()), deadline, held)
    file = current_app.extensions.get("hashing_addresses") or _open_address_file()
    byte = int.from_bytes(sha256(address.encode()).digest()[:4])
    while True:
        with suppress(BlockingIOError, PermissionError):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            held.callback(fcntl.lockf, file, fcntl.LOCK_UN, 1, byte)
            return
        if time.monotonic() > deadline:
            raise _too_many()
        time.sleep(0.02)


def _open_address_file() -> int:
    app = current_app._get_current_object()  # noqa: SLF001 - as long as this lives, so does the file
    path = Path(app.config["DATABASE_PATH"])
    file = os.open(path.with_name(f".{path.name}-hashing"), os.O_CREAT | os.O_RDWR, 0o600)
    finalize(app, os.close, file)
    return app.extensions.setdefault("hashing_addresses", file)


def _acquire(lock: threading.Semaphore, deadline: float, held: ExitStack) -> None:
    if not lock.acquire(timeout=max(0, deadline - time.monotonic())):
        raise _too_many()
    held.callback(lock.release)


def _lock_one(deadline: float) -> int:
    """A file beside the database that is locked by us until we close it."""
    if time.monotonic() < _last_turn["ended_at"] + 2 * POLL_SECONDS:
        time.sleep(2 * POLL_SECONDS)  # other processes poll, and are first
    while time.monotonic() < deadline:
        for number in range(SLOTS):
            slot = os.open(
                f"{current_app.config['DATABASE_PATH']}-hashing-{number}",
                os.O_CREAT | os.O_RDWR,
                0o600,
            )
            with suppress(BlockingIOError):
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return slot
            os.close(slot)
        time.sleep(POLL_SECONDS)
    raise _too_many()


def _unlock(slot: int) -> None:
    os.close(slot)
    _last_turn["ended_at"] = time.monotonic()


def _too_many() -> Problem:
    return unavailable("too_many_logins", "Too many passwords are being checked; try again", 2)


def _hashpw(password: str, salt: bytes) -> bytes:
    """In a thread of gevent's own, so that no other request waits."""
    return get_hub().threadpool.apply(bcrypt.hashpw, (password.encode(), salt))
