"""What a setting may hold: each function returns the parsed value. Raises ValueError, with what it must be. Standard
library only, as config."""

import os
import re
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit


def expect(what: str, right: object) -> None:
    if not right:
        raise ValueError(what)


def split(value: str) -> SplitResult | None:
    """The parts of an address whose port, if any, is a number; None for what has none."""
    try:
        return urlsplit(value) if urlsplit(value).port != 0 else None
    except ValueError:
        return None


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        digits = value.isascii() and value.isdigit() and len(value) < 10
        expect(f"a whole number from {low} to {high}", digits and low <= int(value) <= high)
        return int(value)

    return parse


def rate(value: str) -> str:
    right = re.fullmatch(r"[1-9]\d{0,5} per ([1-9]\d{0,3} )?(second|minute|hour|day)s?", value)
    expect("such as `10 per minute` or `100 per 2 hours`", right)
    return value


def networks(value: str) -> list[str]:
    listed = [network.strip() for network in value.split(",") if network.strip()]
    for network in listed:
        try:
            ip_network(network)
        except ValueError:
            raise ValueError(
                "addresses or networks such as 10.0.0.0/8, separated by commas"
            ) from None
    return listed


def ip(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError("an IP address such as 127.0.0.1, or 0.0.0.0 for all") from None


def text_file(value: str) -> str:
    try:
        Path(value or os.devnull).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ValueError("a file of UTF-8 text that can be read") from None
    return value


def flag(value: str) -> bool:
    expect("0 or 1", value in ("0", "1"))
    return value == "1"


def one_of(*words: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        expect(" or ".join(words), not value or value in words)
        return value

    return parse


def address(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        expect(
            "an address that begins with " + " or ".join(f"{s}://" for s in schemes),
            not value or is_address(value),
        )
        return value.rstrip("/")

    def is_address(value: str) -> bool:
        parts = split(value)
        return (
            parts is not None
            and parts.scheme in schemes
            and bool(parts.netloc or parts.scheme == "unix")
        )

    return parse


def host_and_port(value: str) -> str:
    parts = split(f"//{value}")
    expect(
        "a host and a port, such as localhost:6379",
        not value or (parts is not None and parts.port is not None),
    )
    return value


def secret(value: str) -> str:
    expect("at least 32 bytes long", not value or len(value.encode()) >= 32)
    return value


def dsn(value: str) -> str:
    parts = split(value)
    right = parts and parts.scheme in ("http", "https") and parts.username and parts.hostname
    right = right and re.search(r"/[0-9]+$", parts.path)
    expect("such as https://key@host/1", not value or right)
    expect(
        "empty until `pip install -r requirements-sentry.txt`", not value or find_spec("sentry_sdk")
    )
    return value
