"""The Redis subscription: passes published frames to the connections of their user.

While Redis is down no socket is closed. The sweeper goes on reading the log, and does so at once when
there is a new link.
"""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import redis
from flask import Flask
from redis.client import PubSub

from app import bell, metrics, namespace, storage_errors
from ws.connection import SESSION_ENDED, Connection
from ws.hub import Hub
from ws.inbox import Frame
from ws.sweeper import Sweeper

CONFIRM_SECONDS = 2.0
CHECK_SECONDS = 3  # without news from Redis we ask it for a sign of life, every second
MOST_UNANSWERED = 2
RETRY_SECONDS = 0.2

log = logging.getLogger(__name__)


class PublishedFrame(msgspec.Struct):
    """The members of a frame that the service itself reads."""

    type: str
    seq: int | None = None
    sessions: list[int] = []


class Subscriber:
    """The process's subscription to the channels of its connected users."""

    def __init__(self, app: Flask, hub: Hub, sweeper: Sweeper) -> None:
        self._app = app
        self._redis = bell.connect(
            app.config["REDIS_URL"],
            patience=CONFIRM_SECONDS,
            health_check_interval=CHECK_SECONDS,
        )
        self._hub = hub
        self._sweeper = sweeper
        self._pubsub: PubSub | None = None  # the link, while it is up
        self._suspect: PubSub | None = None  # a link on which a command failed
        self._order = threading.Lock()  # a late unsubscribe must not undo a newer subscribe
        self._waiting: dict[bytes, deque[threading.Event]] = defaultdict(deque)
        self._tried = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        # A worker that has just started does not refuse its first clients.
        self._tried.wait(CONFIRM_SECONDS)

    def subscribe_user(self, user_id: int) -> None:
        """Return when all that is published for the user reaches the hub. Raises RedisError."""
        confirmed = threading.Event()
        channel = bell.channel(user_id)
        with self._order, self._link() as link:
            self._waiting[channel.encode()].append(confirmed)
            link.subscribe(channel)
        if not confirmed.wait(CONFIRM_SECONDS):
            raise redis.TimeoutError("the subscription was not confirmed")

    def unsubscribe_user(self, user_id: int) -> None:
        """End the user's subscription, unless the user has a connection again."""
        with suppress(redis.RedisError), self._order, self._link() as link:
            if not self._hub.get(user_id):
                link.unsubscribe(bell.channel(user_id))

    def check(self) -> None:
        """Raise RedisError while the link is down."""
        if self._pubsub is None:
            raise redis.ConnectionError("the link to Redis is down")

    @contextmanager
    def _link(self) -> Iterator[PubSub]:
        """Yield the link. An error on it makes a new one, since redis-py reconnects silently."""
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
                with self._app.app_context(), self._redis.pubsub() as link:
                    self._follow(link, was_up)
            except redis.RedisError as error:
                if was_up or self._pubsub:
                    log.warning("the link to Redis is down: %s", type(error).__name__)
            except Exception as error:
                storage_errors.report(error, log, "the link to Redis failed")
            was_up, self._pubsub = False, None
            metrics.subscriber.tell(False)
            self._tried.set()
            time.sleep(RETRY_SECONDS)

    def _follow(self, link: PubSub, was_up: bool) -> None:
        """Subscribe on a new link, then take in what comes until it fails."""
        user_ids = {connection.user_id for connection in self._hub.all()}
        resync = bell.resync_channel()
        link.subscribe(*(bell.channel(user_id) for user_id in user_ids), resync)
        self._await_last(link, resync.encode())
        if not was_up:
            log.warning("the link to Redis is up")
        self._waiting.clear()
        self._pubsub = link
        metrics.subscriber.tell(True)
        self._tried.set()
        self._sweeper.look("link")
        while link is not self._suspect and link.health_check_response_counter <= MOST_UNANSWERED:
            self._take(link.get_message(timeout=1))
        raise redis.TimeoutError("no sign of life")

    def _await_last(self, link: PubSub, last: bytes) -> None:
        """Wait for the last channel's confirmation. Redis confirms in order, so all are subscribed."""
        channel = b""
        while channel != last:
            message = link.get_message(timeout=CONFIRM_SECONDS)
            if message is None:
                raise redis.TimeoutError("no answer")
            channel = message["channel"]
            self._take(message)

    def _take(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        if message["type"] == "subscribe":
            self._confirm(message["channel"])
        elif message["type"] == "message" and message["channel"] == bell.resync_channel().encode():
            self._sweeper.look("lost")
        elif message["type"] == "message":
            self._deliver(message["channel"].decode(), message["data"])

    def _confirm(self, channel: bytes) -> None:
        waiting = self._waiting.get(channel)
        if waiting:
            waiting.popleft().set()
        if not waiting:
            self._waiting.pop(channel, None)

    def _deliver(self, channel: str, data: bytes) -> None:
        """Queue a published frame on each connection of its user."""
        try:
            envelope = namespace.current().unseal(channel, data, bell.Envelope)
            published = msgspec.json.decode(envelope.frame, type=PublishedFrame)
        except ValueError:
            log.warning("ignored a message on %s that this database did not sign", channel)
            return
        user_id = int(channel.rpartition(":")[2])
        connections = self._hub.get(user_id)
        if not connections:
            self.unsubscribe_user(user_id)  # the unsubscribe of the last connection failed
        elif published.type == "ended":
            _close_sessions(connections, published.sessions)
        else:
            frame = Frame(
                bytes(envelope.frame).decode(),
                published.type,
                "live",
                envelope.committed_at,
                envelope.request_id,
            )
            for connection in connections:
                connection.inbox.push(frame, published.seq)


def _close_sessions(connections: list[Connection], session_ids: list[int]) -> None:
    for connection in connections:
        if connection.session_id in session_ids:
            connection.close(SESSION_ENDED)
