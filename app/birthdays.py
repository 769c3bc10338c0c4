"""How often a user may change a birthday that was set before."""

from typing import Any

from flask import g

from app import times
from app.minimum_age import too_young
from app.problems import too_many
from app.queries import birthday_changes, users

MAX_CHANGES = 3  # a year; each one tells which ages others wish to meet
YEAR_DAYS = 365


def check_change(user_id: int, fields: dict[str, Any]) -> None:
    """Count a change of the birthday in `fields`, if there is one. Raises Problem 403 or 429.

    The first birthday is free. Removing it is always possible, and counts: otherwise a user could
    set any number of birthdays by removing each one first.
    """
    if "birthday" not in fields:
        return
    old, new = users.find_birthday(user_id), fields["birthday"]
    if old == new:
        return
    if g.session["is_minor"]:
        raise too_young()  # a known minor does not become an adult by a new birthday
    year_ago = times.from_now(days=-YEAR_DAYS)
    if old is not None:
        birthday_changes.delete_before(user_id, year_ago)
        birthday_changes.insert(user_id)
    changes = birthday_changes.count(user_id, since=year_ago)
    if new is not None and changes["made"] > MAX_CHANGES:
        wait = times.until(changes["oldest"], days=YEAR_DAYS)
        detail = f"The birthday can be changed {MAX_CHANGES} times a year"
        raise too_many("too_many_birthday_changes", detail, wait)
