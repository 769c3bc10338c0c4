"""Which origins may call. Standard library only: gunicorn's files read it, too."""

import re
from collections.abc import Iterable

ANY = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}
SCHEME = r"[a-z][a-z0-9+.-]*"
HOST = r"[a-z0-9_~-]+(?:\.[a-z0-9_~-]+)*|\[[0-9a-f:.]+\]|\.|-"  # some apps have `.` or `-`
ORIGIN = re.compile(rf"({SCHEME})://(\*\.)?({HOST})(?::([0-9]{{1,5}}))?")


def normalize(origin: str) -> str | None:
    """Return `scheme://host[:port]` in lower case and without a default port, or None for no origin."""
    found = ORIGIN.fullmatch(origin.lower())
    if not found:
        return None
    scheme, wildcard, host, port = found.groups()
    if port and not 0 < int(port) < 65536:
        return None
    is_default = not port or int(port) == DEFAULT_PORTS.get(scheme)
    return f"{scheme}://{wildcard or ''}{host}" + ("" if is_default else f":{int(port)}")


def parse(value: str) -> list[str]:
    """Return the origins of a list with commas, normalized. Raises ValueError."""
    listed = [origin.strip() for origin in value.split(",") if origin.strip()]
    origins = [ANY if origin == ANY else normalize(origin.removesuffix("/")) for origin in listed]
    if None in origins:
        raise ValueError(
            "* or origins, separated by commas: https://app.example, https://*.app.example"
            " for its subdomains, capacitor://localhost"
        )
    return [origin for origin in origins if origin]


def is_allowed(origin: str, allowed: Iterable[str]) -> bool:
    """Return whether a client's Origin header is one of the parsed origins, or a subdomain of a wildcard."""
    if ANY in allowed:
        return True
    asked = normalize(origin)
    if asked is None or "*" in asked:
        return False
    return any(asked == one or _is_subdomain(asked, one) for one in allowed)


def _is_subdomain(origin: str, wildcard: str) -> bool:
    """Both are normalized, so that what stands before the domain is one or more labels."""
    scheme, star, domain = wildcard.partition("://*.")
    if not star:
        return False
    return origin.startswith(f"{scheme}://") and origin.endswith(f".{domain}")
