"""Changes that another client must see: recorded inside the transaction, announced after it."""

from typing import Any, NamedTuple

import msgspec

from app import bell
from app.queries import events


class Event(NamedTuple):
    user_id: int
    payload: str


def record(user_id: int, frame: dict[str, Any]) -> Event:
    """Give the frame its `seq` and keep it. Where one change is for two people, record the lower id's first."""
    seq = events.next_seq(user_id)
    payload = msgspec.json.encode(frame | {"seq": seq}).decode()
    events.insert(user_id, seq, frame["type"], payload)
    return Event(user_id, payload)


def announce(*recorded: Event) -> None:
    if recorded:
        bell.ring(list(recorded))


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
    return {"type": "read_messages", "chat_id": chat_id, "user_id": reader_id, "message_ids": message_ids}
