"""The sessions of signed-in devices."""

import logging

from flask import Blueprint, g, jsonify

from app import limits, times, tokens
from app.auth import signed_in, unauthorized
from app.blueprints import read_little
from app.bodies import Logout, Refresh
from app.client_address import client_address
from app.cursors import next_link, seal, unseal
from app.db import transaction
from app.events import announce_end
from app.fields import LARGEST_ID
from app.json import read, read_optional, read_query
from app.parameters import SessionPage
from app.problems import invalid, not_found
from app.queries import ended_sessions, sessions

AFTER_ALL_TIMES = "~"  # compares as later than any time

bp = Blueprint("sessions", __name__)
bp.before_request(read_little)
log = logging.getLogger(__name__)


@bp.post("/refresh")
def refresh():
    """Trade a refresh token for new tokens.

    It stays good, for the same successor, until the successor is used. Using it after that ends
    the session, since one of two holders must have stolen it.
    """
    body = read(Refresh)
    named = tokens.read_refresh(body.refresh_token)
    counted_by = ("session", str(named[0])) if named else ("address", client_address())
    limits.take("LIMIT_REFRESH", *counted_by)
    session, reused = None, None
    if named:
        user_id = _number(body.user_id)
        with transaction():
            session = sessions.advance(*named, user_id)
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
    """Return the user's sessions, the last used first; a Link header names the next page."""
    query = read_query(SessionPage)
    rows = sessions.page(g.user_id, g.session["id"], _position(query.before), query.limit + 1)
    shown = rows[: query.limit]
    response = jsonify(shown)
    if len(rows) > len(shown):
        cursor = seal([shown[-1]["last_used_at"], shown[-1]["id"]])
        response.headers["Link"] = next_link(before=cursor)
    return response


@bp.delete("/sessions/<id:session_id>")
@signed_in
def end_session(session_id):
    """End one of my sessions; the same request again succeeds for REPEAT_SECONDS."""
    with transaction():
        ended = _end_session(session_id)
    announce_end(g.user_id, ended)
    return {"status": "logged out"}


def _position(before: str | None) -> tuple[str, int]:
    """Return where a page begins. Raise Problem 422."""
    if not before:
        return AFTER_ALL_TIMES, LARGEST_ID
    last_used_at, session_id = unseal(before, "before")
    return last_used_at, session_id


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
