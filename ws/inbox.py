"""What one user is yet to be sent: a few frames in memory, and behind them the log, from a cursor on."""

import threading
from collections import deque
from typing import Any, NamedTuple

import msgspec

from app import metrics, times
from app.events import missed
from app.queries import events

MOST_FRAMES = 64
OWN_DEVICE_TYPES = {"sent", "read"}  # not for sockets opened without `after`


class Frame(NamedTuple):
    """What is to be sent, and what is to be counted of it."""

    text: str
    type: str
    source: str = "live"  # or "log"
    committed_at: float | None = (
        None  # unix seconds; None where there is no commit, or its user was not here
    )
    request_id: str | None = None  # what caused it


class Inbox:
    """Events enter in the order of the log, each once; `wake` is set when there is something to do."""

    def __init__(self, user_id: int, wake: threading.Event) -> None:
        self._user_id, self._wake = user_id, wake
        self._frames: deque[Frame] = deque()
        self.cursor: int | None = (
            None  # the latest event that is or was in `_frames`; None before the start
        )
        self.is_behind = False  # whether the log may hold more
        self._cause = ""  # why, one of metrics.CAUSES
        self._away_until = 0  # the latest event at the start
        self._is_plain = True  # whether the client opened the socket without `after`

    def start(self, after: int | None) -> None:
        """Begin with what follows the event `after`; without it, with what comes from now on."""
        head = self._away_until = events.head(self._user_id)
        self._is_plain = after is None
        if after is None:
            self.cursor = head
            return
        metrics.catch_ups.labels("connect").inc()
        rows = missed(self._user_id, after, MOST_FRAMES - 1)
        hello = {"type": "hello", "seq": head} | ({"reset": True} if rows is None else {})
        self._frames.append(Frame(msgspec.json.encode(hello).decode(), "hello"))
        self.cursor = head if rows is None else after
        self._load(rows or [])
        self.hear_of_head(head, "more")

    def push(self, frame: Frame, seq: int | None) -> None:
        """Queue a published frame. Frames without `seq` are dropped when the queue is full.

        An event that is not the next one, or has no room, is left to the log.
        """
        is_full = len(self._frames) >= MOST_FRAMES
        if self.cursor is None or is_full or seq not in (None, self.cursor + 1):
            if seq is not None:
                cause = "connect" if self.cursor is None else "full" if is_full else "gap"
                self.hear_of_head(seq, cause)
            return
        if not (self._is_plain and frame.type in OWN_DEVICE_TYPES):
            self._frames.append(frame)
        self.cursor = seq or self.cursor
        self._wake.set()

    def push_heartbeat(self) -> None:
        """Queue a heartbeat with the latest event before it, for sockets opened with `after`.

        A page cannot see pings, so this tells it that the connection lives.
        """
        if not self._is_plain:
            text = msgspec.json.encode({"type": "heartbeat", "seq": self.cursor}).decode()
            self.push(Frame(text, "heartbeat"), None)

    def hear_of_head(self, seq: int, cause: str) -> None:
        """The user's latest event is that one at least; look into the log if it is news."""
        if self.cursor is None or seq > self.cursor:
            self._fall_behind(cause)

    def pop(self) -> Frame | None:
        return self._frames.popleft() if self._frames else None

    def fill(self) -> bool:
        """Take in what the log holds, where there is room; False when it no longer has what comes next."""
        room = MOST_FRAMES - len(self._frames)
        if not room:
            return True
        metrics.catch_ups.labels(self._cause).inc()
        self.is_behind = (
            False  # before reading, so that what is pushed meanwhile is not passed over
        )
        rows = missed(self._user_id, self.cursor, room)
        self._load(rows or [])
        if len(rows or []) == room:
            self._fall_behind("more")
        self._wake.set()
        return rows is not None

    def _fall_behind(self, cause: str) -> None:
        self._cause = self._cause if self.is_behind else cause
        self.is_behind = True
        self._wake.set()

    def _load(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            committed_at = times.unix(row["created_at"]) if row["seq"] > self._away_until else None
            self.push(
                Frame(row["payload"], row["type"], "log", committed_at, row["request_id"]),
                row["seq"],
            )
