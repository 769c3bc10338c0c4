"""The chats of a user: the list, and the end of a match."""

import base64
import re
from typing import Any

from flask import Blueprint, g, jsonify

from app import times
from app.auth import signed_in
from app.cursors import next_link
from app.db import transaction
from app.events import announce, chat_closed_frame, for_own_devices, record_all
from app.fields import LARGEST_ID
from app.json import read_query
from app.parameters import ChatPage
from app.problems import invalid, not_found
from app.queries import chats

bp = Blueprint("chats", __name__)

_CHAT = (
    "id user1_id user2_id created_at last_message last_message_time last_message_user is_read unread_count is_closed"
).split()


@bp.get("/chats")
@signed_in
def list_chats():
    """My chats, newest activity first; a Link header names the next page."""
    query = read_query(ChatPage)
    rows = chats.page(g.user_id, _position(query.before), query.limit + 1)
    shown = rows[: query.limit]
    response = jsonify([_chat(row) for row in shown])
    if len(rows) > len(shown):
        cursor = base64.urlsafe_b64encode(
            f"{shown[-1]['last_message_id']}.{shown[-1]['id']}".encode()
        ).decode()
        response.headers["Link"] = next_link(before=cursor)
    return response


@bp.delete("/chats/<id:chat_id>")
@signed_in
def unmatch(chat_id):
    """Close a chat of mine, for both of us; what was said stays readable."""
    frames = []
    with transaction():
        chat = chats.find(chat_id, g.user_id) or not_found("chat")
        if chats.unmatch(chat["id"], g.user_id):
            frames = for_own_devices(chat_closed_frame(chat["id"], chat["peer_id"]))
            frames.append((chat["peer_id"], chat_closed_frame(chat["id"], g.user_id)))
        recorded = record_all(frames)
    announce(*recorded)
    return {"status": "closed"}


def _chat(row: dict[str, Any]) -> dict[str, Any]:
    user = {name: row[f"peer_{name}"] for name in ("id", "name", "photo_url")}
    user["last_active"] = times.unless_ahead(row["peer_last_active"])
    return {name: row[name] for name in _CHAT} | {"user": user}


def _position(cursor: str | None) -> tuple[int, int]:
    """The place in the list that a cursor of ours names; without one, before the first."""
    if cursor is None:
        return LARGEST_ID, LARGEST_ID
    try:
        found = re.fullmatch(
            rb"(\d{1,18})\.(\d{1,18})", base64.b64decode(cursor, altchars=b"-_", validate=True)
        )
    except ValueError:
        found = None
    if not found:
        raise invalid("before", "is not a cursor of ours; take it from the Link header")
    return int(found[1]), int(found[2])
