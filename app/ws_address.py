"""Where clients open their WebSocket: the separate `ws` service when it runs, else `web` itself."""

from urllib.parse import urlsplit

import redis
from flask import current_app, request

from app import bell, namespace

LIFETIME_SECONDS = 60  # of a registration; `ws` renews it at every reconciliation


def register(port: int) -> None:
    """Say that `ws` listens on the port. Raises RedisError."""
    with bell.client() as client:
        client.set(_key(), port, ex=LIFETIME_SECONDS)


def unregister() -> None:
    """Say that `ws` stops. Raises RedisError."""
    with bell.client() as client:
        client.delete(_key())


def base_url() -> str:
    """Return the scheme, host and port for clients of this request. Raises RedisError."""
    if current_app.config["WS_PUBLIC_URL"]:
        return current_app.config["WS_PUBLIC_URL"]
    scheme = "wss" if request.is_secure else "ws"
    port = _registered_port()
    if port is None:
        return f"{scheme}://{request.host}"
    host = urlsplit(f"//{request.host}").hostname or "localhost"
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{port}"


def _registered_port() -> int | None:
    """Return the port of the `ws` service; WS_PORT if only that service serves WebSockets."""
    if not current_app.config["WS_IN_WEB"]:
        return current_app.config["WS_PORT"]
    try:
        with bell.client() as client:
            found = client.get(_key())
    except redis.ResponseError:  # a value of another type, which is not ours
        return None
    is_number = found is not None and found.isdigit() and len(found) <= 5
    return int(found) if is_number and 0 < int(found) < 65_536 else None


def _key() -> str:
    return namespace.current().name("ws:port")
