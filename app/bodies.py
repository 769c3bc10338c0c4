"""What a request may carry. Sizes are in characters, after trimming where the field is trimmed."""

import re
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from flask import current_app
from msgspec import UNSET, Meta, Struct, UnsetType

from app import times
from app.problems import invalid

LARGEST_ID = 2**63 - 1
MOST_PASSWORD_BYTES = 72  # bcrypt reads no further
Id = Annotated[int, Meta(ge=1, le=LARGEST_ID)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class Size(NamedTuple):
    """How many characters a text may have, and whether blanks around it are cut first."""

    least: int
    most: int
    trimmed: bool = True


class Texts(Struct):
    """A body whose texts are checked: no NUL (SQL tools stop reading there), and the sizes below."""

    sizes: ClassVar[dict[str, Size]] = {}

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, str):
                setattr(self, field, self._checked(field, value))

    def _checked(self, field: str, text: str) -> str:
        size = self.sizes.get(field, Size(0, 65536, trimmed=False))
        text = text.strip() if size.trimmed else text
        if "\x00" in text:
            raise invalid(field, "must not contain NUL")
        if not size.least <= len(text) <= size.most:
            raise invalid(field, f"must be {size.least} to {size.most} characters long")
        return text


class Register(Texts):
    sizes = {"username": Size(1, 64), "bio": Size(0, 2000), "photo_url": Size(0, 2048)}
    username: str
    password: str
    bio: str | None = None
    photo_url: str | None = None
    birthday: str | None = None
    accept_terms: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_password("password", self.password)
        _check_photo(self.photo_url)
        self.birthday = _calendar_date(self.birthday) if self.birthday else None


class Password(Texts):
    password: str


class Credentials(Texts):
    sizes = {"username": Size(0, 1000)}  # the first server set names no limit
    username: str
    password: str


class Login(Credentials):
    sizes = Credentials.sizes | {"device_id": Size(0, 128)}
    device_id: str | None = None


class ChangePassword(Texts):
    old_password: str
    new_password: str

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_password("new_password", self.new_password)


class Refresh(Texts):
    refresh_token: str
    user_id: int | str | None = None


class Logout(Texts):
    sizes = {"device_id": Size(0, 128)}
    user_id: int | str | None = None
    device_id: str | None = None


class Profile(Texts):
    sizes = {
        "name": Size(0, 100),
        "gender": Size(0, 32),
        "interested_in": Size(0, 32),
        "bio": Size(0, 2000),
        "photo_url": Size(0, 2048),
        "location": Size(0, 200),
    }
    name: str | None | UnsetType = UNSET
    gender: str | None | UnsetType = UNSET
    birthday: str | None | UnsetType = UNSET
    interested_in: str | None | UnsetType = UNSET
    bio: str | None | UnsetType = UNSET
    photo_url: str | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    latitude: Latitude | None | UnsetType = UNSET
    longitude: Longitude | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.birthday, str):
            self.birthday = _calendar_date(self.birthday) if self.birthday else None
        _check_photo(self.photo_url)
        check_pair(self.latitude, self.longitude)

    def given(self) -> dict[str, Any]:
        """The fields that the client sent."""
        return {field: value for field in self.__struct_fields__ if (value := getattr(self, field)) is not UNSET}


class Swipe(Struct):
    target_id: Id
    action: Literal["like", "dislike"]


class SendMessage(Texts):
    sizes = {"content": Size(1, 4000, trimmed=False), "client_id": Size(1, 64, trimmed=False)}
    content: str
    chat_id: Id | None = None
    receiver_id: Id | None = None
    client_id: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.content.strip():
            raise invalid("content", "must not be only blanks")
        if self.chat_id is None and self.receiver_id is None:
            raise invalid("chat_id", "or receiver_id is required")


class ReadChat(Struct):
    chat_id: Id
    receiver_id: Id | None = None


class ReadMessages(Struct):
    chat_id: Id
    message_ids: Annotated[list[Id], Meta(min_length=1, max_length=500)]
    receiver_id: Id | None = None


def _check_password(field: str, password: str) -> None:
    if len(password) < 8 or len(password.encode()) > MOST_PASSWORD_BYTES:
        raise invalid(field, f"must be 8 characters to {MOST_PASSWORD_BYTES} bytes long")


def _check_photo(url: str | None | UnsetType) -> None:
    if url and not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        raise invalid("photo_url", "must be an http or https address")


def check_pair(latitude: float | None | UnsetType, longitude: float | None | UnsetType) -> None:
    if isinstance(latitude, float) != isinstance(longitude, float) or (latitude is None) != (longitude is None):
        field = "longitude" if isinstance(latitude, float) or longitude is UNSET else "latitude"
        raise invalid(field, "latitude and longitude come together")


_BIRTHDAY = re.compile(
    r"(\d{4}-\d\d-\d\d)([T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE
)


def _calendar_date(birthday: str) -> str:
    """The date as written, whatever the zone: `1995-05-05T00:00:00+03:00` is `1995-05-05`."""
    found = _BIRTHDAY.fullmatch(birthday)
    try:
        day = date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise invalid("birthday", "must be a date such as 1995-05-05") from None
    if not date(1900, 1, 1) <= day <= times.now().date():
        raise invalid("birthday", "must be between 1900 and today")
    least = current_app.config["MINIMUM_AGE"]
    if day.isoformat() > times.years_before(least):
        raise invalid("birthday", f"must be {least} years ago or more")
    return day.isoformat()
