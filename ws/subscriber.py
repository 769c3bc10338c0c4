"""Redis → hub: what is published for a user who is here, and what happens when Redis is gone.

A dead link closes nobody: the sweeper goes on reading the log, and looks at once when there is a link again."""

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
import redis
from redis.client import PubSub

from app import bell, metrics
from ws.connection import ENDED
from ws.hub import Hub
from ws.inbox import Frame
from ws.sweeper import Sweeper

CONFIRM_SECONDS = 2.0
CHECK_SECONDS = 3  # without news from Redis we ask it for a sign of life, every second
MOST_UNANSWERED = 2
RETRY_SECONDS = 0.2

log = logging.getLogger(__name__)


class Heard(msgspec.Struct):
    """What the service itself reads of a frame."""

    type: str
    seq: int | None = None
    connection: str = ""
    since: int = 0
    sessions: list[int] = []


class Subscriber:
    def __init__(self, url: str, hub: Hub, sweeper: Sweeper) -> None:
        self._redis = bell.connect(
            url, patience=CONFIRM_SECONDS, health_check_interval=CHECK_SECONDS
        )
        self._hub, self._sweeper = hub, sweeper
        self._pubsub: PubSub | None = None  # the link, while it is up
        self._suspect: PubSub | None = None  # a link that failed someone
        self._order = threading.Lock()  # a late goodbye must not undo a newer welcome
        self._waiting: dict[bytes, deque[threading.Event]] = defaultdict(deque)
        self._tried = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        self._tried.wait(
            CONFIRM_SECONDS
        )  # so that a worker that has just started does not refuse its first clients

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
            metrics.subscriber.tell(False)
            self._tried.set()
            time.sleep(RETRY_SECONDS)

    def _follow(self, link: PubSub, was_up: bool) -> None:
        """Take in what comes over a new link, until it fails."""
        here = self._hub.all()
        link.subscribe(*(bell.channel(connection.user_id) for connection in here), bell.ALL)
        self._await_last(link)
        if not was_up:
            log.warning("the link to Redis is up")
        for connection in here:
            connection.is_unheard = True  # what was announced while there was no link is lost
        self._waiting.clear()
        self._pubsub = link
        metrics.subscriber.tell(True)
        self._tried.set()
        self._sweeper.look("link")
        while link is not self._suspect and link.health_check_response_counter <= MOST_UNANSWERED:
            self._take(link.get_message(timeout=1))
        raise redis.TimeoutError("no sign of life")

    def _await_last(self, link: PubSub) -> None:
        """Redis confirms in order: with the last channel all stand."""
        channel = b""
        while channel != bell.ALL.encode():
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
        elif message["type"] == "message" and message["channel"] == bell.ALL.encode():
            self._sweeper.look("lost")
        elif message["type"] == "message":
            self._deliver(message["channel"], message["data"])

    def _confirm(self, channel: bytes) -> None:
        waiting = self._waiting.get(channel)
        if waiting:
            waiting.popleft().set()
        if not waiting:
            self._waiting.pop(channel, None)

    def _deliver(self, channel: bytes, data: bytes) -> None:
        text, _, note = data.partition(b"\n")
        try:
            user_id = int(channel.removeprefix(b"user:"))
            heard = msgspec.json.decode(text, type=Heard)
            told = msgspec.json.decode(note or b"{}", type=bell.Note)
        except ValueError:
            log.warning("not one of our frames on %r", channel)
            return
        connection = self._hub.get(user_id)
        if connection is None:
            self.goodbye(user_id)  # the one at its leaving failed
        elif heard.type == "connected":
            connection.hear_of(heard.connection, heard.since)
            if connection.is_unheard:
                self._sweeper.look()
        elif heard.type == "ended":
            if connection.session_id in heard.sessions:
                connection.close(*ENDED)
        else:
            frame = Frame(text.decode(), heard.type, "live", told.committed_at, told.request_id)
            connection.inbox.push(frame, heard.seq)
