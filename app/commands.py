"""What the `flask` command adds."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from flask.cli import with_appcontext

from app import copies, db, erasures
from app import migrate as migration
from app import restore as restoring
from app.flask_command import FLASK

RUNNERS = (
    "HONCHO_PROCESS_NAME",
    "PS",
)  # where honcho and foreman say which line of the Procfile this is


@contextmanager
def in_a_line(path: str, advice: str = "") -> Iterator[None]:
    """What goes wrong with a file is said in a line."""
    try:
        yield
    except (copies.NotCopied, migration.NotOurs, db.WrongSchema) as error:
        raise click.ClickException(str(error)) from None
    except db.Busy:
        raise click.ClickException(f"{path} is locked by another process; try again") from None
    except (db.engine.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise click.ClickException(f"{path}: {reason}{advice}") from None


@click.command("migrate")
@click.option("--quiet", is_flag=True, help="Say nothing if there is nothing to do.")
@with_appcontext
def migrate(quiet: bool) -> None:
    """Bring the database to the current schema; a new one is made."""
    path = current_app.config["DATABASE_PATH"]
    with in_a_line(path, "; see DATABASE_PATH"):
        done = migration.migrate(path)
        erasures.finish_all()
    if not quiet or done != migration.unchanged(path):
        click.echo(done)
    if any(os.environ.get(name, "").startswith("release.") for name in RUNNERS):
        signal.pause()  # these runners start all lines together, and stop all when one ends


@click.command("backup")
@click.argument("target")
@with_appcontext
def backup(target: str) -> None:
    """Copy the database, also while it is in use, to the file TARGET, which is replaced when the copy is whole."""
    path = current_app.config["DATABASE_PATH"]
    with in_a_line(target), _ending_in_order():
        if not os.path.isfile(path):
            raise copies.NotCopied(f"there is no database {path}; see DATABASE_PATH")
        if os.path.exists(target) and os.path.samefile(path, target):
            raise copies.NotCopied(f"{target} is the database itself; name another file")
        if os.path.realpath(target) in (
            os.path.realpath(path) + suffix for suffix in copies.BESIDE
        ):
            raise copies.NotCopied(f"{target} is a part of the database; name another file")
        copies.refuse_in_use(target)
        with copies.beside(target) as part:
            with _bar("Copying") as progress:
                copies.fill(path, part, progress)
            click.echo("Checking the copy", err=True)
            copies.check(part)
            copies.put(part, target)
    click.echo(f"{target}: {os.path.getsize(target)} bytes")


@click.command("restore")
@click.argument("source")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def restore(source: str, yes: bool) -> None:
    """Put a copy of the backup SOURCE in the place of the database, while web and ws are stopped.

    The old one stays beside it, under a name that is told: it ends in .before-restore, or .before-restore-2 and so on.
    """
    path = current_app.config["DATABASE_PATH"]
    with in_a_line(source), _ending_in_order():
        schema = restoring.recognize(source, path)
        if not yes:
            click.confirm(
                f"Replace {path} by {source}, with schema {schema}?", abort=True, err=True
            )
        with _bar("Copying") as progress:
            kept = restoring.restore(source, path, progress)
    if kept:
        click.echo(f"what was there is {kept}")
    click.echo(f"{path} is {source}; start web and ws (or run: {FLASK} migrate)")


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """SIGTERM, and SIGHUP unless it is ignored, are as Ctrl-C, so that nothing half done is left behind."""
    heard = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    if heard[signal.SIGHUP] == signal.SIG_IGN:
        del heard[signal.SIGHUP]  # nohup
    for number in heard:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in heard.items():
            signal.signal(number, handler)


@contextmanager
def _bar(label: str) -> Iterator[copies.Progress]:
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(done: int, pages: int) -> None:
            bar.length = pages
            bar.update(done - bar.pos)

        yield show
