"""Who fits whom: the conditions of a search on `card`, a row of the table discovery. The one place where SQL is put
together, of fixed clauses. What somebody has left open, a gender or an age, speaks against nobody."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app import grid, times
from app.db import Row
from app.fields import latest_birthday
from app.parameters import Search
from app.words import words

CHORD2 = "((card.x - :x) * (card.x - :x) + (card.y - :y) * (card.y - :y) + (card.z - :z) * (card.z - :z))"
ONLINE_MINUTES = 5

# Of the arc as far as somebody wants to look the squared chord: 4 sin^2(a / 2) = a^2 - a^4 / 12 + …
_ARC2 = f"(card.pref_distance_km * card.pref_distance_km / {grid.EARTH_RADIUS_KM**2})"
_THEIR_CHORD2 = f"{_ARC2} * (1 - {_ARC2} / 12)"


class Fitting(NamedTuple):
    clauses: list[str]
    params: dict[str, Any]

    def within(self, least_km: float, most_km: float) -> "Fitting":
        """The same, farther away than the one and up to the other."""
        ring = {
            "least_chord2": grid.chord2(least_km) if least_km else -1,
            "most_chord2": grid.chord2(most_km),
        }
        clauses = [f"{CHORD2} <= :most_chord2", f"{CHORD2} > :least_chord2"]
        return Fitting(self.clauses[:-1] + clauses + self.clauses[-1:], self.params | ring)

    def nowhere(self) -> "Fitting":
        """The same, of those who have not said where they are."""
        return Fitting(["card.x IS NULL", *self.clauses], self.params)


def fitting(me: Row, query: Search, place: Row, online: str) -> Fitting:
    """Who fits me and the query, and whom I fit; from a place, `x`, `y` and `z`. `online` is ids, a list in JSON."""
    params: dict[str, Any] = {
        **place,
        "online": online,
        "age": times.age(me["birthday"]) if me["birthday"] else None,
    }
    params["active_since"] = times.from_now(minutes=-ONLINE_MINUTES)
    params["active_until"] = times.from_now(
        minutes=1
    )  # later ones are from before the clock was set back
    mine = ["card.user_id <> :user_id", *_born(me, query, params), *_asked(query, params)]
    mine += _open_or("gender", me["interested_in"], params)
    theirs = [
        *_open_or("interested_in", me["gender"], params),
        "(:age IS NULL OR (coalesce(card.pref_min_age, 0) <= :age AND coalesce(card.pref_max_age, 999) >= :age))",
        f"(card.pref_distance_km IS NULL OR {CHORD2} <= {_THEIR_CHORD2})",
    ]
    return Fitting([*mine, f"({' AND '.join(theirs)} OR {_LIKES_ME})"], params)


_LIKES_ME = """EXISTS (
    SELECT 1
    FROM swipes AS theirs
    WHERE theirs.user_id = card.user_id
      AND theirs.target_id = :user_id
      AND theirs.action = 'like')"""

_IS_ONLINE = """EXISTS (
    SELECT 1
    FROM users
    WHERE users.id = card.user_id
      AND users.hide_activity = 0
      AND (users.last_active BETWEEN :active_since AND :active_until
           OR users.id IN (SELECT value FROM json_each(:online))))"""


def _born(me: Row, query: Search, params: dict[str, Any]) -> Iterator[str]:
    """By the days of birth: 30 is up to the day before the 31st birthday."""
    least = [years for years in (me["pref_min_age"], query.min_age) if years is not None]
    most = [years for years in (me["pref_max_age"], query.max_age) if years is not None]
    params["born_until"] = min([latest_birthday(), *(times.years_before(years) for years in least)])
    yield "card.birthday <= :born_until"
    if most:
        params["born_after"] = times.years_before(min(most) + 1)
        yield "card.birthday > :born_after"


def _asked(query: Search, params: dict[str, Any]) -> Iterator[str]:
    for column, text in (("gender", query.gender), ("interested_in", query.interested_in)):
        if words(text).strip():
            yield _has_word(column, words(text), f"asked_{column}", params)
    if query.has_photo:
        yield "card.is_pictured = 1"
    if query.online_only:
        yield _IS_ONLINE


def _open_or(column: str, wanted: str, params: dict[str, Any]) -> Iterator[str]:
    if wanted.strip():
        yield f"(card.{column} = ' ' OR {_has_word(column, wanted, f'wanted_{column}', params)})"


def _has_word(column: str, wanted: str, name: str, params: dict[str, Any]) -> str:
    """Whether it has any of the words."""
    named = {f"{name}_{number}": f" {word} " for number, word in enumerate(wanted.split())}
    params.update(named)
    return f"({' OR '.join(f'instr(card.{column}, :{each}) > 0' for each in named)})"
