"""Changes that another client must see: recorded inside the transaction, announced after it."""

import time
from itertools import takewhile
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
from flask import current_app, g

from app import bell, times
from app.queries import events, sessions

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


def record_all(frames: list[tuple[int, dict[str, Any]]]) -> list[Event]:
    """Record frames of one change, each with its user's id, in ascending order of the ids."""
    return [record(user_id, frame) for user_id, frame in sorted(frames, key=itemgetter(0))]


def for_own_devices(frame: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Address a frame to the user of this request, if another session of the user lives."""
    if not sessions.has_other(g.user_id, g.session["id"]):
        return []
    return [(g.user_id, frame)]


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
    """Publish recorded events. Call it right after the commit."""
    if recorded:
        frames = [(event.user_id, event.payload) for event in recorded]
        bell.ring(frames, committed_at=time.time(), request_id=g.get("request_id"))


def announce_end(user_id: int, session_ids: list[int]) -> None:
    """Publish that sessions have ended, so that ws closes their sockets. Clients do not get it."""
    if session_ids:
        frame = msgspec.json.encode({"type": "ended", "sessions": session_ids}).decode()
        bell.ring([(user_id, frame)])


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


def chat_closed_frame(chat_id: int, other_id: int) -> dict[str, Any]:
    return {
        "type": "chat_closed",
        "chat_id": chat_id,
        "user_id": other_id,
        "content": "Chat closed",
    }


# Frames for a user's own other devices. `user_id` is the other member, as in every frame.


def sent_frame(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "sent",
        "id": message["id"],
        "chat_id": message["chat_id"],
        "user_id": message["receiver_id"],
        "content": message["content"],
    }


def read_frame(chat_id: int, other_id: int, message_ids: list[int] | None = None) -> dict[str, Any]:
    """Build the frame of a read chat, or of some read messages of it."""
    frame = {"type": "read", "chat_id": chat_id, "user_id": other_id}
    return frame if message_ids is None else frame | {"message_ids": message_ids}
