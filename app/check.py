"""`flask check`: whether the database is whole, and whether all holds of it that must."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import click
import msgspec
from flask import current_app
from flask.cli import with_appcontext

from app import copies, db, migrate, names
from app.commands import in_a_line
from app.queries import invariants
from app.tables import tell

FIRST = 5  # ids that are named

Finding = dict[str, Any]  # {"check", "wrong", "rows", "first"}


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
@with_appcontext
@click.pass_context
def check(context: click.Context, as_json: bool) -> None:
    """Look whether the database is whole and consistent, also while it is in use; 1 is answered when it is not."""
    with in_a_line(current_app.config["DATABASE_PATH"], "; see DATABASE_PATH"):
        found = list(_findings())
    if as_json:
        tell(found, as_json)
    else:
        click.echo("\n".join(map(_line, found)) or "All is well")
    context.exit(1 if found else 0)


def _findings() -> Iterator[Finding]:
    with (
        db.connection() as conn
    ):  # the only one in this process, so that all that follows is asked of it
        db.add_function(conn, names.login_key)
    checks = _checks()
    shown = {
        "label": "Checking",
        "file": sys.stderr,
        "item_show_func": lambda check: check and check[0],
    }
    with click.progressbar(checks, **shown) as bar:
        for name, find in bar:
            try:
                yield from ({"check": name} | finding for finding in find())
            except db.engine.DatabaseError as error:
                yield {
                    "check": name,
                    "wrong": f"it cannot be looked into: {error}",
                    "rows": None,
                    "first": [],
                }


def _checks() -> list[tuple[str, Callable[[], Iterator[Finding]]]]:
    whole = [("integrity", _damages), ("schema", _differences), ("foreign keys", _strays)]
    return whole + [(invariant.name, partial(_broken, invariant)) for invariant in invariants.ALL]


def _damages() -> Iterator[Finding]:
    with db.connection() as conn:
        for damage in copies.damages(conn, 100):
            yield {"wrong": " ".join(damage.split()), "rows": None, "first": []}


def _differences() -> Iterator[Finding]:
    with db.connection() as conn:
        different = migrate.differences(conn)
    if different:
        yield {
            "wrong": "not that of schema.sql",
            "rows": len(different),
            "first": different[:FIRST],
        }


def _strays() -> Iterator[Finding]:
    for row in invariants.strays():
        first = msgspec.json.decode(row["first"])[:FIRST]
        yield {
            "wrong": f"what {row['name']} refers to is not there",
            "rows": row["rows"],
            "first": first,
        }


def _broken(invariant: invariants.Invariant) -> Iterator[Finding]:
    rows = invariants.find(invariant, FIRST)
    if rows:
        yield {
            "wrong": invariant.wrong,
            "rows": rows[0]["rows"],
            "first": [row["id"] for row in rows],
        }


def _line(finding: Finding) -> str:
    named = ", ".join(map(str, finding["first"]))
    more = ", …" if finding["first"] and finding["rows"] > len(finding["first"]) else ""
    count = f" ({finding['rows']}: {named}{more})" if finding["rows"] else ""
    return f"{finding['check']}: {finding['wrong']}{count}"
