"""Profiles: mine, and others' as I may see them."""

from flask import Blueprint, g

from app import birthdays, places
from app.auth import signed_in
from app.bodies import Profile
from app.db import transaction
from app.json import read
from app.problems import not_found
from app.queries import discovery, users

bp = Blueprint("profiles", __name__)


@bp.get("/me")
@signed_in
def show_me():
    """My profile, all of it."""
    return users.find_own(g.user_id)


@bp.put("/me")
@signed_in
def update_me():
    """Change what is given; null clears."""
    body = read(Profile)
    fields = body.given()
    if fields:
        with transaction():
            birthdays.check_change(g.user_id, fields)
            users.update(g.user_id, fields)
            discovery.write(g.user_id)
            places.settle(g.user_id)
    return users.find_own(g.user_id)


@bp.get("/user/<id:user_id>")
@signed_in
def show_user(user_id):
    """Someone's profile, as others see it."""
    return users.find_public(user_id, g.user_id) or not_found("user")
