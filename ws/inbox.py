"""What one user is yet to be sent: a few frames in memory, and behind them the log, from a cursor on."""

import threading
from collections import deque
from typing import Any

import msgspec

from app.events import missed
from app.queries import events

MOST_FRAMES = 64


class Inbox:
    """Events enter in the order of the log, each once; `wake` is set when there is something to do."""

    def __init__(self, user_id: int, wake: threading.Event) -> None:
        self._user_id, self._wake = user_id, wake
        self._frames: deque[str] = deque()
        self.cursor: int | None = None  # the latest event that is or was in `_frames`; None before the start
        self.is_behind = False  # whether the log may hold more

    def start(self, after: int | None) -> None:
        """Begin with what follows the event `after`; without it, with what comes from now on."""
        head = events.head(self._user_id)
        if after is None:
            self.cursor = head
            return
        rows = missed(self._user_id, after, MOST_FRAMES - 1)
        hello = {"type": "hello", "seq": head} | ({"reset": True} if rows is None else {})
        self._frames.append(msgspec.json.encode(hello).decode())
        self.cursor = head if rows is None else after
        self._load(rows or [])
        self.hear_of_head(head)

    def push(self, frame: str, seq: int | None) -> None:
        """What is published: an event, or without `seq` what is lost when there is no room for it.

        An event that is not the next one, or has no room, is left to the log."""
        is_open = self.cursor is not None and len(self._frames) < MOST_FRAMES
        if is_open and seq in (None, self.cursor + 1):
            self._frames.append(frame)
            self.cursor = seq or self.cursor
        elif seq is not None:
            return self.hear_of_head(seq)
        self._wake.set()

    def hear_of_head(self, seq: int) -> None:
        """The user's latest event is that one at least; look into the log if it is news."""
        if self.cursor is None or seq > self.cursor:
            self.is_behind = True
            self._wake.set()

    def pop(self) -> str | None:
        return self._frames.popleft() if self._frames else None

    def fill(self) -> bool:
        """Take in what the log holds, where there is room; False when it no longer has what comes next."""
        room = MOST_FRAMES - len(self._frames)
        if not room:
            return True
        self.is_behind = False  # before reading, so that what is pushed meanwhile is not passed over
        rows = missed(self._user_id, self.cursor, room)
        self._load(rows or [])
        self.is_behind = self.is_behind or len(rows or []) == room
        self._wake.set()
        return rows is not None

    def _load(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self.push(row["payload"], row["seq"])
