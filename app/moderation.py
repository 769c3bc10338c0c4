"""`flask moderate`: what moderators do, from the shell."""

import functools
import getpass
from collections.abc import Callable
from typing import Any, NoReturn

import click
import msgspec
from flask.cli import AppGroup, ScriptInfo

from app import bans, names, times
from app.commands import in_a_line
from app.db import Row, transaction
from app.events import announce_end
from app.fields import LARGEST_ID
from app.flask_command import FLASK
from app.queries import decisions, reports, sessions, standing, users
from app.tables import tell


class DatabaseGroup(AppGroup):
    """Commands that need the database, and say in a line what is wrong with it."""

    def invoke(self, context: click.Context) -> Any:
        path = context.ensure_object(ScriptInfo).load_app().config["DATABASE_PATH"]
        with in_a_line(path, "; see DATABASE_PATH"):
            return super().invoke(context)


moderate = DatabaseGroup(
    "moderate",
    help="Look into what people report of each other, and shut people out. USER is an id, or a name that is no number.",
)


def _myself() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
report_number = click.argument("number", metavar="N", type=click.IntRange(1, LARGEST_ID))


def acts(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that changes something: it asks before, and notes who did it and why."""

    @click.option("--yes", is_flag=True, help="Do not ask.")
    @click.option("--why", help="The reason, for the record; asked for, unless --yes is given.")
    @click.option("--by", default=_myself, show_default="you", help="Who does it, for the record.")
    @as_json
    @functools.wraps(command)
    def asking(*args: Any, yes: bool, why: str | None, **options: Any) -> None:
        def ask(question: str) -> str:
            """The reason, once it is sure."""
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
    help="How many, at the most.",
)
@as_json
def queue(limit: int, as_json: bool) -> None:
    """The reports that are to be decided, the most urgent first."""
    tell(reports.queue(limit), as_json)


@moderate.command()
@report_number
@as_json
def show(number: int, as_json: bool) -> None:
    """A report with its evidence, and what is known of the person."""
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
    """Decide that a report asks for nothing."""
    report = _report(number)
    why = ask(f"Dismiss report {number}, {report['category']}, of user {report['user_id']}?")
    with transaction():
        if not reports.dismiss(number):
            _fail(f"Report {number} is decided: {_report(number)['decision']}")
        decisions.insert("dismiss", report["user_id"], by, why, report_id=number)
    tell({"action": "dismiss", "report_id": number}, as_json)


@moderate.command()
@click.argument("user")
@click.option("--days", type=click.IntRange(1, 36_500), required=True, help="For how long.")
@acts
def suspend(user: str, days: int, ask: Callable[[str], str], by: str, as_json: bool) -> None:
    """Shut somebody out for some days; that decides the open reports of them."""
    person, until = _present(user), times.from_now(days=days)
    why = ask(f"Suspend {_name(person)} until {until}?")
    with transaction():
        standing.suspend(person["id"], until)
        decisions.insert("suspend", person["id"], by, why, until=until)
        ended, decided = (
            sessions.delete_all(person["id"]),
            reports.decide_about(person["id"], "suspended"),
        )
    announce_end(person["id"], ended)
    tell(
        _done("suspend", person, until=until, sessions_ended=len(ended), reports_decided=decided),
        as_json,
    )


@moderate.command()
@click.argument("user")
@acts
def ban(user: str, ask: Callable[[str], str], by: str, as_json: bool) -> None:
    """Shut somebody out for good, and their name too; that decides the open reports of them."""
    person = _present(user)
    why = ask(f"Ban {_name(person)}?")
    with transaction():
        standing.insert_ban(bans.seal(standing.ban(person["id"])), person["id"])
        decisions.insert("ban", person["id"], by, why)
        ended, decided = (
            sessions.delete_all(person["id"]),
            reports.decide_about(person["id"], "banned"),
        )
    announce_end(person["id"], ended)
    tell(_done("ban", person, sessions_ended=len(ended), reports_decided=decided), as_json)


@moderate.command()
@click.argument("user")
@acts
def unban(user: str, ask: Callable[[str], str], by: str, as_json: bool) -> None:
    """Let somebody in again who is suspended or banned; where the account is deleted, give the name free."""
    person = _find(user)
    if not (person["banned_at"] or person["suspended_until"]):
        _fail(f"{_name(person)} is neither suspended nor banned")
    why = ask(f"Let {_name(person)} in again?")
    with transaction():
        standing.readmit(person["id"])
        decisions.insert("unban", person["id"], by, why)
    tell(_done("unban", person), as_json)


def _report(number: int) -> Row:
    return reports.find(number) or _fail(
        f"There is no report {number}; see: {FLASK} moderate queue"
    )


def _find(user: str) -> Row:
    """By id, by name, or by the banned name of a deleted account."""
    key = names.login_key(user)
    if user.isascii() and user.isdigit() and len(user) < 19:
        user_id = int(user)
    else:
        user_id = (users.find_login(key) or {"id": None})["id"] or standing.find_banned(
            bans.seal(key)
        )
    return (user_id and standing.find(user_id)) or _fail(
        f"There is no user {user!r}; give an id or a username"
    )


def _present(user: str) -> Row:
    person = _find(user)
    return _fail(f"{_name(person)} has left") if person["deleted_at"] else person


def _name(person: Row) -> str:
    return f"{person['username']!r} ({person['id']})"


def _done(action: str, person: Row, **more: Any) -> dict[str, Any]:
    return {"action": action, "user_id": person["id"], "username": person["username"]} | more


def _fail(message: str) -> NoReturn:
    raise click.ClickException(message)
