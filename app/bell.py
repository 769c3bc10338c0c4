"""The way to Redis: news of what the log holds. It may fail at any time, and nothing is lost."""

import logging

import redis
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE_SECONDS = 0.1  # for a connect and for an answer; a request waits for both at most

log = logging.getLogger(__name__)


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
    app.extensions["redis"] = connect(app.config["REDIS_URL"])


def client() -> redis.Redis:
    return current_app.extensions["redis"]


def channel(user_id: int) -> str:
    """Where that person's frames are published."""
    return f"user:{user_id}"


def ring(frames: list[tuple[int, str]]) -> None:
    """Publish frames to their users in one round trip; what fails is logged and let go, since the log has it."""
    pipeline = client().pipeline(transaction=False)
    for user_id, frame in frames:
        pipeline.publish(channel(user_id), frame)
    try:
        pipeline.execute()
    except redis.RedisError as error:
        log.warning("publishing failed: %s", type(error).__name__)
