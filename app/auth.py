"""Who is asking: @signed_in, and by name and password."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, g, request

from app import limits, names, passwords, places, storage_errors, times, tokens
from app.bodies import Credentials
from app.db import transaction
from app.minimum_age import check_age
from app.problems import Problem
from app.queries import discovery, sessions, users


def unauthorized(detail: str = "A valid access token is required") -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


def named_by(credentials: Credentials) -> dict[str, Any]:
    """Whose name and password these are: `{"id", "password_hash"}`. Raises 401, the same for whatever is wrong, and
    429 after too many guesses."""
    name = names.login_key(credentials.username)
    with limits.guess(name) as guess:
        user = users.find_login(name)
        known = user and user["password_hash"]
        is_right = passwords.matches(credentials.password, known, current_app.config["BCRYPT_COST"])
        if not is_right or not user:
            guess.keep()
            raise wrong_credentials()
    return user


def wrong_credentials() -> Problem:
    return unauthorized("Invalid username or password")


def confirmed(password: str, field: str) -> str:
    """My password's hash, when that is my password. Raises 403."""
    current = users.find_password_hash(g.user_id)
    if not passwords.matches(password, current, current_app.config["BCRYPT_COST"]):
        raise Problem(403, "wrong_password", f"{field} is not your password")
    return current


def signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in whose access token is valid and whose session lives: sets `g.user_id` and `g.session`. Raises 401."""

    @wraps(view)
    def guarded(**path: Any) -> Any:
        g.session = _session()
        g.user_id = g.session["user_id"]
        check_age()
        g.transaction_guard = _check_session
        if not times.from_now(minutes=-1) <= g.session["last_used_at"] <= times.from_now(minutes=1):
            _note_use()
        return view(**path)

    return guarded


def _check_session() -> None:
    """Raise 401 if the session has ended since the request began, so that what it still writes is dropped."""
    if not sessions.find(g.session["id"], g.user_id):
        raise unauthorized()


def _note_use() -> None:
    """Write when the session was last used, unless another writer or a full disk prevents it."""
    with storage_errors.tolerated(), transaction(patience=0):
        users.touch(g.user_id)
        discovery.touch(g.user_id)
        sessions.touch(g.session["id"], g.user_id)
        places.settle(g.user_id)


def _session() -> dict[str, Any]:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    named = tokens.read_access(token.strip()) if scheme.lower() == "bearer" else None
    session = named and sessions.find(session_id=named[1], user_id=named[0])
    if not session:
        raise unauthorized()
    return session
