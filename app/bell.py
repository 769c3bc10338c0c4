"""The way to Redis: news of what the log holds. It may fail at any time, and nothing is lost."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import redis
from circuitbreaker import CircuitBreaker
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

from app import metrics, namespace

PATIENCE_SECONDS = (
    0.08  # for each answer; a new connection may wait for three: to AUTH, to SELECT, to the command
)
FAILURES, PAUSE_SECONDS = 3, 1  # after so many in a row nobody waits for Redis, for so long

log = logging.getLogger(__name__)


class Envelope(namespace.Signed):
    """A published frame with what the ws service needs beside it."""

    frame: msgspec.Raw
    committed_at: float | None = None  # Unix seconds
    request_id: str | None = None  # the request that caused the frame


class Bell:
    """What a process knows of Redis."""

    def __init__(self, url: str) -> None:
        self.redis = connect(url)
        self.breaker = CircuitBreaker(
            FAILURES, PAUSE_SECONDS, (redis.ConnectionError, redis.TimeoutError)
        )
        self.failures = self.told = (
            0  # how often publishing failed; how many of these every ws process was told of
        )


def connect(url: str, patience: float = PATIENCE_SECONDS, **options: float) -> redis.Redis:
    """A client that fails fast and retries nothing, rather than making a request wait."""
    return redis.Redis.from_url(
        url,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
        **options,
    )


def init_app(app: Flask) -> None:
    app.extensions["bell"] = Bell(app.config["REDIS_URL"])


@contextmanager
def client() -> Iterator[redis.Redis]:
    """Redis, for one round trip. Raises RedisError; while Redis is known to be away, at once."""
    bell = current_app.extensions["bell"]
    if bell.breaker.opened:
        raise redis.ConnectionError("Redis did not answer")
    try:
        with bell.breaker:
            yield bell.redis
    except (redis.ConnectionError, redis.TimeoutError):
        metrics.commands.tell(False)
        raise
    metrics.commands.tell(True)


def is_wrong_type(error: redis.RedisError) -> bool:
    """Return whether a key holds a value of another type than the program gives it."""
    return "WRONGTYPE" in str(error)


def channel(user_id: int) -> str:
    """Return the name of the channel of the user's frames."""
    return namespace.current().name(f"user:{user_id}")


def resync_channel() -> str:
    """Return the name of the channel on which every ws process is asked to read the event log."""
    return namespace.current().name("ws:resync")


def ring(
    frames: list[tuple[int, str]],
    committed_at: float | None = None,
    request_id: str | None = None,
) -> None:
    """Publish frames to their users in one round trip.

    A failure raises nothing, since the log has the frames. The next call that succeeds asks every ws
    process to read the log.
    """
    bell = current_app.extensions["bell"]
    failures = bell.failures
    try:
        with client() as redis_client:
            pipeline = redis_client.pipeline(transaction=False)
            for user_id, frame in frames:
                envelope = Envelope(
                    frame=msgspec.Raw(frame.encode()),
                    committed_at=committed_at,
                    request_id=request_id,
                )
                name = channel(user_id)
                pipeline.publish(name, namespace.current().seal(name, envelope))
            if failures > bell.told:
                pipeline.publish(resync_channel(), "")
            pipeline.execute()
    except redis.RedisError as error:
        if bell.failures == bell.told:
            log.warning("publishing fails: %s", type(error).__name__)
        bell.failures += 1
    else:
        if failures > bell.told:
            log.warning("publishing works again")
        bell.told = max(bell.told, failures)
