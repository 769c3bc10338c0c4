"""How often one may ask: Flask-Limiter over Redis, and in memory while Redis is away."""

import hashlib
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network

import msgspec
import redis
from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RateLimitExceeded
from werkzeug.exceptions import HTTPException

from app import json, json_input, names
from app.problems import too_many


class Named(msgspec.Struct):
    username: str


def address() -> str:
    """The client's, as told by the last proxy that we trust; of an IPv6 address the /64, which one client has whole."""
    hops = [*request.headers.get("X-Forwarded-For", "").split(","), request.remote_addr or ""]
    trusted = [ip_network(network) for network in current_app.config["TRUSTED_PROXIES"]]
    client = "unknown"
    for hop in reversed(hops):
        try:
            client = ip_address(hop.strip())
        except ValueError:
            break
        if not any(client in network for network in trusted):
            break
    is_wide = getattr(client, "version", 4) == 6 and not client.ipv4_mapped
    return str(ip_network((client, 64), strict=False) if is_wide else client)


def user() -> str:
    return str(g.user_id)


def name_at_address() -> str:
    """The account that a login is for, from here: guesses elsewhere do not lock its owner out."""
    try:
        name = names.login_key(json_input.decode(json.body(), Named).username)
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
        HTTPException,
    ):  # else the limiter blames Redis
        name = ""
    return f"{hashlib.sha256(name.encode()).hexdigest()}@{address()}"


def is_wrong(response: Response) -> bool:
    return response.status_code == 401


limiter = Limiter(
    address, strategy="sliding-window-counter", in_memory_fallback_enabled=True, key_prefix="limit"
)


def limit(
    setting: str, key: Callable[[], str] = address, counts: Callable[[Response], bool] | None = None
) -> Callable:
    """Let the views under one setting be asked as often as it says, by each key; `counts` tells which answers count."""
    return limiter.shared_limit(
        lambda: current_app.config[setting], setting, key_func=key, deduct_when=counts
    )


def init_app(app: Flask) -> None:
    """After bell's: the counters share its connections, and so its patience."""
    app.config["RATELIMIT_STORAGE_URI"] = "redis://"
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {
        "connection_pool": app.extensions["bell"].redis.connection_pool
    }
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _too_many)


def _too_many(_error: RateLimitExceeded) -> Response:
    try:
        seconds = limiter.current_limit.reset_at - time.time()
    except redis.RedisError:
        seconds = 1
    return too_many("too_many_requests", "Too often; try later", seconds).response()
