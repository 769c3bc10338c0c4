"""Who has a live socket: each ws process says so in Redis, for as long as it lives; news, as all that is there."""

import time

import msgspec
import redis

from app import bell

LIFETIME_SECONDS = 60
_PROCESSES = "ws:processes"  # a sorted set of their names, by when they last said something


def tell(process: str, user_ids: list[int]) -> None:
    """The sockets of a process, said anew within LIFETIME_SECONDS. Raises RedisError."""
    now = time.time()
    with bell.client() as client:
        pipeline = client.pipeline(transaction=False)
        pipeline.set(_key(process), msgspec.json.encode(user_ids), ex=LIFETIME_SECONDS)
        pipeline.zadd(_PROCESSES, {process: now})
        pipeline.zremrangebyscore(_PROCESSES, "-inf", now - LIFETIME_SECONDS)
        pipeline.execute()


def online() -> str:
    """The ids of the people with a live socket, a list in JSON; nobody while Redis is away."""
    try:
        with bell.client() as client:
            processes = client.zrangebyscore(_PROCESSES, time.time() - LIFETIME_SECONDS, "+inf")
        if not processes:
            return "[]"
        with bell.client() as client:
            found = client.mget([_key(process.decode()) for process in processes])
    except redis.RedisError:
        return "[]"
    return "[" + ",".join(ids[1:-1].decode() for ids in found if ids and ids != b"[]") + "]"


def _key(process: str) -> str:
    return f"ws:online:{process}"
