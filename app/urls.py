"""Which addresses of web pages and pictures are safe to hand to a client that renders them."""

import re
from urllib.parse import urlsplit

from app.unicode import IGNORABLE

# Blanks, controls, invisible characters, and what ends an attribute, a tag or a host in a page.
_REFUSED = re.compile(f"[\\s\\0-\x1f\x7f-\x9f{IGNORABLE}\"'`<>\\\\]")
_AUTHORITY = re.compile(
    r"([^@]*@)?(\[[0-9a-f:.]+\]|\w[\w-]*(\.\w[\w-]*)*\.?)(:[0-9]*)?", re.IGNORECASE
)


def is_web_url(text: str) -> bool:
    """Tell whether the whole text is an http or https URL with a host."""
    if _REFUSED.search(text):
        return False
    try:
        parts = urlsplit(text)  # raises ValueError for what is no IPv6 address in brackets
        found = _AUTHORITY.fullmatch(parts.netloc)
        is_port = parts.port is None or parts.port > 0  # raises ValueError
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and found is not None and is_port
