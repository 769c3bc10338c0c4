"""Users with an open socket, as each ws process tells Redis for as long as it runs."""

from collections.abc import Iterator

import msgspec
import redis

from app import bell, namespace

LIFETIME_SECONDS = 60


def tell(process: str, user_ids: list[int]) -> None:
    """Store the users connected to a process for LIFETIME_SECONDS. Raises RedisError."""
    with bell.client() as client:
        now = _seconds(client.time())
        pipeline = client.pipeline(transaction=False)
        pipeline.set(_key(process), msgspec.json.encode(user_ids), ex=LIFETIME_SECONDS)
        pipeline.zadd(_processes(), {process: now})
        pipeline.zremrangebyscore(_processes(), "-inf", now - LIFETIME_SECONDS)
        pipeline.zremrangebyscore(_processes(), now + LIFETIME_SECONDS, "+inf")
        try:
            pipeline.execute()
        except redis.ResponseError as error:
            if bell.is_wrong_type(error):
                client.delete(_processes())  # the next call makes it
            raise


def online() -> str:
    """Return the ids of the users with an open socket, a JSON list; empty while Redis is down."""
    try:
        with bell.client() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.time()
            pipeline.zrange(_processes(), 0, -1, withscores=True)
            moment, told = pipeline.execute()
        now = _seconds(moment)
        keys = [_key(name.decode()) for name, at in told if abs(now - at) < LIFETIME_SECONDS]
        if not keys:
            return "[]"
        with bell.client() as client:
            values = client.mget(keys)
    except (redis.RedisError, UnicodeDecodeError):
        return "[]"
    return msgspec.json.encode(list(_ids(values))).decode()


def _ids(values: list[bytes | None]) -> Iterator[int]:
    """Yield the ids of all lists that are readable; others may write to Redis, too."""
    for value in values:
        try:
            yield from msgspec.json.decode(value or b"[]", type=list[int])
        except ValueError:
            continue


def _seconds(moment: tuple[int, int]) -> float:
    """Return the time of Redis, the one clock that all processes share; it may be set back, too."""
    seconds, microseconds = moment
    return seconds + microseconds / 1e6


def _processes() -> str:
    """Return the key of a sorted set: names of processes by when they last told."""
    return namespace.current().name("ws:processes")


def _key(process: str) -> str:
    return namespace.current().name(f"ws:online:{process}")
