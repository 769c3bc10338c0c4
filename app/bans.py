"""The names that cannot be registered. An HMAC of the name is stored, so that it cannot be read."""

import hmac

from app.problems import Problem
from app.queries import settings, standing


def seal(canonical: str) -> str:
    """Return the HMAC-SHA-256 of a canonical name in hexadecimal, by the database's own key."""
    return hmac.digest(settings.find("ban_key").encode(), canonical.encode(), "sha256").hex()


def keep_name(user_id: int) -> None:
    """Store the name of an account before its deletion if it is suspended or reported."""
    canonical = standing.find_name(user_id)
    if canonical:
        standing.release_names()  # so that a name is kept no longer than it must be
        standing.keep_name(seal(canonical), user_id)


def check_name(canonical: str) -> None:
    """Raise Problem if the name cannot be registered: 403 banned or suspended, 409 taken."""
    found = standing.find_by_name(seal(canonical))
    if found is None:
        return
    if found["banned_at"]:
        raise Problem(403, "banned", "The user with this username is banned")
    if until := found["suspended_until"]:
        detail = f"The user with this username is suspended until {until}"
        raise Problem(403, "suspended", detail, more={"until": until})
    raise name_taken()  # a report is open; the answer must not tell that


def name_taken() -> Problem:
    return Problem(409, "username_taken", "This username is taken")
