"""What is kept of a banned name, so that the ban outlives the account: an HMAC of it, no more."""

import hmac

from app.queries import settings


def seal(canonical: str) -> str:
    """HMAC-SHA-256 of a canonical name, in hexadecimal, by a key that was made with the database."""
    return hmac.digest(settings.find("ban_key").encode(), canonical.encode(), "sha256").hex()
