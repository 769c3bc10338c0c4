"""Errors go to Sentry where SENTRY_DSN says: what failed and where in the code, never what it was about."""

import logging
from typing import Any

from flask import Flask, g, has_request_context, request

from app import __version__


def init_app(app: Flask) -> None:
    if not app.config["SENTRY_DSN"]:
        return
    import sentry_sdk  # an optional requirement
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        app.config["SENTRY_DSN"],
        release=__version__,
        default_integrations=False,  # they would send headers, addresses and commands
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        include_local_variables=False,
        max_breadcrumbs=0,
        before_send=_without_words,
    )


def _without_words(event: dict[str, Any], _hint: object) -> dict[str, Any]:
    """What an exception says may quote a message or a token: its type and its place in the code are enough."""
    for exception in event.get("exception", {}).get("values", []):
        exception.pop("value", None)
    event.pop("extra", None)
    if has_request_context():
        route = request.url_rule.rule if request.url_rule else "none"
        event["tags"] = {
            "request_id": g.get("request_id"),
            "route": route,
            "method": request.method,
        }
    return event
