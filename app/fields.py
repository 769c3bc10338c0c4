"""What a field may hold: ids, places, texts of some size, passwords, birthdays. Sizes are in characters."""

import re
from datetime import date
from typing import Annotated, ClassVar, NamedTuple

from flask import current_app
from msgspec import UNSET, Meta, Struct, UnsetType

from app import filters, times, unicode
from app.problems import invalid
from app.urls import is_web_url

LARGEST_ID = 2**63 - 1
MOST_PASSWORD_BYTES = 72  # bcrypt reads no further
Id = Annotated[int, Meta(ge=1, le=LARGEST_ID)]
Age = Annotated[int, Meta(ge=0, le=150)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class Size(NamedTuple):
    """How many characters a text may have, and whether blanks around it are cut first."""

    least: int
    most: int
    trimmed: bool = True


class Texts(Struct):
    """A body whose texts are checked: no NUL (SQL tools stop reading there), the sizes below, and what others are to
    see by the filter."""

    sizes: ClassVar[dict[str, Size]] = {}
    lines: ClassVar[set[str]] = set()  # texts of one line
    shown: ClassVar[set[str]] = set()

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, str):
                setattr(self, field, self._checked(field, value))

    def _checked(self, field: str, text: str) -> str:
        size = self.sizes.get(field, Size(0, 65536, trimmed=False))
        if "\x00" in text:
            raise invalid(field, "must not contain NUL")
        text = text.strip() if size.trimmed else text
        if field in self.sizes and unicode.is_blank(text):
            text = ""
        if field in self.lines and not unicode.is_line(text):
            raise invalid(field, "must not contain control characters")
        if not size.least <= len(text) <= size.most:
            raise invalid(field, f"must be {size.least} to {size.most} characters long")
        if field in self.shown and (reason := filters.check(text)):
            raise invalid(field, reason)
        return text


def check_password(field: str, password: str) -> None:
    if len(password) < 8 or len(password.encode()) > MOST_PASSWORD_BYTES:
        raise invalid(field, f"must be 8 characters to {MOST_PASSWORD_BYTES} bytes long")


def check_photo(url: str | None | UnsetType) -> None:
    if url and not is_web_url(url):
        raise invalid("photo_url", "must be an http or https URL with a host")


def check_pair(latitude: float | None | UnsetType, longitude: float | None | UnsetType) -> None:
    if isinstance(latitude, float) != isinstance(longitude, float) or (latitude is None) != (
        longitude is None
    ):
        field = "longitude" if isinstance(latitude, float) or longitude is UNSET else "latitude"
        raise invalid(field, "latitude and longitude come together")


_BIRTHDAY = re.compile(
    r"(\d{4}-\d\d-\d\d)([T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)


def written_date(birthday: str) -> date | None:
    """Return the date as written, whatever the zone: `1995-05-05T00:00:00+03:00` is `1995-05-05`."""
    found = _BIRTHDAY.fullmatch(birthday)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def calendar_date(birthday: str) -> str:
    """Return the date of a birthday that a user may have. Raise Problem 422."""
    day = written_date(birthday)
    if day is None:
        raise invalid("birthday", "must be a date such as 1995-05-05")
    if not date(1900, 1, 1) <= day <= times.now().date():
        raise invalid("birthday", "must be between 1900 and today")
    if day.isoformat() > latest_birthday():
        raise invalid("birthday", f"must be {current_app.config['MINIMUM_AGE']} years ago or more")
    return day.isoformat()


def latest_birthday() -> str:
    """Of who may be here, and be shown: the first server asked nobody for an age."""
    return times.years_before(current_app.config["MINIMUM_AGE"])
