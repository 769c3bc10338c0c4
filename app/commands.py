"""What the `flask` command adds."""

import os
import signal

import click
from flask import current_app
from flask.cli import with_appcontext

from app import db
from app import migrate as migration

RUNNERS = ("HONCHO_PROCESS_NAME", "PS")  # where honcho and foreman say which line of the Procfile this is


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Bring the database to the current schema; a new one is made."""
    path = current_app.config["DATABASE_PATH"]
    try:
        click.echo(migration.migrate(path))
    except migration.NotOurs as error:
        raise click.ClickException(str(error)) from None
    except (db.engine.Error, OSError) as error:
        raise click.ClickException(f"{path}: {error}; see DATABASE_PATH") from None
    if any(os.environ.get(name, "").startswith("release.") for name in RUNNERS):
        signal.pause()  # these runners start all lines together, and stop all when one ends
