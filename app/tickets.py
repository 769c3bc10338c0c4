"""One-time tickets for a WebSocket. Redis holds a hash of each until it is used or expires."""

import hashlib
import secrets

import redis

from app import bell, namespace

LIFETIME_SECONDS = 30


class Holder(namespace.Signed):
    """The user and the session that a ticket admits."""

    user_id: int
    session_id: int


def issue(user_id: int, session_id: int) -> str:
    """Store a new ticket. Raises RedisError."""
    ticket = secrets.token_urlsafe(32)
    key = _key(ticket)
    holder = Holder(user_id=user_id, session_id=session_id)
    with bell.client() as client:
        client.set(key, namespace.current().seal(key, holder), ex=LIFETIME_SECONDS)
    return ticket


def redeem(ticket: str) -> Holder | None:
    """Use a ticket up. Return None if it is unknown, used, expired or forged. Raises RedisError."""
    key = _key(ticket)
    try:
        with bell.client() as client:
            found = client.getdel(key)
    except redis.ResponseError as error:
        if not bell.is_wrong_type(error):
            raise
        return None  # a list or a hash is no ticket
    try:
        return namespace.current().unseal(key, found or b"", Holder)
    except ValueError:
        return None


def _key(ticket: str) -> str:
    return namespace.current().name(f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}")
