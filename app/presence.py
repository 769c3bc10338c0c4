"""Who has a live socket: each ws process says so in Redis, for as long as it lives; news, as all that is there."""

import msgspec
import redis

from app import bell

LIFETIME_SECONDS = 60
_PROCESSES = "ws:processes"  # a sorted set of their names, by when they last said something


def tell(process: str, user_ids: list[int]) -> None:
    """The sockets of a process, said anew within LIFETIME_SECONDS. Raises RedisError."""
    with bell.client() as client:
        now = _seconds(client.time())
        pipeline = client.pipeline(transaction=False)
        pipeline.set(_key(process), msgspec.json.encode(user_ids), ex=LIFETIME_SECONDS)
        pipeline.zadd(_PROCESSES, {process: now})
        pipeline.zremrangebyscore(_PROCESSES, "-inf", now - LIFETIME_SECONDS)
        pipeline.zremrangebyscore(_PROCESSES, now + LIFETIME_SECONDS, "+inf")
        pipeline.execute()


def online() -> str:
    """The ids of the people with a live socket, a list in JSON; nobody while Redis is away."""
    try:
        with bell.client() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.time()
            pipeline.zrange(_PROCESSES, 0, -1, withscores=True)
            moment, said = pipeline.execute()
        now = _seconds(moment)
        living = [_key(name.decode()) for name, at in said if abs(now - at) < LIFETIME_SECONDS]
        if not living:
            return "[]"
        with bell.client() as client:
            found = client.mget(living)
    except redis.RedisError:
        return "[]"
    return "[" + ",".join(ids[1:-1].decode() for ids in found if ids and ids != b"[]") + "]"


def _seconds(moment: tuple[int, int]) -> float:
    """Return the time of Redis, the one clock that all processes share; it may be set back, too."""
    seconds, microseconds = moment
    return seconds + microseconds / 1e6


def _key(process: str) -> str:
    return f"ws:online:{process}"
