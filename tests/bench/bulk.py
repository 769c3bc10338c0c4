"""How long large requests hold the write lock and stop a worker: `python -m tests.bench.bulk`."""

import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import bcrypt
from tabulate import tabulate

import dev
from app import db, migrate
from app.db import engine
from tests import limits
from tests.people import PASSWORD, Person
from tests.town import Town, below

SWIPES, SENT, UNREAD, CHATS = 300_000, 200_000, 100_000, 2_000
NOW = "2026-11-23T07:06:30.403Z"
REQUESTS = (
    ("GET", "/me/export", None),
    ("POST", "/chat/read", {"chat_id": 1}),
    ("GET", "/followers", None),
    ("DELETE", "/me", {"password": PASSWORD}),
)
BUILD = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :swipes + 2)
    INSERT INTO users (id, username, canonical, password_hash, created_at, birthday)
    SELECT i, 'u' || i, 'u' || i, :hash, :now, '1990-01-01' FROM n;
    INSERT INTO discovery (user_id, birthday, gender, interested_in, is_pictured)
    SELECT id, birthday, ' ', ' ', 0 FROM users WHERE id < 5000;
    INSERT INTO swipes (user_id, target_id, action, created_at)
    SELECT 1, id, 'like', :now FROM users WHERE id > 1 LIMIT :swipes;
    INSERT INTO chats (id, user1_id, user2_id, created_at)
    SELECT id - 1, 1, id, :now FROM users WHERE id > 1 LIMIT :chats;
    INSERT INTO messages (chat_id, sender_id, receiver_id, content, client_id, created_at)
    SELECT 1 + id % :chats, 1, 2 + id % :chats, 'message ' || id || ', about as long as people write', id, :now
    FROM users LIMIT :sent;
    INSERT INTO messages (chat_id, sender_id, receiver_id, content, created_at)
    SELECT 1, 2, 1, 'unread ' || id, :now FROM users LIMIT :unread;
    UPDATE chats SET last_message_id = (SELECT max(id) FROM messages WHERE chat_id = chats.id)
"""


def build(path: str) -> None:
    """User 1 has all the rows."""
    migrate.migrate(path)
    values = {"swipes": SWIPES, "chats": CHATS, "sent": SENT, "unread": UNREAD, "now": NOW}
    values["hash"] = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    with closing(db.connect(path)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("BEGIN")
        for statement in BUILD.split(";"):
            conn.execute(statement, values)
        conn.execute("COMMIT")


class Watch:
    """The longest wait for the write lock, and for another answer of the same worker, while something is done."""

    def __init__(self, path: str, other: Person) -> None:
        self._path, self._other, self._ended = path, other, threading.Event()
        self.longest = {"lock": 0.0, "answer": 0.0}

    def __enter__(self) -> "Watch":
        self._threads = [
            threading.Thread(target=self._watch, args=each)
            for each in (("lock", self._take_the_lock), ("answer", self._ask))
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _watch(self, name: str, act: object) -> None:
        while not self._ended.is_set():
            began = time.monotonic()
            act()
            self.longest[name] = max(self.longest[name], time.monotonic() - began)
            time.sleep(0.001)

    def _take_the_lock(self) -> None:
        with closing(engine.connect(self._path, isolation_level=None, timeout=0)) as conn:
            while True:
                try:
                    conn.execute("BEGIN IMMEDIATE")
                    return
                except engine.OperationalError:
                    time.sleep(0.0005)

    def _ask(self) -> None:
        self._other.get("/me")


def peak(pids: list[int]) -> float:
    """The largest memory that one of the processes ever had, in MiB."""
    found = []
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text()
        found.append(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return max(found)


def main() -> None:
    processes = dev.Processes()
    command, url = dev.redis_command(processes.folder)
    processes.start("redis", command, {})
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "town.db"))
        build(path)
        more = {"DATABASE_PATH": path, "WEB_CONCURRENCY": "1"}
        town = Town(Path(folder), url, only=["web"], **limits.NONE, **more)
        large, other = town.person("u1"), town.person("other")
        table = [measure(town, path, large, other, *request) for request in REQUESTS]
        town.stop()
    processes.stop()
    columns = ["request", "status", "MB", "seconds", "lock ms", "answer ms", "memory +MiB"]
    print(tabulate(table, columns, floatfmt=".1f"))


def measure(town: Town, path: str, large: Person, other: Person, *request: object) -> list:
    workers = below(town.pids["web"])
    before, began = peak(workers), time.monotonic()
    with Watch(path, other) as watch:
        answer = large.call(*request)
        seconds = time.monotonic() - began
    return [
        " ".join(request[:2]),
        answer.status,
        len(answer.body) / 1e6,
        seconds,
        watch.longest["lock"] * 1000,
        watch.longest["answer"] * 1000,
        peak(workers) - before,
    ]


if __name__ == "__main__":
    main()
