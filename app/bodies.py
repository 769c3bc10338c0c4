"""What the body of a request may carry."""

from typing import Annotated, Any, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from app.fields import (
    Age,
    Id,
    Latitude,
    Longitude,
    Size,
    Texts,
    calendar_date,
    check_pair,
    check_password,
    check_photo,
)
from app.problems import invalid
from app.words import is_unset

ZERO_IDS = (0, "", "0")  # what the first clients send for no id where an id may be a text


class Register(Texts):
    sizes = {"username": Size(1, 64), "bio": Size(0, 2000), "photo_url": Size(0, 2048)}
    shown = {"username", "bio"}
    username: str
    password: str
    bio: str | None = None
    photo_url: str | None = None
    birthday: str | None = None
    accept_terms: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_password("password", self.password)
        check_photo(self.photo_url)
        self.birthday = calendar_date(self.birthday) if self.birthday else None


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
        check_password("new_password", self.new_password)


class Refresh(Texts):
    refresh_token: str
    user_id: int | str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.user_id = None if self.user_id in ZERO_IDS else self.user_id


class Logout(Texts):
    sizes = {"device_id": Size(0, 128)}
    user_id: int | str | None = None
    device_id: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.user_id = None if self.user_id in ZERO_IDS else self.user_id
        self.device_id = self.device_id or None


class Profile(Texts):
    """The fields of `PUT /me`, which leaves nulls out before, and of `PATCH /me`."""

    sizes = {
        "name": Size(0, 100),
        "gender": Size(0, 32),
        "interested_in": Size(0, 32),
        "bio": Size(0, 2000),
        "photo_url": Size(0, 2048),
        "location": Size(0, 200),
    }
    lines = {"name", "gender", "interested_in", "location"}
    shown = {"name", "gender", "interested_in", "bio", "location"}
    never_zero = {"pref_distance_km"}
    name: str | None | UnsetType = UNSET
    gender: str | None | UnsetType = UNSET
    birthday: str | None | UnsetType = UNSET
    interested_in: str | None | UnsetType = UNSET
    bio: str | None | UnsetType = UNSET
    photo_url: str | None | UnsetType = UNSET
    location: str | None | UnsetType = UNSET
    latitude: Latitude | None | UnsetType = UNSET
    longitude: Longitude | None | UnsetType = UNSET
    hide_activity: bool | None | UnsetType = UNSET
    pref_min_age: Age | None | UnsetType = UNSET
    pref_max_age: Age | None | UnsetType = UNSET
    pref_distance_km: Annotated[int, Meta(ge=1, le=25_000)] | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.birthday, str):
            self.birthday = calendar_date(self.birthday) if self.birthday else None
        self.gender = None if is_unset(self.gender) else self.gender
        self.interested_in = None if is_unset(self.interested_in) else self.interested_in
        check_photo(self.photo_url)
        check_pair(self.latitude, self.longitude)
        self.hide_activity = False if self.hide_activity is None else self.hide_activity

    def given(self) -> dict[str, Any]:
        """The fields that the client sent."""
        return {
            field: value
            for field in self.__struct_fields__
            if (value := getattr(self, field)) is not UNSET
        }


class Swipe(Struct):
    target_id: Id
    action: Literal["like", "dislike"]


class SendMessage(Texts):
    sizes = {"content": Size(1, 4000, trimmed=False), "client_id": Size(1, 64, trimmed=False)}
    shown = {"content"}
    content: str
    chat_id: Id | None = None
    receiver_id: Id | None = None
    client_id: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.chat_id is None and self.receiver_id is None:
            raise invalid("chat_id", "or receiver_id is required")


Category = Literal[
    "minor", "threat", "non_consensual_imagery", "harassment", "spam", "fake", "other"
]  # by urgency


class Report(Texts):
    sizes = {"comment": Size(0, 2000)}
    user_id: Id
    category: Category
    comment: str = ""
    chat_id: Id | None = None
    message_id: Id | None = None
    block: bool = True

    def priority(self) -> int:
        """1 is the most urgent."""
        return get_args(Category).index(self.category) + 1


class ReadChat(Struct):
    chat_id: Id
    receiver_id: Id | None = None


class ReadMessages(Struct):
    chat_id: Id
    message_ids: Annotated[list[Id], Meta(min_length=1, max_length=500)]
    receiver_id: Id | None = None
