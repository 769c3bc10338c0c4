"""The CORS headers: every answer of `web` has them, and every preflight is answered."""

from flask import Flask, Response, current_app, request

from app.cors_origins import ANY, is_allowed

METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
EXPOSED = "Link, Retry-After, X-Request-ID, X-Search"
MAX_AGE_SECONDS = 600


def init_app(app: Flask) -> None:
    """After access_log's: a preflight has a line in the log, too."""
    app.before_request(_answer_preflight)
    app.after_request(_add_headers)


def _answer_preflight() -> Response | None:
    """Answer for every path, so that a page sees the 404 of an unknown one."""
    return Response() if _is_preflight() else None


def _is_preflight() -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _add_headers(response: Response) -> Response:
    allowed = current_app.config["CORS_ORIGINS"]
    origin = request.headers.get("Origin", "")
    if ANY not in allowed:
        response.vary.add("Origin")
        if not is_allowed(origin, allowed):
            return response
    response.headers["Access-Control-Allow-Origin"] = ANY if ANY in allowed else origin
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if _is_preflight():
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Max-Age"] = str(MAX_AGE_SECONDS)
        names = request.headers.get("Access-Control-Request-Headers")
        if names:
            response.headers["Access-Control-Allow-Headers"] = names
    return response
