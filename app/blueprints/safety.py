"""Keeping away from people, and telling the moderators of them. What one does here the other does not learn."""

import msgspec
from flask import Blueprint, current_app, g, jsonify

from app import cursors, times
from app.auth import signed_in
from app.bodies import Report
from app.db import transaction
from app.events import Event, announce, chat_closed_frame, record_all
from app.json import read, read_query
from app.parameters import MAX_BLOCKS, BlockPage
from app.problems import Problem, invalid, not_found, too_many
from app.queries import blocks, chats, evidence, reports, swipes, users

bp = Blueprint("safety", __name__)


@bp.get("/blocks")
@signed_in
def list_blocks():
    """Whom I block, the latest first; a Link header names the next page."""
    query = read_query(BlockPage)
    before = None if query.cursor is None else cursors.unseal(query.cursor)
    limit = min(query.limit, MAX_BLOCKS)
    rows = blocks.mine(g.user_id, before, limit + 1)
    shown = rows[:limit]
    response = jsonify(shown)
    if len(rows) > len(shown):
        last = [shown[-1]["created_at"], shown[-1]["user_id"]]
        response.headers["Link"] = cursors.next_link(cursor=cursors.seal(last))
    return response


@bp.put("/blocks/<id:user_id>")
@signed_in
def block(user_id):
    """We two do not exist for each other from now on; what we had closes for both, without a word why."""
    with transaction():
        _check_target(user_id)
        recorded = _block(user_id)
    announce(*recorded)
    return {"status": "blocked"}


@bp.delete("/blocks/<id:user_id>")
@signed_in
def unblock(user_id):
    """We may meet again; what was closed stays so. Again, it succeeds and changes nothing."""
    with transaction():
        _check_target(user_id)
        blocks.delete(g.user_id, user_id)
    return {"status": "unblocked"}


@bp.post("/reports")
@signed_in
def report():
    """Tell the moderators of somebody: the report, what is to be seen of it now, and the block, all or nothing."""
    body = read(Report)
    with transaction():
        _check_target(body.user_id)
        chat_id = _reported_chat(body)
        frozen = {
            "profile": evidence.profile(body.user_id),
            "messages": evidence.said(chat_id, body.message_id),
        }
        made = reports.insert(g.user_id, body, chat_id, msgspec.json.encode(frozen).decode())
        made = made or reports.find_repeated(g.user_id, body, times.repeat_start())
        if made is None:
            raise Problem(
                409, "already_reported", "Your earlier report of this person is not decided yet"
            )
        _check_count()
        recorded = _block(body.user_id) if body.block else []
    announce(*recorded)
    return {"id": made["id"], "status": "received"}, 201


def _check_target(user_id: int) -> None:
    """Accept every id that was ever given, so that the answer tells of no block or deletion.

    What a user has seen stays reportable. Raises Problem.
    """
    if user_id == g.user_id:
        raise invalid("user_id", "must be someone else")
    if not users.id_exists(user_id):
        not_found("user")


def _reported_chat(body: Report) -> int | None:
    """The chat that the report names, or that its message is in; else the latest of the two, if there is one."""
    chat = reports.find_chat(g.user_id, body.user_id, body.chat_id, body.message_id)
    if chat is None and body.message_id:
        not_found("message")
    if chat is None and body.chat_id:
        not_found("chat")
    return chat and chat["id"]


def _check_count() -> None:
    most = current_app.config["REPORTS_PER_DAY"]
    made = reports.count(g.user_id, since=times.from_now(days=-1))
    if most and made["used"] > most:
        raise too_many(
            "too_many_reports", "Too many reports in a day", times.until(made["oldest"], days=1)
        )


def _block(user_id: int) -> list[Event]:
    if not blocks.insert(g.user_id, user_id):
        return []
    swipes.delete_likes(g.user_id, user_id)
    closed = [chat["id"] for chat in chats.hide(g.user_id, user_id) if chat["is_news"]]
    frames = []
    for chat_id in closed:
        frames.append((g.user_id, chat_closed_frame(chat_id, user_id)))
        frames.append((user_id, chat_closed_frame(chat_id, g.user_id)))
    return record_all(frames)
