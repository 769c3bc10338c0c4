"""Profiles: mine, and others' as I may see them."""

from flask import Blueprint, g

from app import grid
from app.auth import signed_in
from app.bodies import Profile
from app.db import transaction
from app.json import read
from app.problems import not_found
from app.queries import discovery, origins, users

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
            users.update(g.user_id, fields)
            discovery.write(g.user_id)
            if "latitude" in fields and _may_move():
                discovery.write_place(g.user_id)
    return users.find_own(g.user_id)


def _may_move() -> bool:
    """Whether others learn of my new place: not when I was in too many today."""
    me = users.find_own(g.user_id)
    if me["latitude"] is None:
        return True
    return origins.admit(g.user_id, grid.cell(*grid.snap(me["latitude"], me["longitude"]), grid.GRID_KM))


@bp.get("/user/<id:user_id>")
@signed_in
def show_user(user_id):
    """Someone's profile, as others see it."""
    return users.find_public(user_id, g.user_id) or not_found("user")
