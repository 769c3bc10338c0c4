"""Redis → hub: what is published for a user who is here, and what happens when Redis is gone."""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import redis
from redis.client import PubSub

from app import bell
from ws.connection import BEHIND
from ws.hub import Hub

CONFIRM_SECONDS = 2.0
CHECK_SECONDS = 3  # without news from Redis we ask it for a sign of life, every second
MOST_UNANSWERED = 2
RETRY_SECONDS = 0.5
ALWAYS = "ws:always"  # subscribed to so that there is a subscription to check

log = logging.getLogger(__name__)


class Heard(msgspec.Struct):
    """What the service itself reads of a frame."""

    type: str
    connection: str = ""


class Subscriber:
    def __init__(self, url: str, hub: Hub) -> None:
        self._redis = bell.connect(url, patience=CONFIRM_SECONDS, health_check_interval=CHECK_SECONDS)
        self._hub = hub
        self._pubsub: PubSub | None = None  # the link, while it is up
        self._suspect: PubSub | None = None  # a link that failed someone
        self._order = threading.Lock()  # a late goodbye must not undo a newer welcome
        self._waiting: dict[bytes, deque[threading.Event]] = defaultdict(deque)
        self._tried = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        self._tried.wait(CONFIRM_SECONDS)  # so that a worker that has just started does not refuse its first clients

    def welcome(self, user_id: int) -> None:
        """Return when all that is published for them from now on reaches the hub. Raises RedisError."""
        confirmed, channel = threading.Event(), bell.channel(user_id)
        with self._order, self._link() as link:
            self._waiting[channel.encode()].append(confirmed)
            link.subscribe(channel)
        if not confirmed.wait(CONFIRM_SECONDS):
            raise redis.TimeoutError("the subscription was not confirmed")

    def goodbye(self, user_id: int) -> None:
        with suppress(redis.RedisError), self._order, self._link() as link:
            if self._hub.get(user_id) is None:
                link.unsubscribe(bell.channel(user_id))

    def check(self) -> None:
        """Raises RedisError while the link is down."""
        if self._pubsub is None:
            raise redis.ConnectionError("the link to Redis is down")

    @contextmanager
    def _link(self) -> Iterator[PubSub]:
        """The link, made anew after an error on it: redis-py reconnects by itself, silent about what it missed."""
        self.check()
        link = self._pubsub
        try:
            yield link
        except redis.RedisError:
            self._suspect = link
            raise

    def _listen(self) -> None:
        was_up = True
        while True:
            try:
                with self._redis.pubsub() as link:
                    self._follow(link, was_up)
            except redis.RedisError as error:
                if was_up or self._pubsub:
                    log.warning("the link to Redis is down: %s", type(error).__name__)
            except Exception:
                log.exception("the link to Redis failed")
            was_up, self._pubsub = False, None
            self._tried.set()
            self._hub.close_all(*BEHIND)  # they may have missed something
            time.sleep(RETRY_SECONDS)

    def _follow(self, link: PubSub, was_up: bool) -> None:
        """Take in what comes over a new link, until it fails."""
        link.subscribe(ALWAYS)
        if link.get_message(timeout=CONFIRM_SECONDS) is None:
            raise redis.TimeoutError("no answer")
        if not was_up:
            log.warning("the link to Redis is up")
        self._waiting.clear()
        self._pubsub = link
        self._tried.set()
        while link is not self._suspect and link.health_check_response_counter <= MOST_UNANSWERED:
            message = link.get_message(timeout=1)
            if message and message["type"] == "subscribe":
                self._confirm(message["channel"])
            elif message and message["type"] == "message":
                self._deliver(message["channel"], message["data"])
        raise redis.TimeoutError("no sign of life")

    def _confirm(self, channel: bytes) -> None:
        waiting = self._waiting.get(channel)
        if waiting:
            waiting.popleft().set()
        if not waiting:
            self._waiting.pop(channel, None)

    def _deliver(self, channel: bytes, frame: bytes) -> None:
        try:
            connection = self._hub.get(int(channel.removeprefix(b"user:")))
            heard = msgspec.json.decode(frame, type=Heard)
        except ValueError:
            log.warning("not one of our frames on %r", channel)
            return
        if connection is None:
            return
        if heard.type == "connected":
            connection.hear_of(heard.connection)
        else:
            connection.push(frame.decode())
