"""Functions that the first migration calls in SQL: values of the first server, made fit for ours.

They take texts as BLOBs, because SQLite cannot pass text that is not UTF-8 to Python.
"""

import hashlib
import math
import re
from datetime import datetime

from app import times

FIRST_DAY = "1900-01-01"  # an earlier one is Go's zero time, or a slip
LAST_DAY = "2100-01-01"  # a later one would keep what is sorted by time in front for ever
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,6})?\d*\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def text(raw: bytes | None) -> str | None:
    """Return text that is UTF-8 and holds no NUL; what cannot be read becomes U+FFFD."""
    return None if raw is None else raw.decode(errors="replace").replace("\x00", REPLACEMENT)


def plain(kind: str, raw: bytes | None) -> str | int | float | None:
    """Return a value that JSON can hold, `raw` as a BLOB of the type `kind`; bytes as `x'…'`."""
    if raw is None:
        return None
    if kind == "integer":
        return int(raw)
    if kind == "real" and math.isfinite(float(raw)):
        return float(raw)
    try:
        return raw.decode() if kind != "blob" else f"x'{raw.hex()}'"
    except UnicodeDecodeError:
        return f"x'{raw.hex()}'"


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def rfc3339(value: str | bytes | None) -> str | None:
    """Return a time as the first server wrote it (`2026-11-23 08:08:05`, or with fraction and zone) in our form.

    None if it is no time, such as Go's zero time of the year 1.
    """
    found = _TIME.match(_read(value))
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(
            f"{day}T{clock}{(fraction or '.0').ljust(7, '0')}{zone or '+00:00'}"
        )
        return times.text(moment) if FIRST_DAY <= day < LAST_DAY else None
    except (ValueError, OverflowError):
        return None


def calendar_date(value: str | bytes | None) -> str | None:
    """Return the date in a birthday as the first server wrote it (`1981-02-11 00:00:00`); None if it is none."""
    found = _DATE.match(_read(value))
    try:
        day = datetime.fromisoformat(found[0] if found else "").date().isoformat()
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= times.from_now()[:10] else None


def _read(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


FUNCTIONS = (text, plain, sha256, rfc3339, calendar_date)
