"""The WebSocket service as tests run it beside the plain one: with its seams held open, or looked into."""

import gc
import os
import random
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import psutil
from flask import Flask
from greenlet import greenlet

import ws
from app import bell
from app.queries import events
from ws import connection, inbox
from ws.subscriber import Subscriber

SEAMS = [
    (Subscriber, "subscribe_user"),
    (bell, "channel"),
    (events, "head"),
    (inbox, "missed"),
    (inbox.Inbox, "start"),
    (inbox.Inbox, "fill"),
    (connection.Connection, "run"),
]


def slow() -> Flask:
    """Before and after each step of a connect others get their turn, for up to 10 ms."""
    for owner, name in SEAMS:
        setattr(owner, name, _held_open(getattr(owner, name)))
    return ws.create_app()


reads: list[str] = []


def watched() -> Flask:
    """With `/state`: what this worker holds, and how often it has read the log."""
    events.following = _counted(events.following)
    app = ws.create_app()
    app.add_url_rule("/state", view_func=_state)
    return app


def _held_open(step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def held(*args: Any, **kwargs: Any) -> Any:
        time.sleep(random.uniform(0, 0.01))
        result = step(*args, **kwargs)
        time.sleep(random.uniform(0, 0.01))
        return result

    return held


def _counted(query: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(query)
    def counted(*args: Any) -> Any:
        reads.append(query.__name__)
        return query(*args)

    return counted


def _state() -> dict[str, int]:
    gc.collect()
    greenlets = [one for one in gc.get_objects() if isinstance(one, greenlet) and not one.dead]
    numbers = {
        "greenlets": len(greenlets),
        "threads": len(sys._current_frames()),
        "kilobytes": psutil.Process().memory_info().rss // 1024,
    }
    return {"pid": os.getpid(), "reads": len(reads)} | numbers
