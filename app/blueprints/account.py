"""Leaving, and what one takes along."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, g, jsonify, request

from app import bans, times, tokens
from app.auth import confirmed, named_by, signed_in, wrong_credentials
from app.blueprints import read_little
from app.bodies import Credentials, Password
from app.db import transaction
from app.events import announce, announce_end, chat_closed_frame, record
from app.json import read
from app.limits import is_wrong, limit, name_at_address, user
from app.problems import Problem
from app.queries import account, chats, sessions, users

bp = Blueprint("account", __name__)
bp.before_request(read_little)


@bp.get("/me/export")
@signed_in
@limit("LIMIT_EXPORT", user)
def export_me():
    """All that is held about me; what others wrote or did is theirs."""
    response = jsonify({"exported_at": times.from_now()} | account.export(g.user_id))
    response.headers["Content-Disposition"] = 'attachment; filename="export.json"'
    return response


def repeatable(view: Callable[[], Any]) -> Callable[[], Any]:
    """Answer a repeated deletion like the first, though the session is gone with the account."""

    @wraps(view)
    def answered() -> Any:
        try:
            return view()
        except Problem as problem:
            if problem.status != 401 or not _is_just_deleted():
                raise
            return {"status": "deleted"}

    return answered


@bp.delete("/me")
@repeatable
@signed_in
@limit("LIMIT_PASSWORD", user)
def delete_me():
    """Leave for good."""
    current = confirmed(read(Password).password, "password")
    _leave(g.user_id, current)
    return {"status": "deleted"}


@bp.post("/account-deletion")
@limit("LIMIT_LOGIN")
@limit("LIMIT_GUESSES", name_at_address, counts=is_wrong)
def delete_account():
    """The same, for those who have the app no more."""
    found = named_by(read(Credentials))
    _leave(found["id"], found["password_hash"])
    return {"status": "deleted"}


def _is_just_deleted() -> bool:
    """Return whether the request has a valid access token of an account deleted a moment ago."""
    token = request.authorization and request.authorization.token
    named = tokens.read_access(token) if token else None
    return bool(named) and users.is_deleted(named[0], since=times.repeat_start())


def _leave(user_id: int, password_hash: str) -> None:
    with transaction():
        if not users.replace_password_hash(user_id, password_hash, password_hash):
            raise wrong_credentials()  # the password was changed while we hashed
        closing = chats.open_of(user_id)
        ended = sessions.delete_all(user_id)
        bans.keep_name(user_id)
        account.erase(user_id)
        recorded = [record(chat["peer_id"], chat_closed_frame(chat["id"])) for chat in closing]
    announce(*recorded)
    announce_end(user_id, ended)
