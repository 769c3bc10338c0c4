"""One-time tickets that let a WebSocket in; Redis holds their hashes until they are used or expire."""

import hashlib
import secrets

from app import bell

LIFETIME_SECONDS = 30


def issue(user_id: int, session_id: int) -> str:
    """Raises RedisError."""
    ticket = secrets.token_urlsafe(32)
    with bell.client() as redis:
        redis.set(_key(ticket), f"{user_id}.{session_id}", ex=LIFETIME_SECONDS)
    return ticket


def redeem(ticket: str) -> tuple[int, int] | None:
    """Of which user and session it was; None for one that is unknown, used or expired. Raises RedisError."""
    with bell.client() as redis:
        found = redis.getdel(_key(ticket))
    if not found:
        return None
    user_id, _, session_id = found.partition(b".")
    return int(user_id), int(session_id)


def _key(ticket: str) -> str:
    return f"ws:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
