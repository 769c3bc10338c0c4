"""What a user who is known to be under MINIMUM_AGE may still do: their own account, and leaving."""

from flask import g, request

from app.problems import Problem

OPEN_TO_MINORS = {
    "/me",
    "/me/export",
    "/me/password",
    "/sessions",
    "/sessions/<id:session_id>",
    "/logout",
    "/logout-all",
}


def check_age() -> None:
    """Raise Problem 403 for a known minor on every other route, also on those added later."""
    if g.session["is_minor"] and str(request.url_rule) not in OPEN_TO_MINORS:
        raise too_young()


def too_young() -> Problem:
    return Problem(403, "too_young", "This account belongs to a user who is too young")
