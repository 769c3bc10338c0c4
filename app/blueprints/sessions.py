"""The sessions of signed-in devices."""

import logging

from flask import Blueprint, g, jsonify

from app import times, tokens
from app.auth import signed_in, unauthorized
from app.blueprints import read_little
from app.bodies import Logout, Refresh
from app.db import transaction
from app.events import announce_end
from app.json import read, read_optional
from app.limits import limit
from app.problems import invalid, not_found
from app.queries import ended_sessions, sessions

bp = Blueprint("sessions", __name__)
bp.before_request(read_little)
log = logging.getLogger(__name__)


@bp.post("/refresh")
@limit("LIMIT_REFRESH")
def refresh():
    """Trade a refresh token for new tokens. It is good once, and a moment longer for the same new one; whoever uses it
    later may have stolen it, so that ends the session."""
    body = read(Refresh)
    named = tokens.read_refresh(body.refresh_token)
    session, reused = None, None
    if named:
        user_id = _number(body.user_id)
        with transaction():
            session = sessions.advance(*named, user_id) or sessions.find_advanced(*named, user_id)
            reused = None if session else sessions.delete_reused(*named, user_id)
    if reused:
        log.warning(
            "a refresh token was used again, so session %d of user %d ends",
            reused["id"],
            reused["user_id"],
        )
        announce_end(reused["user_id"], [reused["id"]])
    if not session:
        raise unauthorized("Invalid or expired refresh token")
    return tokens.pair(session)


@bp.post("/logout")
@signed_in
def logout():
    """End the session of this access token, at once."""
    body = read_optional(Logout)
    if body.user_id is not None and _number(body.user_id) != g.user_id:
        raise invalid("user_id", "is not this session's")
    if body.device_id is not None and body.device_id != g.session["device_id"]:
        raise invalid("device_id", "is not this session's")
    with transaction():
        ended = sessions.delete(g.session["id"], g.user_id)
    announce_end(g.user_id, ended)
    return {"status": "logged out"}


@bp.post("/logout-all")
@signed_in
def logout_all():
    """End all my sessions, this one too."""
    with transaction():
        ended = sessions.delete_all(g.user_id)
    announce_end(g.user_id, ended)
    return {"status": "logged out"}


@bp.get("/sessions")
@signed_in
def list_sessions():
    """My sessions, the last used first."""
    return jsonify(sessions.mine(g.user_id, g.session["id"]))


@bp.delete("/sessions/<id:session_id>")
@signed_in
def end_session(session_id):
    """End one of my sessions; the same request again succeeds for REPEAT_SECONDS."""
    with transaction():
        ended = _end_session(session_id)
    announce_end(g.user_id, ended)
    return {"status": "logged out"}


def _end_session(session_id: int) -> list[int]:
    """Return the ids of the sessions that end by this. Raises Problem 404."""
    ended = sessions.delete(session_id, g.user_id)
    if ended:
        ended_sessions.delete_before(g.user_id, times.repeat_start())
        ended_sessions.insert(session_id, g.user_id)
    elif not ended_sessions.exists(session_id, g.user_id, times.repeat_start()):
        not_found("session")
    return ended


def _number(user_id: int | str | None) -> int | None:
    """An id that may come as a number or as its digits; what is neither can be nobody's."""
    if user_id is None:
        return None
    digits = str(user_id)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
