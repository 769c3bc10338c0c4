"""The user whom a command of `flask moderate` is about: by id, by name, or as typed."""

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import click

from app import bans, names
from app.db import Row
from app.fields import LARGEST_ID
from app.queries import standing, users


def user_argument(command: Callable[..., None]) -> Callable[..., None]:
    """Add USER, --id and --name to a command, which gets the user as `person`.

    USER is a username, a username after an @, or an id. If it fits several users, none is taken.
    """

    @click.argument("user", required=False)
    @click.option("--id", "user_id", type=click.IntRange(1, LARGEST_ID), help="The user's id.")
    @click.option("--name", help="The username, also one that looks like an id.")
    @functools.wraps(command)
    def with_person(
        *args: Any, user: str | None, user_id: int | None, name: str | None, **options: Any
    ) -> None:
        if [user, user_id, name].count(None) != 2:
            raise click.UsageError("Give one of USER, --id and --name.")
        person = _find(user, user_id, name)
        if person is None:
            fail(f"There is no user {user or user_id or name!r}. Give --id N or --name NAME.")
        command(*args, person=person, **options)

    return with_person


def label(person: Row) -> str:
    """Return a user's name and id, for questions and messages."""
    return f"{person['username']!r} ({person['id']})"


def fail(message: str) -> NoReturn:
    """End the command with a message of one line."""
    raise click.ClickException(message)


def _find(user: str | None, user_id: int | None, name: str | None) -> Row | None:
    if user_id is not None:
        return standing.find(user_id)
    if name is not None:
        return _by_name(name)
    return _as_typed(user or "")


def _as_typed(user: str) -> Row | None:
    """Return the one user whom the text fits. Raises ClickException if it fits several."""
    fitting = {"--name " + user: _by_name(user)}
    if user.startswith("@"):
        fitting["--name " + user[1:]] = _by_name(user[1:])
    if user.isascii() and user.isdigit() and len(user) < 19:
        fitting["--id " + user] = standing.find(int(user))
    found = {option: person for option, person in fitting.items() if person}
    if len({person["id"] for person in found.values()}) > 1:
        choices = ", or ".join(f"{option} for {label(found[option])}" for option in found)
        fail(f"{user!r} fits several users. Give {choices}.")
    return next(iter(found.values()), None)


def _by_name(name: str) -> Row | None:
    """Return the user of that name, or the deleted user for whom the name is kept."""
    key = names.login_key(name)
    found = users.find_login(key) or standing.find_by_name(bans.seal(key))
    return found and standing.find(found["id"])
