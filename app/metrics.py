"""What is counted, and under which names. Prometheus reads it where METRICS_PORT says; exporter.py serves it."""

import os
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
FRAMES = [
    "message",
    "match",
    "read_chat",
    "read_messages",
    "chat_closed",
    "removed",
    "sent",
    "read",
    "typing",
    "delivered",
    "hello",
    "heartbeat",
    "pong",
]
CAUSES = "connect gap full more sweep link lost".split()  # why the log is read for a socket
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LONG = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    os.makedirs(
        folder, exist_ok=True
    )  # a system may clear away what is old, and a worker must start all the same

registry = CollectorRegistry()

requests = Counter(
    "dating_http_requests_total", "Requests", ["method", "route", "status"], registry=registry
)
request_seconds = Histogram(
    "dating_http_request_duration_seconds",
    "Until the answer",
    ["method", "route"],
    buckets=QUICK,
    registry=registry,
)
registrations = Counter("dating_registrations_total", "Accounts opened", registry=registry)
swipes = Counter("dating_swipes_total", "Likes and dislikes", ["action"], registry=registry)
matches = Counter("dating_matches_total", "Likes that met", registry=registry)
messages = Counter("dating_messages_total", "Messages sent, retries not counted", registry=registry)
hashing_waiting = Gauge(
    "dating_hashing_waiting",
    "Requests that wait to hash a password",
    multiprocess_mode="livesum",
    registry=registry,
)
hashing_wait = Histogram(
    "dating_hashing_wait_seconds",
    "Wait to hash a password, also in vain",
    buckets=QUICK,
    registry=registry,
)
sockets = Gauge("dating_sockets_open", "WebSockets", multiprocess_mode="livesum", registry=registry)
frames = Counter(
    "dating_frames_sent_total", "Frames written to sockets", ["type"], registry=registry
)
catch_ups = Counter(
    "dating_catch_ups_total", "Reads of the log for a socket", ["cause"], registry=registry
)
event_lag = Histogram(
    "dating_event_lag_seconds",
    "From the commit of an event to its socket, for sockets that were open",
    ["source"],
    buckets=LONG,
    registry=registry,
)
redis_up = Gauge(
    "dating_redis_link_up",
    "Whether a process has Redis",
    ["link"],
    multiprocess_mode="liveall",
    registry=registry,
)
redis_outages = Counter(
    "dating_redis_outages_total", "Times that a process lost Redis", ["link"], registry=registry
)


class Link:
    """One of a process's ways to Redis; its state is unknown until the first `tell`."""

    def __init__(self, name: str) -> None:
        self._name, self._is_up = name, None

    def tell(self, is_up: bool) -> None:
        if is_up != self._is_up:
            self._is_up = is_up
            redis_up.labels(self._name).set(is_up)
            redis_outages.labels(self._name).inc(not is_up)


subscriber, commands = Link("subscriber"), Link("commands")


def answered(method: str, route: str | None, status: int, seconds: float) -> None:
    """A request was, under labels that no client makes up. What became a socket, with 101, has no duration."""
    labels = method if method in METHODS else "other", route or "none"
    requests.labels(*labels, status).inc()
    if status != 101:
        request_seconds.labels(*labels).observe(seconds)


def sent(kind: str, source: str, committed_at: float | None) -> None:
    """A frame was written to its socket. `committed_at`, in unix seconds, for events that it had to wait for."""
    frames.labels(kind if kind in FRAMES else "other").inc()
    if committed_at is not None:
        event_lag.labels(source).observe(max(0.0, time.time() - committed_at))


for counter, values in ((swipes, ("like", "dislike")), (frames, FRAMES), (catch_ups, CAUSES)):
    for value in values:
        counter.labels(
            value
        )  # there from the start, at 0, or the first would not be seen as an increase
