"""`flask moderate`: what moderators do, from the shell."""

import functools
import getpass
from collections.abc import Callable
from typing import Any

import click
import msgspec
from flask.cli import AppGroup, ScriptInfo

from app import bans, times
from app.commands import in_a_line
from app.db import Row, transaction
from app.events import announce_end
from app.fields import LARGEST_ID
from app.flask_command import FLASK
from app.moderation_targets import fail, label, user_argument
from app.queries import decisions, reports, sessions, standing
from app.tables import tell


class DatabaseGroup(AppGroup):
    """A group of commands that need the database and say in one line what is wrong with it."""

    def invoke(self, context: click.Context) -> Any:
        path = context.ensure_object(ScriptInfo).load_app().config["DATABASE_PATH"]
        with in_a_line(path, "; see DATABASE_PATH"):
            return super().invoke(context)


moderate = DatabaseGroup(
    "moderate",
    help="Decide reports, and suspend or ban users. USER is a username, @ and a username, or an id.",
)


def _myself() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
report_number = click.argument("number", metavar="N", type=click.IntRange(1, LARGEST_ID))


def acts(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that changes something: it asks first and records the reason."""

    @click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
    @click.option("--why", help="The reason, for the record. Asked for unless --yes is given.")
    @click.option(
        "--by", default=_myself, show_default="your login", help="The moderator, for the record."
    )
    @as_json
    @functools.wraps(command)
    def asking(*args: Any, yes: bool, why: str | None, **options: Any) -> None:
        def ask(question: str) -> str:
            """Return the reason, once the moderator has confirmed."""
            if not yes:
                click.confirm(question, abort=True, err=True)
            return why if why is not None else "" if yes else click.prompt("Why", err=True)

        command(*args, ask=ask, **options)

    return asking


@moderate.command()
@click.option(
    "--limit",
    default=50,
    type=click.IntRange(1, 10_000),
    show_default=True,
    help="Maximum number of reports.",
)
@as_json
def queue(limit: int, as_json: bool) -> None:
    """List the open reports, the most urgent first."""
    tell(reports.queue(limit), as_json)


@moderate.command()
@report_number
@as_json
def show(number: int, as_json: bool) -> None:
    """Show a report with its evidence and the earlier decisions about the user."""
    report = _report(number)
    person = report["user_id"]
    found = {"report": report, "evidence": msgspec.json.decode(report.pop("evidence"))}
    found |= {
        "person": standing.find(person),
        "reports": reports.about(person),
        "decisions": decisions.about(person),
    }
    tell(found, as_json)


@moderate.command()
@report_number
@acts
def dismiss(number: int, ask: Callable[[str], str], by: str, as_json: bool) -> None:
    """Decide that a report needs no action."""
    report = _report(number)
    why = ask(f"Dismiss report {number}, {report['category']}, of user {report['user_id']}?")
    with transaction():
        if not reports.dismiss(number):
            fail(f"Report {number} is decided already: {_report(number)['decision']}.")
        standing.release_name(report["user_id"])
        decisions.insert("dismiss", report["user_id"], by, why, report_id=number)
    tell({"action": "dismiss", "report_id": number}, as_json)


@moderate.command()
@user_argument
@click.option(
    "--days", type=click.IntRange(1, 36_500), required=True, help="Length of the suspension."
)
@acts
def suspend(person: Row, days: int, ask: Callable[[str], str], by: str, as_json: bool) -> None:
    """Suspend a user for some days. This decides the open reports of the user."""
    _refuse_banned_and_deleted(person)
    until = times.from_now(days=days)
    why = ask(f"Suspend {label(person)} until {until}?")
    with transaction():
        standing.suspend(person["id"], until)
        decisions.insert("suspend", person["id"], by, why, until=until)
        ended = sessions.delete_all(person["id"])
        decided = reports.decide_about(person["id"], "suspended")
    announce_end(person["id"], ended)
    done = _done("suspend", person, until=until)
    tell(done | {"sessions_ended": len(ended), "reports_decided": decided}, as_json)


@moderate.command()
@user_argument
@acts
def ban(person: Row, ask: Callable[[str], str], by: str, as_json: bool) -> None:
    """Ban a user and the username for good. This decides the open reports of the user."""
    _refuse_banned_and_deleted(person)
    why = ask(f"Ban {label(person)}?")
    with transaction():
        canonical = standing.ban(person["id"])
        if not standing.find(person["id"])["deleted_at"]:  # else it was kept at the deletion
            standing.keep_name(bans.seal(canonical), person["id"])
        decisions.insert("ban", person["id"], by, why)
        ended = sessions.delete_all(person["id"])
        decided = reports.decide_about(person["id"], "banned")
    announce_end(person["id"], ended)
    tell(_done("ban", person, sessions_ended=len(ended), reports_decided=decided), as_json)


@moderate.command()
@user_argument
@acts
def unban(person: Row, ask: Callable[[str], str], by: str, as_json: bool) -> None:
    """End a ban or a suspension. The name of a deleted account can then be registered again."""
    if not (person["banned_at"] or person["suspended_until"]):
        fail(f"{label(person)} is neither suspended nor banned.")
    why = ask(f"End the ban or suspension of {label(person)}?")
    with transaction():
        standing.readmit(person["id"])
        decisions.insert("unban", person["id"], by, why)
    tell(_done("unban", person), as_json)


def _report(number: int) -> Row:
    found = reports.find(number)
    if found is None:
        fail(f"There is no report {number}. Run {FLASK} moderate queue to list the open ones.")
    return found


def _refuse_banned_and_deleted(person: Row) -> None:
    if person["deleted_at"] and person["banned_at"]:
        fail(f"{label(person)} is banned already, and the account is deleted.")


def _done(action: str, person: Row, **more: Any) -> dict[str, Any]:
    return {"action": action, "user_id": person["id"], "username": person["username"]} | more
