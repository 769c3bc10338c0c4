"""Who lives in the demo's town."""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from app import times

WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
OLDEST_DAYS = 60  # since when people have come
SPREAD = 0.004  # degrees, of a quarter


class Somebody(NamedTuple):
    username: str
    quarter: str
    topics: list[str]
    charm: float  # how many like them
    joined: datetime
    birthday: str
    profile: dict[str, Any]  # columns of users, but for those of a registration

    def wants(self, other: "Somebody") -> bool:
        wished, age = self.profile["interested_in"].split(), times.age(other.birthday)
        fits = self.profile["pref_min_age"] <= age <= self.profile["pref_max_age"]
        return other.profile["gender"] in wished and fits


def words(name: str) -> list[str]:
    """A list of words or, where there are `|`, of texts."""
    text = WORDS[name]
    return [part.strip() for part in text.split("|")] if "|" in text else text.split()


def make(count: int, least_age: int, chance: Random, now: datetime) -> list[Somebody]:
    """The first ones are those whose usernames are known."""
    people, taken = [], {name for name, _ in WORDS["known"]}
    for number in range(count):
        is_known = number < len(WORDS["known"])
        if is_known:
            username, gender = WORDS["known"][number]
            name = username.capitalize()
        else:
            gender = chance.choice(["female", "male"])
            name = chance.choice(words(gender))
            username = next(one for one in _usernames(name.lower(), chance) if one not in taken)
            taken.add(username)
        age = least_age + (6 + 2 * number if is_known else min(int(chance.expovariate(1 / 12)), 57))
        person = _somebody(username, name, gender, age, chance, now)
        people.append(person._replace(charm=0.9) if is_known else person)
    return people


def _usernames(name: str, chance: Random) -> Iterator[str]:
    yield name
    while True:
        yield f"{name}{chance.randint(60, 99) if chance.random() < 0.9 else chance.randint(100, 99_999)}"


def _somebody(
    username: str, name: str, gender: str, age: int, chance: Random, now: datetime
) -> Somebody:
    born = now - timedelta(days=age * 365.25 + chance.randint(1, 364))
    quarter, latitude, longitude = chance.choice(WORDS["quarters"])
    topics = chance.sample(sorted(WORDS["topics"]), chance.randint(2, 4))
    other = {"female": "male", "male": "female"}[gender]
    job = chance.choice(words("jobs"))
    profile = {
        "name": name,
        "gender": gender,
        "interested_in": chance.choices([other, gender, "female male"], [86, 6, 8])[0],
        "bio": f"{_capital(job)}. {_capital(_listed(topics))}. {chance.choice(words('wishes'))}",
        "location": f"{quarter}, {WORDS['town']}",
        "latitude": round(chance.gauss(latitude, SPREAD), 5),
        "longitude": round(chance.gauss(longitude, SPREAD * 1.6), 5),
        "pref_min_age": max(18, age - chance.randint(4, 12)),
        "pref_max_age": age + chance.randint(4, 14),
        "pref_distance_km": chance.choice([None, 10, 25, 50]),
        "hide_activity": chance.random() < 0.05,
    }
    joined = now - timedelta(days=chance.uniform(3, OLDEST_DAYS))
    return Somebody(
        username,
        quarter,
        topics,
        chance.betavariate(2, 2),
        joined,
        born.date().isoformat(),
        profile,
    )


def _listed(topics: list[str]) -> str:
    return f"{', '.join(topics[:-1])} and {topics[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
