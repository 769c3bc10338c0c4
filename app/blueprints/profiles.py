"""Profiles: the user's own one, and those of others as the user may see them."""

from typing import Any

from flask import Blueprint, g

from app import birthdays, places
from app.auth import signed_in
from app.bodies import Profile
from app.db import Row, transaction
from app.fields import written_date
from app.json import convert, read_object
from app.problems import not_found
from app.queries import discovery, users

PLACE = {"latitude", "longitude"}  # they come together

bp = Blueprint("profiles", __name__)


@bp.get("/me")
@signed_in
def show_me():
    """My profile, all of it."""
    return users.find_own(g.user_id)


@bp.put("/me")
@signed_in
def update_me():
    """Change the given fields. `null` leaves a field alone."""
    given = read_object()
    return _update({field: value for field, value in given.items() if value is not None})


@bp.patch("/me")
@signed_in
def patch_me():
    """Change the given fields, as RFC 7396 says. `null` clears a field."""
    return _update(read_object())


def _update(given: dict[str, Any]) -> Row:
    fields = convert(_changed(given), Profile).given()
    if fields:
        with transaction():
            birthdays.check_change(g.user_id, fields)
            users.update(g.user_id, fields)
            discovery.write(g.user_id)
            places.settle(g.user_id)
    return users.find_own(g.user_id)


def _changed(given: dict[str, Any]) -> dict[str, Any]:
    """Return the given fields that differ from the stored ones.

    An imported profile may hold what is refused today. Its owner can still send back the whole form.
    """
    stored = users.find_own(g.user_id)
    changed = {f: value for f, value in given.items() if not _is_stored(stored, f, value)}
    if PLACE & changed.keys():
        changed |= {field: given[field] for field in PLACE & given.keys()}
    return changed


def _is_stored(stored: Row, field: str, value: Any) -> bool:
    if stored.get(field) is None or isinstance(value, bool):
        return False
    if field == "birthday" and isinstance(value, str) and (date := written_date(value)):
        return date == written_date(stored[field])
    return not isinstance(stored[field], bool) and value == stored[field]


@bp.get("/user/<id:user_id>")
@signed_in
def show_user(user_id):
    """Someone's profile, as others see it."""
    return users.find_public(user_id, g.user_id) or not_found("user")
