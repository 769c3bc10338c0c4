"""Swipes, and the matches they make."""

from flask import Blueprint, current_app, g, jsonify

from app import batches, marks, metrics, times
from app.auth import signed_in
from app.bodies import Swipe
from app.db import transaction
from app.events import announce
from app.json import read
from app.matches import match
from app.problems import Problem, invalid, not_found, too_many
from app.queries import chats, swipes, users

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
        swipes.delete(g.user_id, body.target_id)
        swipes.insert(g.user_id, body.target_id, body.action)
        allowance = _allowance(body.action)
        if body.action == "like" and swipes.likes(body.target_id, g.user_id):
            chat_id, recorded = match(g.user_id, body.target_id)
    announce(*recorded)
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
    """Take back my latest swipe, unless it is a like that made a match."""
    with transaction():
        last = swipes.latest(g.user_id) or not_found("swipe")
        if last["action"] == "like" and chats.find_with(g.user_id, last["target_id"]):
            raise Problem(409, "matched", "This like made a match")
        swipes.delete(g.user_id, last["target_id"])
    marks.forget(g.user_id)
    return {"status": "undone", "target_id": last["target_id"]}


@bp.delete("/clear/my/swipes")
@signed_in
def clear_my_swipes():
    """Forget my swipes; a testing aid, chats stay."""
    last_id = swipes.last_id()  # so that it ends, whatever I swipe meanwhile
    batches.run(
        lambda most: swipes.mine(g.user_id, last_id, most),
        lambda ids: swipes.delete_mine(g.user_id, ids),
    )
    marks.forget(g.user_id)
    return jsonify(True)


def _allowance(action: str) -> dict[str, int]:
    """How many likes I have left, where these are limited. Raises Problem 429 when this one is too many."""
    most = current_app.config["LIKES_PER_DAY"]
    if not most:
        return {}
    likes = swipes.count_likes(g.user_id, since=times.from_now(days=-1))
    if action == "like" and likes["used"] > most:
        raise too_many(
            "no_likes_left", "No likes are left for today", times.until(likes["oldest"], days=1)
        )
    return {"remaining_likes": max(0, most - likes["used"])}
