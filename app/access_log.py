"""A line for each request, under an id that the client gives or hears, and that goes along with what it causes; and the
request's count and time, for the metrics."""

import logging
import re
import secrets
import time

from flask import Flask, Response, g, has_app_context, request

from app import metrics

ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Before all other parts: it sees a request first, and the answer last."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(_name)
    app.before_request(_begin)
    app.after_request(_end)


def upgraded() -> None:
    """The request is a socket from now on; it gets its line now."""
    _write(101)


def _name(record: logging.LogRecord) -> bool:
    """Whatever is said while a request is answered says which, and whose."""
    if has_app_context():
        for name in ("request_id", "user_id"):
            if name in g and not hasattr(record, name):
                setattr(record, name, g.get(name))
    return True


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if ID.fullmatch(given) else secrets.token_hex(16)
    g.asked_at = time.perf_counter()


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    if "asked_at" in g:
        _write(response.status_code)
    return response


def _write(status: int) -> None:
    """Of the address only the rule: what a client makes up stays out, and so does a ticket."""
    route = request.url_rule.rule if request.url_rule else None
    seconds = time.perf_counter() - g.pop("asked_at")
    metrics.answered(request.method, route, status, seconds)
    about = {
        "method": request.method,
        "route": route,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
    }
    log.info("%s %s %d in %s ms", *about.values(), extra=about)
