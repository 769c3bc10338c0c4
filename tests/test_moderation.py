"""`flask moderate`: reports are looked into, people are shut out and let in again."""

import json
import subprocess
import sys
import time

import pytest

import dev
from app import passwords, times
from tests import database
from tests.database import rows
from tests.people import PASSWORD, Person
from tests.sockets import Socket
from tests.ws.test_chat import refused


def moderate(app, command, **options):
    """What a command that must succeed says, as JSON."""
    asks = command.split()[0] not in ("queue", "show")
    args = ["moderate", *command.split(), "--json", *(["--yes"] if asks else [])]
    result = app.test_cli_runner().invoke(args=args, **options)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def run(app, *args, **options):
    return app.test_cli_runner().invoke(args=["moderate", *args], **options)


def login(person, username=None):
    credentials = {"username": username or person.username, "password": PASSWORD}
    return Person.post_json(person.server, "/login", credentials)


def report(person, other, category="spam", **more):
    return person.post(
        "/reports", {"user_id": other.id, "category": category, "block": False} | more
    )["id"]


def test_the_queue_begins_with_the_most_urgent(app, person):
    anna, boris, clara = person(), person(), person()
    spam, threat = report(anna, boris), report(clara, boris, "threat")
    minor = report(anna, clara, "minor")
    queue = moderate(app, "queue")
    assert [one["id"] for one in queue] == [minor, threat, spam]
    assert [one["open_reports"] for one in queue] == [1, 2, 2]
    assert queue[1]["username"] == boris.username
    assert [one["id"] for one in moderate(app, "queue --limit 1")] == [minor]


def test_a_report_is_shown_with_its_evidence_and_what_is_known(app, person):
    anna, boris, clara = person(), person(), person()
    boris.put_me(bio="as it was")
    chat_id = anna.match(boris)
    bad = boris.write(chat_id, "bad words")
    earlier = report(clara, boris)
    moderate(app, f"dismiss {earlier} --why nothing --by eve")
    number = report(anna, boris, "harassment", comment="see", message_id=bad["id"])
    boris.put_me(bio="all innocent")
    shown = moderate(app, f"show {number}")
    assert shown["report"]["comment"] == "see"
    assert (shown["report"]["chat_id"], shown["report"]["message_id"]) == (chat_id, bad["id"])
    assert shown["evidence"]["profile"]["bio"] == "as it was"
    assert [message["content"] for message in shown["evidence"]["messages"]][1:] == ["bad words"]
    assert [one["decision"] for one in shown["reports"]] == ["dismissed", None]
    (decision,) = shown["decisions"]
    assert (decision["action"], decision["moderator"], decision["reason"]) == (
        "dismiss",
        "eve",
        "nothing",
    )


def test_tables_are_for_people_and_obey_nobody(app, person):
    anna, boris = person(), person()
    boris.put_me(bio="\x1b[2J\x1b]0;owned\x07 two\nlines")
    number = report(anna, boris, comment="\x1b[31mred")
    for said in (run(app, "queue").output, run(app, "show", str(number)).output):
        assert "\x1b" not in said and "\x07" not in said
    assert "two lines" in run(app, "show", str(number)).output
    assert boris.username in run(app, "queue").output
    moderate(app, f"dismiss {number}")
    assert run(app, "queue").output == "(none)\n"


def test_a_dismissed_report_is_decided_once(app, person):
    number = report(person(), person())
    assert moderate(app, f"dismiss {number}") == {"action": "dismiss", "report_id": number}
    result = run(app, "dismiss", str(number), "--yes")
    assert (result.exit_code, "dismissed" in result.output) == (1, True)


@pytest.mark.parametrize(
    "command", ["show 99", "dismiss 99 --yes", "ban nobody --yes", "unban 1 --yes", "ban 99 --yes"]
)
def test_what_is_not_there_is_named(app, person, command):
    person()
    result = run(app, *command.split())
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert command.split()[1] in result.output


def test_it_asks_before_it_acts(app, person):
    anna = person()
    assert run(app, "ban", anna.username, input="n\n").exit_code == 1
    assert anna.get("/me")["id"] == anna.id
    result = run(app, "ban", anna.username, input="y\nfor spam\n")
    assert result.exit_code == 0, result.output
    assert login(anna).status == 403


def test_every_act_is_on_record(app, person, settings, monkeypatch):
    monkeypatch.setenv("LOGNAME", "eve")
    anna, boris = person(), person()
    number = report(anna, boris)
    moderate(app, f"dismiss {number}")
    moderate(app, f"suspend {boris.id} --days 3 --why slander --by adam")
    moderate(app, f"ban {boris.id} --why spam")
    moderate(app, f"unban {boris.id}")
    kept = rows(
        settings["DATABASE_PATH"],
        "SELECT action, target_id, report_id, moderator, reason FROM decisions",
    )
    assert kept == [
        ("dismiss", boris.id, number, "eve", ""),
        ("suspend", boris.id, None, "adam", "slander"),
        ("ban", boris.id, None, "eve", "spam"),
        ("unban", boris.id, None, "eve", ""),
    ]


@pytest.mark.parametrize(
    ("command", "decision"), [("suspend {} --days 2", "suspended"), ("ban {}", "banned")]
)
def test_shutting_somebody_out_decides_their_reports(app, person, command, decision):
    anna, boris, clara = person(), person(), person()
    number = report(anna, boris)
    report(clara, boris)
    other = report(anna, clara)
    done = moderate(app, command.format(boris.username))
    assert (done["reports_decided"], done["sessions_ended"]) == (2, 1)
    assert [one["id"] for one in moderate(app, "queue")] == [other]
    assert moderate(app, f"show {number}")["report"]["decision"] == decision


def test_who_is_suspended_comes_back_when_it_is_over(app, person, settings):
    anna, boris = person(), person()
    boris.like(anna)
    until = moderate(app, f"suspend {boris.id} --days 2")["until"]
    assert boris.call("GET", "/me").status == 401
    refused = login(boris)
    assert (refused.status, refused.json["code"], refused.json["until"]) == (
        403,
        "suspended",
        until,
    )
    assert until in refused.json["detail"]
    assert anna.get("/followers") == []
    over = f"UPDATE users SET suspended_until = '{times.from_now()}' WHERE id = {boris.id}"
    database.run(settings["DATABASE_PATH"], over)
    boris.log_in()
    assert [user["id"] for user in anna.get("/followers")] == [boris.id]


def test_only_who_knows_the_password_hears_of_it(app, person):
    anna = person()
    moderate(app, f"ban {anna.id}")
    assert login(anna).json["code"] == "banned"
    body = {"username": anna.username, "password": "wrong horse"}
    assert Person.post_json(anna.server, "/login", body).status == 401
    taken = Person.post_json(
        anna.server, "/register", {"username": anna.username, "password": PASSWORD}
    )
    assert (taken.status, taken.json["code"]) == (409, "username_taken")


def test_a_session_is_not_refreshed_into(app, person):
    anna = person()
    moderate(app, f"suspend {anna.id} --days 1")
    assert (
        Person.post_json(
            anna.server, "/refresh", {"refresh_token": anna.tokens["refresh_token"]}
        ).status
        == 401
    )


def test_a_login_that_was_under_way_is_refused(app, person, monkeypatch):
    anna, matches = person(), passwords.matches

    def ban_meanwhile(*args):
        monkeypatch.setattr(passwords, "matches", matches)
        moderate(app, f"ban {anna.id}")
        return matches(*args)

    monkeypatch.setattr(passwords, "matches", ban_meanwhile)
    assert login(anna).status == 403


def test_a_ban_outlives_the_account(app, person, settings):
    anna = person("Anna")
    moderate(app, "ban anna")
    account = {"username": "Anna", "password": PASSWORD}
    assert Person.post_json(anna.server, "/account-deletion", account).status == 200
    for name in ("Anna", "anna ", "ＡＮＮＡ"):
        refused = Person.post_json(anna.server, "/register", account | {"username": name})
        assert (refused.status, refused.json["code"]) == (403, "banned")
    ((kept,),) = rows(settings["DATABASE_PATH"], "SELECT name_hmac FROM bans")
    assert "anna" not in kept and len(kept) == 64
    assert run(app, "ban", str(anna.id), "--yes").exit_code == 1
    assert moderate(app, "unban anna")["user_id"] == anna.id
    assert Person(anna.server, "Anna").id != anna.id


def test_a_suspended_person_can_still_leave(app, person):
    anna = person()
    moderate(app, f"suspend {anna.id} --days 9")
    account = {"username": anna.username, "password": PASSWORD}
    assert Person.post_json(anna.server, "/account-deletion", account).status == 200


def test_evidence_about_who_left_goes_when_it_is_decided(app, person, settings):
    anna, boris = person(), person("hushed-boris")
    number = report(anna, boris)
    boris.call("DELETE", "/me", {"password": PASSWORD})
    assert moderate(app, f"show {number}")["evidence"]["profile"]["username"] == "hushed-boris"
    moderate(app, f"dismiss {number}")
    assert moderate(app, f"show {number}")["evidence"] == {}
    clara = person("hushed-clara")
    decided = report(anna, clara)
    moderate(app, f"dismiss {decided}")
    clara.call("DELETE", "/me", {"password": PASSWORD})
    assert moderate(app, f"show {decided}")["evidence"] == {}


@pytest.mark.parametrize("command", ["ban {}", "suspend {} --days 1"])
def test_sockets_of_who_is_shut_out_close_within_two_seconds(town, command):
    anna, boris = town.person(), town.person()
    mine, theirs = (Socket(one.post("/ws/start")["url"]) for one in (anna, boris))
    unused = anna.post("/ws/start")["url"]
    shell = [
        sys.executable,
        "-m",
        "flask",
        "moderate",
        *command.format(anna.username).split(),
        "--yes",
    ]
    done = subprocess.run(shell, env=town.env, cwd=dev.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    mine.set_patience(2)  # the bound that is promised
    started = time.monotonic()
    assert mine.closed() == (4401, "session ended")
    assert time.monotonic() - started < 2
    assert theirs.is_open()
    assert refused(unused) == 401
    assert anna.call("GET", "/me").status == 401
    mine.close()
    theirs.close()


@pytest.fixture
def numbered(app, person, settings):
    """Anna, and Boris, whose name is Anna's id; the first server let such names in."""
    anna, boris = person("anna"), person("boris")
    name = f"username = '{anna.id}', canonical = '{anna.id}'"
    database.run(settings["DATABASE_PATH"], f"UPDATE users SET {name} WHERE id = {boris.id}")
    return anna, boris


def test_a_number_that_fits_two_users_hits_neither(app, numbered):
    anna, boris = numbered
    result = run(app, "suspend", str(anna.id), "--days", "1", "--yes")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert f"--name {anna.id} for" in result.output and f"--id {anna.id} for" in result.output
    assert anna.call("GET", "/me").status == boris.call("GET", "/me").status == 200


@pytest.mark.parametrize(
    ("form", "is_boris"), [("--id {}", False), ("--name {}", True), ("@{}", True), ("anna", False)]
)
def test_id_and_name_are_told_apart(app, numbered, form, is_boris):
    done = moderate(app, f"suspend {form.format(numbered[0].id)} --days 1")
    assert done["user_id"] == numbered[is_boris].id


def test_a_name_with_an_at_sign_is_told_apart(app, person):
    plain, at = person("bob"), person("@bob")
    result = run(app, "ban", "@bob", "--yes")
    assert (result.exit_code, "--name @bob" in result.output) == (1, True)
    assert moderate(app, "suspend --name @bob --days 1")["user_id"] == at.id
    assert moderate(app, "suspend bob --days 1")["user_id"] == plain.id


@pytest.mark.parametrize("args", [[], ["anna", "--id", "1"], ["--id", "1", "--name", "anna"]])
def test_one_user_is_named_in_one_way(app, person, args):
    anna = person("anna")
    result = run(app, "ban", *args, "--yes")
    assert (result.exit_code, "Give one of USER, --id and --name" in result.output) == (2, True)
    assert anna.get("/me")["id"] == anna.id


@pytest.mark.parametrize("args", [["--id", "99"], ["--name", "nobody"], ["@nobody"], ["99"], [""]])
def test_a_user_who_is_not_there_is_named(app, person, args):
    person()
    result = run(app, "ban", *args, "--yes")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert args[-1] in result.output
