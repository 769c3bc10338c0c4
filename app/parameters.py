"""What the query of a request may carry."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.fields import LARGEST_ID, Age, Id, Latitude, Longitude, Size, Texts, check_pair


class Search(Texts):
    """The query of the feed; distances in kilometres."""

    sizes = {"gender": Size(0, 32), "interested_in": Size(0, 32)}
    page_size: Annotated[int, Meta(ge=1, le=100)] = 20
    last_seen_id: Annotated[int, Meta(ge=0, le=LARGEST_ID)] = 0
    gender: str | None = None
    interested_in: str | None = None
    min_age: Age | None = None
    max_age: Age | None = None
    max_distance_km: Annotated[float, Meta(gt=0, le=50_000)] | None = None
    has_photo: bool = False
    online_only: bool = False
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    sort: Literal["near", "active"] | None = None  # None: by ascending ids, after `last_seen_id`
    cursor: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_pair(self.latitude, self.longitude)


class FollowerPage(Struct):
    page_size: Annotated[int, Meta(ge=1, le=100)] = 100
    cursor: str | None = None


class UndoSwipe(Struct):
    """The query of an undo; without a target it is for the latest swipe."""

    target_id: Annotated[int, Meta(ge=0, le=LARGEST_ID)] | None = None  # 0: not given


class ChatPage(Struct):
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    before: str | None = None


class EventPage(Struct):
    after: Annotated[int, Meta(ge=0, le=LARGEST_ID)] = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class After(Struct):
    """The query of a WebSocket; without it, it begins with what comes next."""

    after: Annotated[int, Meta(ge=0, le=LARGEST_ID)] | None = None


class MessagePage(Struct):
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    before_id: Id | None = None
    after_id: Id | None = None
