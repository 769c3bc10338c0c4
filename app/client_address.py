"""The client's IP address, which rate limits and the password queue count by."""

import logging
import time
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from flask import current_app, g, request

MAX_HOPS = 20  # of X-Forwarded-For; a client can send thousands of them
LOG_INTERVAL_SECONDS = 60
IPV6_PREFIX = 64  # bits; one client has the whole network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

log = logging.getLogger(__name__)
_last_warning = {"at": float("-inf")}


def client_address() -> str:
    """Return the client's IPv4 address or IPv6 /64 network, or "unknown".

    X-Forwarded-For counts only as far as TRUSTED_PROXIES have written it.
    """
    if "client_address" not in g:
        g.client_address = _find()
    return g.client_address


def _find() -> str:
    trusted = _networks(tuple(current_app.config["TRUSTED_PROXIES"]))
    forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", MAX_HOPS)[-MAX_HOPS:]
    client: Address | None = None
    for hop in reversed([*forwarded, request.remote_addr or ""]):
        address = _parse(hop)
        if address is None:
            if client and hop.strip():
                _warn(client, hop)
            break
        client = address
        if not any(client in network for network in trusted):
            break
    return "unknown" if client is None else _text(client)


def _parse(hop: str) -> Address | None:
    """Parse `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]`, with or without a port and quotes."""
    text = hop.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def _text(client: Address) -> str:
    if isinstance(client, IPv4Address):
        return str(client)
    return str(IPv6Network((int(client), IPV6_PREFIX), strict=False))


@lru_cache
def _networks(listed: tuple[str, ...]) -> list[Network]:
    return [_unmapped(ip_network(network)) for network in listed]


def _unmapped(network: Network) -> Network:
    """Return the IPv4 network of an IPv4-mapped IPv6 network, and any other as it is."""
    mapped = isinstance(network, IPv6Network) and network.network_address.ipv4_mapped
    return IPv4Network((int(mapped), network.prefixlen - 96)) if mapped else network


def _warn(proxy: Address, hop: str) -> None:
    """Log at most once a minute that a trusted proxy sends what cannot be read."""
    if time.monotonic() >= _last_warning["at"] + LOG_INTERVAL_SECONDS:
        _last_warning["at"] = time.monotonic()
        log.warning(
            "X-Forwarded-For of the trusted proxy %s holds %.50r, which is no address; "
            "all its clients count as one",
            proxy,
            hop.strip(),
        )
