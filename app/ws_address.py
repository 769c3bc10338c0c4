"""Where clients open their WebSocket: the separate `ws` service when it runs, else `web` itself."""

from urllib.parse import urlsplit

from flask import current_app, request

from app import bell, namespace

LIFETIME_SECONDS = 60  # of a registration; `ws` renews it at every reconciliation


def register() -> None:
    """Say that the separate `ws` service runs. Raises RedisError."""
    with bell.client() as client:
        client.set(_key(), 1, ex=LIFETIME_SECONDS)


def unregister() -> None:
    """Say that the `ws` service stops. Raises RedisError."""
    with bell.client() as client:
        client.delete(_key())


def base_url() -> str:
    """Return the scheme, host and port for clients of this request. Raises RedisError."""
    if current_app.config["WS_PUBLIC_URL"]:
        return current_app.config["WS_PUBLIC_URL"]
    scheme = "wss" if request.is_secure else "ws"
    if not _is_separate():
        return f"{scheme}://{request.host}"
    host = urlsplit(f"//{request.host}").hostname or "localhost"
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}:{current_app.config['WS_PORT']}"


def _is_separate() -> bool:
    """Return whether clients reach the `ws` service on a port of its own."""
    if current_app.config["WS_PORT"] == current_app.config["PORT"]:
        return False
    if not current_app.config["WS_IN_WEB"]:
        return True
    with bell.client() as client:
        return client.exists(_key()) == 1


def _key() -> str:
    return namespace.current().name("ws:running")
