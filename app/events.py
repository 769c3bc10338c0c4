"""Changes that another client must see: recorded inside the transaction, announced after it."""

import time
from itertools import takewhile
from typing import Any, NamedTuple

import msgspec
from flask import current_app, g

from app import bell, times
from app.queries import events

MOST_PRUNED = 20  # at a time, so that nobody waits for it


class Event(NamedTuple):
    user_id: int
    payload: str


def record(user_id: int, frame: dict[str, Any]) -> Event:
    """Give the frame its `seq` and keep it. Where one change is for two people, record the lower id's first."""
    seq = events.next_seq(user_id)
    payload = msgspec.json.encode(frame | {"seq": seq}).decode()
    events.insert(user_id, seq, frame["type"], payload, g.get("request_id"))
    _prune(user_id, seq)
    return Event(user_id, payload)


def missed(user_id: int, after: int, limit: int) -> list[dict[str, Any]] | None:
    """Their first `limit` events after that one, `{"seq", "type", "payload", "created_at", "request_id"}`; None when
    `after` is not in what is kept."""
    head = events.head(user_id)  # before the log, so that what is recorded meanwhile is no hole
    rows = events.following(user_id, after, limit)
    whole = rows[0]["seq"] == after + 1 if rows else after == head
    return (
        [row if row["is_open"] else row | _removed(row["seq"]) for row in rows] if whole else None
    )


def announce(*recorded: Event) -> None:
    """Right after the commit."""
    if recorded:
        note = msgspec.json.encode(bell.Note(time.time(), g.get("request_id"))).decode()
        bell.ring([(event.user_id, f"{event.payload}\n{note}") for event in recorded])


def announce_end(user_id: int, session_ids: list[int]) -> None:
    """Close the sockets of sessions that have ended; not in the log, since no client is to hear it."""
    if session_ids:
        bell.ring(
            [(user_id, msgspec.json.encode({"type": "ended", "sessions": session_ids}).decode())]
        )


def _removed(seq: int) -> dict[str, str]:
    """What stands for an event of somebody who is not to be seen any more."""
    frame = {"type": "removed", "seq": seq}
    return {"type": frame["type"], "payload": msgspec.json.encode(frame).decode()}


def _prune(user_id: int, head: int) -> None:
    """Forget the oldest: with each new event some of those that are neither among the latest nor of the last days."""
    up_to = head - current_app.config["EVENTS_KEEP"]
    if up_to <= 0:
        return
    since = times.from_now(days=-current_app.config["EVENTS_KEEP_DAYS"])
    old = list(
        takewhile(lambda row: row["created_at"] < since, events.oldest(user_id, up_to, MOST_PRUNED))
    )
    if old:
        events.delete_up_to(user_id, old[-1]["seq"])


def message_frame(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "message",
        "id": message["id"],
        "chat_id": message["chat_id"],
        "user_id": message["sender_id"],
        "content": message["content"],
    }


def match_frame(chat_id: int, other_id: int, content: str) -> dict[str, Any]:
    return {"type": "match", "content": content, "chat_id": chat_id, "user_id": other_id}


def read_chat_frame(chat_id: int, reader_id: int) -> dict[str, Any]:
    return {"type": "read_chat", "chat_id": chat_id, "user_id": reader_id}


def read_messages_frame(chat_id: int, reader_id: int, message_ids: list[int]) -> dict[str, Any]:
    return {
        "type": "read_messages",
        "chat_id": chat_id,
        "user_id": reader_id,
        "message_ids": message_ids,
    }


def chat_closed_frame(chat_id: int) -> dict[str, Any]:
    return {"type": "chat_closed", "chat_id": chat_id}
