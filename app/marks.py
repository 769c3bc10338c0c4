"""How far somebody looked in vain of late: there the same search begins, rather than go over thousands whom they have
swiped. Redis keeps it for some minutes; while Redis is away, all are gone over."""

import hashlib
from contextlib import suppress

import msgspec
import redis

from app import bell, cursors, namespace, times
from app.db import Row
from app.grid import Point
from app.parameters import Search
from app.problems import Problem
from app.walks import Walk

LIFETIME_SECONDS = 600  # from when that ground was first gone over; for so long, who fits only now may be missed there

PAGE_LIFETIME_SECONDS = 3600  # as long as a cursor is good


def find(user_id: int, sought: str) -> Walk | None:
    """Where that search is to begin."""
    return _find(_key(user_id), sought)


def _find(key: str, sought: str) -> Walk | None:
    with suppress(redis.RedisError, Problem, ValueError):  # not ours, or not readable
        with bell.client() as client:
            kept = client.get(key)
        if kept:
            what, walk = cursors.unseal(kept.decode())
            return msgspec.convert(walk, Walk) if what == sought else None
    return None


def keep(walk: Walk, sought: str) -> None:
    """Have the same search begin there."""
    _keep(_key(walk.user_id), walk, sought, LIFETIME_SECONDS)


def keep_page(walk: Walk, last_id: int, sought: str) -> None:
    """Keep where a list goes on after a page whose last id does not tell it."""
    _keep(f"{_key(walk.user_id)}:{last_id}", walk, sought, PAGE_LIFETIME_SECONDS)


def find_page(user_id: int, last_id: int, sought: str) -> Walk | None:
    """Return where that list goes on after the page that ended with this id, if it is known."""
    return _find(f"{_key(user_id)}:{last_id}", sought)


def _keep(key: str, walk: Walk, sought: str, lifetime: int) -> None:
    seconds = int(times.until(walk.began, seconds=lifetime))
    if seconds > 0:
        kept = cursors.seal([sought, msgspec.to_builtins(walk)])
        with suppress(redis.RedisError), bell.client() as client:
            client.set(key, kept, ex=seconds)


def forget(user_id: int) -> None:
    """Somebody may have to be met again."""
    with suppress(redis.RedisError), bell.client() as client:
        client.delete(_key(user_id))


def sought(me: Row, query: Search, origin: Point | None) -> str:
    """A name for what is looked for, the same for the same."""
    mine = {name: value for name, value in me.items() if name not in ("last_id", "first_came")}
    asked = msgspec.structs.replace(query, page_size=1, latitude=None, longitude=None)
    return hashlib.sha256(msgspec.json.encode([mine, asked, origin])).hexdigest()


def _key(user_id: int) -> str:
    return namespace.current().name(f"feed:{user_id}")
