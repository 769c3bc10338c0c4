"""Frames that clients send: `ping` is answered; `typing` and `delivered` are relayed and not stored."""

from typing import Annotated, Literal

import msgspec

from app import bell, json_input
from app.fields import LARGEST_ID
from app.queries import chats
from ws.inbox import Frame

PONG = Frame('{"type":"pong"}', "pong")


# Clients in typed languages send 0 or "" for an id that a frame does not need.
ZeroOrId = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_ID)] | Literal[""]


class ClientFrame(msgspec.Struct):
    """A frame that a client may send. Only `ping` has no chat."""

    type: Literal["typing", "delivered", "ping"]
    chat_id: ZeroOrId | None = None
    message_id: ZeroOrId | None = None


def relay(user_id: int, text: str) -> Frame | None:
    """Pass a frame on to the other member of its chat. Return the answer to a ping.

    Frames that are malformed, or not about an open chat of the user, are dropped.
    """
    try:
        frame = json_input.decode(text, ClientFrame)
    except (msgspec.DecodeError, RecursionError):
        return None
    if frame.type == "ping":
        return PONG
    chat = chats.find(frame.chat_id, user_id) if frame.chat_id else None
    if chat and not chat["is_closed"] and (outgoing := _outgoing(frame, user_id)):
        bell.ring([(chat["peer_id"], msgspec.json.encode(outgoing).decode())])
    return None


def _outgoing(frame: ClientFrame, user_id: int) -> dict[str, str | int] | None:
    relayed = {"type": frame.type, "chat_id": frame.chat_id, "user_id": user_id}
    if frame.type == "typing":
        return relayed
    if not frame.message_id:
        return None
    if not chats.has_message(frame.chat_id, user_id, frame.message_id):
        return None
    return relayed | {"message_id": frame.message_id}
