"""Accounts and their passwords."""

from flask import Blueprint, current_app, g

from app import bans, limits, metrics, names, passwords, times, tokens
from app.auth import confirmed, named_by, signed_in, wrong_credentials
from app.blueprints import read_little
from app.bodies import ChangePassword, Login, Register
from app.client_address import client_address
from app.db import transaction
from app.events import announce_end
from app.json import read
from app.problems import Problem, invalid
from app.queries import discovery, sessions, standing, users

bp = Blueprint("auth", __name__)
bp.before_request(read_little)


@bp.post("/register")
def register():
    """Open an account."""
    body = read(Register)
    address = client_address()
    limits.take("LIMIT_REGISTER", "tried", address, times=limits.ATTEMPTS_PER_ACCOUNT)
    try:
        canonical = names.canonical(body.username)
    except ValueError:
        raise invalid(
            "username",
            "must be letters, digits and ASCII symbols, with single spaces between words",
        ) from None
    if reason := names.refusal(canonical):
        raise invalid("username", reason)
    if current_app.config["REQUIRE_TERMS"] and not body.accept_terms:
        raise invalid("accept_terms", "must be true: the terms of use must be accepted")
    with limits.reserve("LIMIT_REGISTER", address) as account:
        user_id = _open_account(body, canonical)
        account.keep()
    metrics.registrations.inc()
    return {"message": "Регистрация успешна", "user_id": user_id}, 201


def _open_account(body: Register, canonical: str) -> int:
    """Return the new user's id. Raise Problem 403 for a banned name and 409 for a taken one."""
    password_hash = passwords.digest(body.password, current_app.config["BCRYPT_COST"])
    profile = {"bio": body.bio, "photo_url": body.photo_url, "birthday": body.birthday}
    profile["terms_accepted_at"] = times.from_now() if body.accept_terms else None
    with transaction():
        user_id = users.insert(body.username, canonical, password_hash, profile)
        if user_id is None:
            raise bans.name_taken()
        bans.check_name(canonical)
        discovery.write(user_id)
    return user_id


@bp.post("/login")
def login():
    """Start the session of a device; one that it had before ends."""
    body = read(Login)
    limits.take("LIMIT_LOGIN", client_address())
    user = named_by(body)
    cost = current_app.config["BCRYPT_COST"]
    stronger = (
        passwords.digest(body.password, cost)
        if passwords.cost_of(user["password_hash"]) < cost
        else None
    )
    device_id = body.device_id or ""
    with transaction():
        if not users.replace_password_hash(
            user["id"], user["password_hash"], stronger or user["password_hash"]
        ):
            raise wrong_credentials()  # the password was changed while we hashed
        _check_standing(user["id"])
        ended = sessions.delete_device(user["id"], device_id)
        session = sessions.insert(user["id"], device_id)
        sessions.delete_expired()
        users.touch(user["id"])
        discovery.touch(user["id"])
    announce_end(user["id"], ended)
    return {"user_id": str(user["id"])} | tokens.pair(session)


def _check_standing(user_id: int) -> None:
    """Raises 403 for who is shut out; only now, since only who knows the password may learn of it."""
    found = standing.find(user_id)
    if found["banned_at"]:
        raise Problem(403, "banned", "This account is banned")
    if until := found["suspended_until"]:
        raise Problem(
            403, "suspended", f"This account is suspended until {until}", more={"until": until}
        )


@bp.put("/me/password")
@signed_in
def change_password():
    """Set a new password; my other sessions end."""
    body = read(ChangePassword)
    limits.take("LIMIT_PASSWORD", limits.user())
    current = confirmed(body.old_password, "old_password")
    new = passwords.digest(body.new_password, current_app.config["BCRYPT_COST"])
    with transaction():
        if not users.replace_password_hash(g.user_id, current, new):
            raise Problem(409, "password_changed", "The password was changed at the same time")
        ended = sessions.delete_others(g.user_id, g.session["id"])
    announce_end(g.user_id, ended)
    return {"status": "password changed"}
