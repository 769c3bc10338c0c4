"""The clock, and the one way a time is written: RFC 3339, UTC, milliseconds (`2026-11-23T07:06:30.403Z`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_moment: ContextVar[datetime | None] = ContextVar("moment", default=None)


def now() -> datetime:
    return _moment.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """What is done inside is done at that moment, as far as can be told from what is kept of it."""
    token = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(token)


REPEAT_SECONDS = 30  # in which a request that a browser or proxy repeats gets the same answer


def repeat_start() -> str:
    """Return the earliest time of a request that the current one may repeat."""
    return from_now(seconds=-REPEAT_SECONDS)


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_now(**offset: float) -> str:
    """The time that far from now, as text; `from_now()` is now, `from_now(minutes=-5)` five minutes ago."""
    return text(now() + timedelta(**offset))


def unless_ahead(moment: str | None) -> str | None:
    """Return a time, or None if it is a minute ahead or more, as after the clock was set back."""
    return moment if moment and moment <= from_now(minutes=1) else None


def until(moment: str, **offset: float) -> float:
    """Seconds from now until that long after `moment`, a time as text."""
    return (datetime.fromisoformat(moment) + timedelta(**offset) - now()).total_seconds()


def unix(moment: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(moment).timestamp()


def age(birthday: str) -> int:
    """Whole years since `birthday` (`YYYY-MM-DD`); who was born on 29 February ages on 1 March."""
    today = now().date().isoformat()
    return int(today[:4]) - int(birthday[:4]) - (today[5:] < birthday[5:])


def years_before(years: int) -> str:
    """The birthday of who turns `years` today, as text that compares right with any other birthday."""
    today = now().date().isoformat()
    return f"{int(today[:4]) - years:04d}{today[4:]}"
