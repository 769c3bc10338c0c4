"""Rate limits, counted in Redis, and in this process while Redis does not answer."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from typing import Any, TypeVar

import redis
from flask import Flask, current_app, g
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from app import bell, namespace
from app.client_address import client_address
from app.problems import Problem, too_many

KEY_PREFIX = "limit"
ATTEMPTS_PER_ACCOUNT = 20  # registrations that may be tried for each that LIMIT_REGISTER allows
ADDRESSES_PER_NAME = 10  # LIMIT_GUESSES times this: guesses at one name before they are slowed
MAX_REDIS_SECONDS = bell.PATIENCE_SECONDS  # in a request; then the counters wait no more

Result = TypeVar("Result")


class Limiter:
    """The two places that count: Redis for all processes, and this process while Redis is down."""

    def __init__(self, pool: redis.ConnectionPool) -> None:
        self._pool = pool
        self.local = SlidingWindowCounterRateLimiter(MemoryStorage())

    @cached_property
    def shared(self) -> SlidingWindowCounterRateLimiter:
        """Count in Redis, under the name of this database."""
        prefix = namespace.current().name(KEY_PREFIX)
        storage = RedisStorage("redis://", connection_pool=self._pool, key_prefix=prefix)
        return SlidingWindowCounterRateLimiter(storage)


class Counter:
    """The uses of one setting's rate, times a factor, by one key."""

    def __init__(self, setting: str, *key: str, times: int = 1) -> None:
        rate = parse(current_app.config[setting])
        self._rate = type(rate)(rate.amount * times, rate.multiples)
        self._key = (setting, *key)

    @property
    def amount(self) -> int:
        return self._rate.amount

    def add(self, cost: int = 1) -> bool:
        """Count a use. Return False, and count nothing, when that exceeds the rate."""
        return _ask(lambda counts: counts.hit(self._rate, *self._key, cost=cost))

    def give_back(self) -> None:
        """Take back a use that was counted."""
        self.add(cost=-1)

    def refusal(self) -> Problem:
        """Return the 429 that says when there is room for the next use."""
        window = _ask(lambda counts: counts.get_window_stats(self._rate, *self._key))
        return too_many(
            "too_many_requests", "Too often; try later", window.reset_time - time.time()
        )


class Use:
    """A use that is counted in advance, and stays counted only if `keep` is called."""

    is_kept = False

    def keep(self) -> None:
        self.is_kept = True


def take(setting: str, *key: str, times: int = 1) -> Counter:
    """Count a use. Raise Problem 429 when the rate is used up."""
    counter = Counter(setting, *key, times=times)
    if not counter.add():
        raise counter.refusal()
    return counter


@contextmanager
def reserve(setting: str, *key: str) -> Iterator[Use]:
    """Count a use before its outcome is known, so that parallel requests cannot exceed the rate.

    Raise Problem 429 when the rate is used up.
    """
    counter = take(setting, *key)
    use = Use()
    try:
        yield use
    finally:
        if not use.is_kept:
            counter.give_back()


@contextmanager
def guess(name: str) -> Iterator[Use]:
    """Let the password of a username be checked; `keep` the use when it is wrong.

    LIMIT_GUESSES counts by name and address, so that guesses from elsewhere lock no owner out.
    After too many guesses from all addresses, each counts for half of what an address has.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()
    here = take("LIMIT_GUESSES", digest, client_address())
    use = Use()
    try:
        yield use
    finally:
        if not use.is_kept:
            here.give_back()
        elif not Counter("LIMIT_GUESSES", digest, times=ADDRESSES_PER_NAME).add():
            here.add(cost=max(0, here.amount // 2 - 1))


def user() -> str:
    return str(g.user_id)


def limit(setting: str, key: Callable[[], str]) -> Callable[..., Any]:
    """Let each key call the view as often as the setting says."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def limited(**path: Any) -> Any:
            take(setting, key())
            return view(**path)

        return limited

    return decorate


def init_app(app: Flask) -> None:
    """Run after `bell.init_app`: the counters share its connections and so its timeout."""
    app.extensions["limits"] = Limiter(app.extensions["bell"].redis.connection_pool)


def _ask(question: Callable[[SlidingWindowCounterRateLimiter], Result]) -> Result:
    """Ask Redis, or this process once Redis failed or was slow in this request."""
    limiter: Limiter = current_app.extensions["limits"]
    if g.get("limits_seconds", 0) < MAX_REDIS_SECONDS:
        started = time.monotonic()
        try:
            with bell.client():
                answer = question(limiter.shared)
            g.limits_seconds = g.get("limits_seconds", 0) + time.monotonic() - started
            return answer
        except (redis.RedisError, ValueError):  # ValueError: the key holds what is no number
            g.limits_seconds = MAX_REDIS_SECONDS
    return question(limiter.local)
