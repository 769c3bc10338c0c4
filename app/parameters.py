"""What the query of a request may carry."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.fields import LARGEST_ID, Id, Latitude, Longitude, Size, Texts, check_pair

Count = Annotated[int, Meta(ge=1)]  # of a page; more than the most that a page has is the most
AskedAge = Annotated[
    int, Meta(le=150)
]  # below 0 it is 0, as a client computes it without a birthday


class Search(Texts):
    """The query of the feed; distances in kilometres."""

    sizes = {"gender": Size(0, 32), "interested_in": Size(0, 32)}
    never_zero = {"cursor"}
    page_size: Count = 20
    last_seen_id: Annotated[int, Meta(ge=0, le=LARGEST_ID)] = 0  # the last of the page before
    gender: str | None = None
    interested_in: str | None = None
    min_age: AskedAge | None = None
    max_age: AskedAge | None = None
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
        self.page_size = min(self.page_size, 100)
        self.min_age = None if self.min_age is None else max(self.min_age, 0)
        self.max_age = max(self.max_age or 0, 0) or None  # 0 is Go's "not given"


class FollowerPage(Struct):
    never_zero = {"cursor"}
    page_size: Count = 100
    cursor: str | None = None

    def __post_init__(self) -> None:
        self.page_size = min(self.page_size, 100)


class UndoSwipe(Struct):
    """The query of an undo; without a target it is for the latest swipe."""

    target_id: Annotated[int, Meta(ge=0, le=LARGEST_ID)] | None = None  # 0: not given


class ChatPage(Struct):
    limit: Count = 50
    before: str | None = None

    def __post_init__(self) -> None:
        self.limit = min(self.limit, 200)
        self.before = self.before or None


MAX_BLOCKS = 1000


class BlockPage(Struct):
    limit: Count = MAX_BLOCKS  # clients that know no pages get most lists whole
    cursor: str | None = None


class SessionPage(Struct):
    limit: Count = 50
    before: str | None = None

    def __post_init__(self) -> None:
        self.limit = min(self.limit, 200)


class EventPage(Struct):
    after: Annotated[int, Meta(ge=0, le=LARGEST_ID)] = 0
    limit: Count = 100

    def __post_init__(self) -> None:
        self.limit = min(self.limit, 500)


class After(Struct):
    """The query of a WebSocket; without it, it begins with what comes next."""

    never_zero = {"after"}
    after: Annotated[int, Meta(ge=0, le=LARGEST_ID)] | None = None


class MessagePage(Struct):
    limit: Count = 50
    before_id: Id | None = None
    after_id: Id | None = None

    def __post_init__(self) -> None:
        self.limit = min(self.limit, 200)
