"""What the people of the demo do, in the order of time, through what the routes use."""

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random

from app import batches, grid, names, times
from app.demo.people import Somebody
from app.demo.talk import lines
from app.events import chat_closed_frame, message_frame, read_chat_frame, record
from app.matches import match
from app.queries import chats, discovery, messages, origins, swipes, users

MOST_MET = 200  # people among whom somebody looks for those who fit
UNMATCHED = 0.03  # of those who talked


class Days:
    """Things to be done, each at its moment; those after `now` never are."""

    def __init__(
        self, people: list[Somebody], password_hash: str, chance: Random, now: datetime
    ) -> None:
        self.people, self.password_hash, self.chance, self.now = people, password_hash, chance, now
        self.ids: dict[int, int] = {}  # of users, by the number of the person
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()

    def plan(self) -> int:
        """Everybody comes, and swipes; how many things that are."""
        for number, person in enumerate(self.people):
            self._at(person.joined, lambda number=number: self._join(number))
            for other in self._seen(number):
                first = max(person.joined, self.people[other].joined)
                moment = first + (self.now - first) * self.chance.random()
                self._at(moment, lambda number=number, other=other: self._swipe(number, other))
        return len(self._due)

    def live(self) -> Iterator[bool]:
        """Do it all; each time, whether that was planned at the beginning."""
        planned = len(self._due)
        while self._due:
            moment, order, act = heapq.heappop(self._due)
            with times.at(moment):
                act()
            yield order < planned

    def _at(self, moment: datetime, act: Callable[[], None]) -> None:
        moment = _awake(moment)
        if moment <= self.now:
            heapq.heappush(self._due, (moment, next(self._order), act))

    def _seen(self, number: int) -> list[int]:
        person = self.people[number]
        met = self.chance.sample(range(len(self.people)), min(MOST_MET, len(self.people)))
        fits = [other for other in met if other != number and _fit(person, self.people[other])]
        return fits[: self.chance.randint(8, 40)]

    def _join(self, number: int) -> None:
        person = self.people[number]
        profile = {
            "bio": None,
            "photo_url": None,
            "birthday": person.birthday,
            "terms_accepted_at": times.from_now(),
        }
        user_id = users.insert(
            person.username, names.canonical(person.username), self.password_hash, profile
        )
        assert user_id is not None  # noqa: S101
        self.ids[number] = user_id
        users.update(user_id, person.profile)
        discovery.write(user_id)
        point = grid.snap(person.profile["latitude"], person.profile["longitude"])
        if origins.admit(user_id, grid.cell(*point, grid.GRID_KM)):
            discovery.write_place(user_id)
        _touch(user_id)

    def _swipe(self, number: int, other: int) -> None:
        user_id, target_id = self.ids[number], self.ids[other]
        likes = self.chance.random() < 0.15 + 0.6 * self.people[other].charm
        swipes.insert(user_id, target_id, "like" if likes else "dislike")
        _touch(user_id)
        if likes and swipes.likes(target_id, user_id):
            chat_id, _ = match(user_id, target_id)
            self._talk(chat_id, number, other)

    def _talk(self, chat_id: int, *two: int) -> None:
        moment, ids = times.now(), [self.ids[number] for number in two]
        for speaker, line in lines(*(self.people[number] for number in two), self.chance):
            moment += timedelta(minutes=1 + self.chance.expovariate(1 / 50))
            self._at(
                moment,
                lambda speaker=speaker, line=line: _say(
                    chat_id, ids[speaker], ids[1 - speaker], line
                ),
            )
        moment += timedelta(hours=self.chance.expovariate(1 / 20))
        if moment > times.now() and self.chance.random() < UNMATCHED:
            self._at(moment, lambda: _unmatch(chat_id, *ids))
        elif self.chance.random() < 0.8:
            self._at(moment, lambda: [_read(chat_id, *pair) for pair in (ids, ids[::-1])])


def _awake(moment: datetime) -> datetime:
    """The same day between six and midnight; what is later stays later."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(hours=6) + (moment - midnight) * 0.75


def _fit(one: Somebody, other: Somebody) -> bool:
    return one.wants(other) and other.wants(one)


def _touch(user_id: int) -> None:
    users.touch(user_id)
    discovery.touch(user_id)


def _say(chat_id: int, user_id: int, peer_id: int, line: str) -> None:
    _read(chat_id, user_id, peer_id)
    message = messages.insert(chat_id, user_id, peer_id, line)
    assert message is not None  # noqa: S101
    chats.update_last_message(chat_id, message["id"])
    record(peer_id, message_frame(message))


def _read(chat_id: int, user_id: int, peer_id: int) -> None:
    _touch(user_id)
    if messages.mark_chat_read(chat_id, user_id, batches.BATCH_ROWS):
        record(peer_id, read_chat_frame(chat_id, user_id))


def _unmatch(chat_id: int, user_id: int, peer_id: int) -> None:
    if chats.unmatch(chat_id, user_id):
        record(peer_id, chat_closed_frame(chat_id, user_id))
