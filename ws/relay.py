"""The two frames that clients send, `typing` and `delivered`: passed on inside the sender's own chats, never kept."""

from typing import Literal

import msgspec

from app import bell, json_input
from app.fields import Id
from app.queries import chats


class Signal(msgspec.Struct):
    type: Literal["typing", "delivered"]
    chat_id: Id
    message_id: Id | None = None


def relay(user_id: int, frame: str) -> None:
    """Pass it on to the other member; drop what is malformed or not about a chat of theirs."""
    try:
        signal = json_input.decode(frame, Signal)
    except (msgspec.DecodeError, RecursionError):
        return
    chat = chats.find(signal.chat_id, user_id)
    outgoing = chat and not chat["is_closed"] and _outgoing(signal, user_id)
    if outgoing:
        bell.ring([(chat["peer_id"], msgspec.json.encode(outgoing).decode())])


def _outgoing(signal: Signal, user_id: int) -> dict[str, str | int] | None:
    frame = {"type": signal.type, "chat_id": signal.chat_id, "user_id": user_id}
    if signal.type == "typing":
        return frame
    if signal.message_id is None or not chats.has_message(
        signal.chat_id, user_id, signal.message_id
    ):
        return None
    return frame | {"message_id": signal.message_id}
