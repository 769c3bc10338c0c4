"""Swipes, and the matches they make."""

from flask import Blueprint, current_app, g, jsonify
from werkzeug.exceptions import NotFound

from app import batches, marks, metrics, times
from app.auth import signed_in
from app.bodies import Swipe
from app.db import transaction
from app.events import announce
from app.json import read, read_query
from app.matches import match
from app.parameters import UndoSwipe
from app.problems import Problem, invalid, not_found, too_many
from app.queries import chats, latest_swipes, likes_given, swipes, users

bp = Blueprint("swipes", __name__)


@bp.post("/swipe")
@signed_in
def swipe():
    """Like or dislike someone; two likes that meet make one chat."""
    body = read(Swipe)
    if body.target_id == g.user_id:
        raise invalid("target_id", "must be someone else")
    chat_id, recorded = None, []
    with transaction():
        target = users.find_target(body.target_id, g.user_id) or not_found("user")
        if target["is_unmatched"]:
            raise Problem(409, "chat_closed", "You two had a match, and it is over")
        is_new = _write_swipe(body.target_id, body.action)
        allowance = _allowance(is_new and body.action == "like")
        if body.action == "like" and swipes.likes(body.target_id, g.user_id):
            chat_id, recorded = match(g.user_id, body.target_id)
    announce(*recorded)
    if is_new:
        metrics.swipes.labels(body.action).inc()
    if recorded:
        metrics.matches.inc()
    if chat_id is None:
        return {"status": body.action} | allowance
    return {
        "status": "match",
        "content": f"It's a match with user {body.target_id}!",
        "chat_id": chat_id,
    } | allowance


@bp.delete("/swipe/last")
@signed_in
def undo_swipe():
    """Take back the latest swipe, or the one of `target_id`, unless it is a like with a match.

    Without `target_id` an older swipe is never taken back. The same request again is answered
    likewise for REPEAT_SECONDS.
    """
    query = read_query(UndoSwipe)
    with transaction():
        target_id = query.target_id or latest_swipes.find_target(g.user_id)
        if target_id is None:
            not_found("swipe")
        _undo(target_id)
    marks.forget(g.user_id)
    return {"status": "undone", "target_id": target_id}


@bp.delete("/clear/my/swipes")
@signed_in
def clear_my_swipes():
    """Forget my swipes; a testing aid, chats stay."""
    if not current_app.config["CLEAR_SWIPES"]:
        raise NotFound
    last_id = swipes.last_id()  # later swipes are left, so that it ends
    batches.run(
        lambda most: swipes.mine(g.user_id, last_id, most),
        lambda ids: swipes.delete_mine(g.user_id, ids),
    )
    marks.forget(g.user_id)
    return jsonify(True)


def _write_swipe(target_id: int, action: str) -> bool:
    """Store a swipe as the latest. Returns False if it is the same as the one before."""
    latest_swipes.write(g.user_id, target_id)
    if swipes.find_action(g.user_id, target_id) == action:
        return False
    swipes.delete(g.user_id, target_id)
    swipes.insert(g.user_id, target_id, action)
    return True


def _undo(target_id: int) -> None:
    swipe = swipes.find_reachable(g.user_id, target_id)
    if swipe is None:
        if not latest_swipes.is_undone(g.user_id, target_id, times.repeat_start()):
            not_found("swipe")
        return
    if swipe["action"] == "like" and chats.find_with(g.user_id, target_id):
        raise Problem(409, "matched", "This like made a match")
    swipes.delete(g.user_id, target_id)
    latest_swipes.write_undone(g.user_id, target_id)


def _allowance(is_like: bool) -> dict[str, int]:
    """Count a new like. Returns how many are left if likes are limited. Raises Problem 429."""
    most = current_app.config["LIKES_PER_DAY"]
    if not most:
        return {}
    day_ago = times.from_now(days=-1)
    if is_like:
        likes_given.delete_before(g.user_id, day_ago)
        likes_given.insert(g.user_id)
    likes = likes_given.count(g.user_id, since=day_ago)
    if is_like and likes["used"] > most:
        raise too_many(
            "no_likes_left", "No likes are left for today", times.until(likes["oldest"], days=1)
        )
    return {"remaining_likes": max(0, most - likes["used"])}
