"""`flask demo`: a small town for trying things out."""

import secrets
import sys
from random import Random

import click
from flask import current_app
from flask.cli import with_appcontext

from app import passwords, times
from app.commands import in_a_line
from app.db import transaction
from app.demo.days import Days
from app.demo.people import WORDS, make
from app.fields import check_password
from app.flask_command import FLASK
from app.problems import Problem
from app.queries import users


@click.command("demo")
@click.option(
    "--people", default=200, type=click.IntRange(2, 100_000), show_default=True, help="How many."
)
@click.option("--seed", default=1, show_default=True, help="Another number makes another town.")
@click.option("--ask", is_flag=True, help="Ask for everybody's password, rather than make one.")
@with_appcontext
def demo(people: int, seed: int, ask: bool) -> None:
    """Fill an empty database with a small town: people, swipes, matches, and talk over the last weeks.

    anna, boris, clara, david and elena are always among them; all have the same password.
    """
    with in_a_line(current_app.config["DATABASE_PATH"], "; see DATABASE_PATH"):
        _refuse_people()
        password = (
            click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
            if ask
            else None
        )
        password_hash = _digest(password or (made := secrets.token_urlsafe(12)))
        with transaction():
            _refuse_people()
            _live(people, seed, password_hash)
    known = [name for name, _ in WORDS["known"][:people]]
    click.echo(
        f"{people} people live in {WORDS['town']}. Log in as {', '.join(known)} or anybody else,"
    )
    click.echo("with the password that you gave." if password else f"with the password {made}")


def _refuse_people() -> None:
    if users.exist():
        path = current_app.config["DATABASE_PATH"]
        raise click.ClickException(
            f"{path} has users already; for a demo take another file: export DATABASE_PATH=demo.db, "
            f"then run {FLASK} migrate && {FLASK} demo, then start the services"
        )


def _digest(password: str) -> str:
    """One for all, since it takes long."""
    try:
        check_password("password", password)
        return passwords.digest(password, current_app.config["BCRYPT_COST"])
    except Problem as problem:
        raise click.ClickException(
            problem.errors[0]["detail"] if problem.errors else problem.detail
        ) from None


def _live(people: int, seed: int, password_hash: str) -> None:
    chance, now = Random(seed), times.now()  # noqa: S311
    days = Days(
        make(people, max(18, current_app.config["MINIMUM_AGE"]), chance, now),
        password_hash,
        chance,
        now,
    )
    with click.progressbar(length=days.plan(), label="Living", file=sys.stderr) as bar:
        for was_planned in days.live():
            bar.update(int(was_planned))
