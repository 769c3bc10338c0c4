"""The messages of a chat, for its two members alone."""

import time
from typing import Any

from flask import Blueprint, current_app, g, jsonify

from app import batches, metrics, times
from app.auth import signed_in
from app.bodies import ReadChat, ReadMessages, SendMessage
from app.db import transaction
from app.events import (
    announce,
    for_own_devices,
    message_frame,
    read_chat_frame,
    read_frame,
    read_messages_frame,
    record_all,
    sent_frame,
)
from app.fields import LARGEST_ID
from app.json import read, read_query
from app.parameters import MessagePage
from app.problems import Problem, invalid, not_found, too_many
from app.queries import chats, messages

bp = Blueprint("messages", __name__)


@bp.get("/chat/messages/<id:chat_id>")
@signed_in
def list_messages(chat_id):
    """A stretch of a chat of mine, oldest first."""
    query = read_query(MessagePage)
    chat = chats.find(chat_id, g.user_id) or not_found("chat")
    before_id = query.before_id or LARGEST_ID
    if query.after_id is not None:
        return jsonify(
            messages.following(chat["id"], g.user_id, query.after_id, before_id, query.limit)
        )
    return jsonify(messages.latest(chat["id"], g.user_id, before_id, query.limit))


@bp.post("/messages/send")
@signed_in
def send_message():
    """Send a message to the other member of one of my chats; the same `client_id` again is the same message."""
    body = read(SendMessage)
    with transaction():
        chat = _my_chat(body.chat_id, body.receiver_id)
        message = messages.insert(
            chat["id"], g.user_id, chat["peer_id"], body.content, body.client_id
        )
        if message is None:
            return _sent_before(chat["id"], body)
        if chat["is_closed"]:
            raise Problem(409, "chat_closed", "This chat is closed")
        _check_pace(chat["id"])
        chats.update_last_message(chat["id"], message["id"])
        recorded = record_all(
            [
                (chat["peer_id"], message_frame(message)),
                *for_own_devices(sent_frame(message)),
            ]
        )
    announce(*recorded)
    metrics.messages.inc()
    return message, 201


@bp.post("/chat/read")
@signed_in
def read_chat():
    """Mark all messages to me in a chat as read, many of them in several transactions.

    The last one records the event, so that a request that is repeated after a break records it, too.
    """
    body = read(ReadChat)
    recorded = []
    is_done = False
    while not is_done:
        with transaction():
            chat = _my_chat(body.chat_id, body.receiver_id)
            changed = messages.mark_chat_read(chat["id"], g.user_id, batches.BATCH_ROWS)
            is_done = not messages.has_unread(chat["id"], g.user_id)
            if changed and is_done:
                recorded = record_all(_read_chat_frames(chat))
        if not is_done:
            time.sleep(batches.PAUSE_SECONDS)
    announce(*recorded)
    return jsonify(True)


@bp.post("/messages/read")
@signed_in
def read_messages():
    """Mark some messages to me in a chat as read."""
    body = read(ReadMessages)
    frames = []
    with transaction():
        chat = _my_chat(body.chat_id, body.receiver_id)
        changed = [
            i for i in sorted(set(body.message_ids)) if messages.mark_read(chat["id"], g.user_id, i)
        ]
        if changed:
            frames = for_own_devices(read_frame(chat["id"], chat["peer_id"], changed))
            if not chat["is_closed"]:
                frames.append(
                    (chat["peer_id"], read_messages_frame(chat["id"], g.user_id, changed))
                )
        recorded = record_all(frames)
    announce(*recorded)
    return {"status": "ok"}


def _read_chat_frames(chat: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    frames = for_own_devices(read_frame(chat["id"], chat["peer_id"]))
    if not chat["is_closed"]:
        frames.append((chat["peer_id"], read_chat_frame(chat["id"], g.user_id)))
    return frames


def _my_chat(chat_id: int | None, receiver_id: int | None) -> dict[str, Any]:
    """My chat by its id, by its other member, or by both where they agree."""
    if chat_id is None:
        return chats.find_with(g.user_id, receiver_id) or not_found("chat")
    chat = chats.find(chat_id, g.user_id) or not_found("chat")
    if receiver_id not in (None, chat["peer_id"]):
        raise invalid("receiver_id", "is not the other member of this chat")
    return chat


def _check_pace(chat_id: int) -> None:
    most = current_app.config["SENDS_PER_MINUTE"]
    if most:
        sent = messages.count_sent(
            chat_id, g.user_id, times.from_now(minutes=-1), among=2 * most + 2
        )
        if sent["used"] > most:
            raise too_many(
                "too_many_messages",
                "Too many messages to this chat",
                times.until(sent["oldest"], minutes=1),
            )


def _sent_before(chat_id: int, body: SendMessage) -> dict[str, Any]:
    message = messages.find_sent(g.user_id, body.client_id)
    if (message["chat_id"], message["content"]) != (chat_id, body.content):
        raise Problem(409, "client_id_used", "This client_id was used for another message")
    return message
