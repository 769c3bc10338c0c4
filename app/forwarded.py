"""The scheme and the host that the client called, as told by a proxy that TRUSTED_PROXIES names."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

Environ = dict[str, Any]


def init_app(app: Flask) -> None:
    """Read X-Forwarded-Proto and -Host before the app does. X-Forwarded-For is read in limits."""
    direct = app.wsgi_app
    forwarded = ProxyFix(direct, x_for=0, x_proto=1, x_host=1)

    def call(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        networks = tuple(app.config["TRUSTED_PROXIES"])
        is_trusted = networks and _is_trusted(environ.get("REMOTE_ADDR", ""), networks)
        return (forwarded if is_trusted else direct)(environ, start_response)

    app.wsgi_app = call  # type: ignore[method-assign]


@lru_cache(maxsize=1024)
def _is_trusted(address: str, networks: tuple[str, ...]) -> bool:
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    return any(peer in ip_network(network) for network in networks)
