"""One-time tickets that let a WebSocket in; Redis holds their hashes until they are used or expire."""

import hashlib
import secrets

from app import bell

LIFETIME_SECONDS = 30


def issue(user_id: int) -> str:
    """Raises RedisError."""
    ticket = secrets.token_urlsafe(32)
    with bell.client() as redis:
        redis.set(_key(ticket), user_id, ex=LIFETIME_SECONDS)
    return ticket


def redeem(ticket: str) -> int | None:
    """Whose ticket it was; None for one that is unknown, used or expired. Raises RedisError."""
    with bell.client() as redis:
        user_id = redis.getdel(_key(ticket))
    return int(user_id) if user_id else None


def _key(ticket: str) -> str:
    return f"ws:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
