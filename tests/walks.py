"""Going through the pages of a list by their links."""

from collections.abc import Callable

import pytest

from app import feed, stretches
from tests.people import Answer, Person


def link(answer: Answer) -> str | None:
    """The path of the next page."""
    return (
        answer.headers["Link"].partition(">")[0].lstrip("<") if "Link" in answer.headers else None
    )


def walk(
    person: Person, path: str | None, between: Callable[[], None] = lambda: None
) -> tuple[list[int], list[Answer]]:
    """Everybody whom the pages show, in order, and the answers."""
    found, answers = [], []
    while path:
        answers.append(person.call("GET", path))
        assert answers[-1].status == 200, answers[-1]
        found += [user["id"] for user in answers[-1].json]
        path = link(answers[-1])
        between()
    return found, answers


def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of two or three people, and early ends of pages."""
    monkeypatch.setattr(stretches, "MOST", 3)
    monkeypatch.setattr(stretches, "LEAST", 2)
    monkeypatch.setattr(feed, "MOST_SCANNED", 5)
