"""Writers as the app has them, at a steady rate, and how long each of their writes takes."""

import threading
import time
from contextlib import closing

from app import db

PER_SECOND = 100


class Writes(threading.Thread):
    """Two rows in each transaction, PER_SECOND of them, in the table `events` of the first person."""

    def __init__(self, path: str) -> None:
        super().__init__(daemon=True)
        self.path, self.seconds, self._stopped = path, [], threading.Event()

    def __enter__(self) -> "Writes":
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopped.set()
        self.join()

    def run(self) -> None:
        with closing(db.connect(self.path, patience=db.BUSY_SECONDS)) as conn:
            due = time.monotonic()
            while not self._stopped.wait(max(0, due - time.monotonic())):
                due, began = due + 1 / PER_SECOND, time.monotonic()
                self._write(conn)
                self.seconds.append(time.monotonic() - began)

    @staticmethod
    def _write(conn: db.engine.Connection) -> None:
        conn.execute("BEGIN IMMEDIATE")
        user = conn.execute(
            """
            UPDATE users
            SET event_seq = event_seq + 1
            WHERE id = (SELECT 1 + abs(random()) % max(id) FROM users)
            RETURNING id, event_seq
            """
        ).fetchone()
        conn.execute(
            """
            INSERT INTO events (user_id, seq, type, payload, created_at)
            VALUES (:id, :event_seq, 'test', json_object('type', 'test', 'seq', :event_seq, 'padding', :padding),
                    '2026-11-23T07:06:30.403Z')
            """,
            user | {"padding": "x" * 200},
        )
        conn.execute("COMMIT")
