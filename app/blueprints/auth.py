"""Accounts and their sessions."""

from flask import Blueprint, current_app, g

from app import names, passwords, tokens
from app.auth import signed_in, unauthorized
from app.bodies import Login, Logout, Refresh, Register
from app.db import transaction
from app.json import read, read_optional
from app.problems import Problem, invalid
from app.queries import sessions, users

bp = Blueprint("auth", __name__)


@bp.post("/register")
def register():
    """Open an account."""
    body = read(Register)
    try:
        canonical = names.canonical(body.username)
    except ValueError:
        raise invalid("username", "may hold letters, digits and ASCII symbols of one script, no blanks") from None
    password_hash = passwords.digest(body.password, current_app.config["BCRYPT_COST"])
    with transaction():
        user_id = users.insert(body.username, canonical, password_hash, body.bio, body.photo_url)
    if user_id is None:
        raise Problem(409, "username_taken", "This username is taken")
    return {"message": "Регистрация успешна", "user_id": user_id}, 201


@bp.post("/login")
def login():
    """Start the session of a device; one that it had before ends."""
    body = read(Login)
    user = users.find_login(names.login_key(body.username))
    cost = current_app.config["BCRYPT_COST"]
    if not passwords.matches(body.password, user and user["password_hash"], cost) or not user:
        raise unauthorized("Invalid username or password")
    stronger = passwords.digest(body.password, cost) if passwords.cost_of(user["password_hash"]) < cost else None
    with transaction():
        if stronger:
            users.update_password_hash(user["id"], stronger)
        sessions.delete_device(user["id"], body.device_id or "")
        session = sessions.insert(user["id"], body.device_id or "")
    return {"user_id": str(user["id"])} | tokens.pair(session)


@bp.post("/refresh")
def refresh():
    """Trade a refresh token for new tokens; it is good once."""
    body = read(Refresh)
    named = tokens.read_refresh(body.refresh_token)
    session = None
    if named:
        with transaction():
            session = sessions.advance(*named, user_id=_number(body.user_id))
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
        sessions.delete(g.session["id"], g.user_id)
    return {"status": "logged out"}


def _number(user_id: int | str | None) -> int | None:
    """An id that may come as a number or as its digits; what is neither can be nobody's."""
    if user_id is None:
        return None
    digits = str(user_id)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
