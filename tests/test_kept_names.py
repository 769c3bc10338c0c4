"""Names that outlive an account, so that its deletion evades no ban and no suspension."""

import pytest

from app import times
from tests.database import rows, run
from tests.people import PASSWORD, Person
from tests.test_check import check
from tests.test_moderation import moderate, report


def leave(person):
    account = {"username": person.username, "password": PASSWORD}
    assert Person.post_json(person.server, "/account-deletion", account).status == 200


def register(server, name):
    return Person.post_json(server, "/register", {"username": name, "password": PASSWORD})


def kept(settings):
    return rows(settings["DATABASE_PATH"], "SELECT user_id FROM bans")


@pytest.fixture
def reported(person):
    """A user, who deleted the account while a report about it is open; the number of the report."""
    eve = person("Eve")
    number = report(person(), eve, "threat")
    leave(eve)
    return eve, number


def test_the_name_of_a_reported_user_is_taken_until_the_decision(app, reported, settings, person):
    eve, number = reported
    person("taken")
    for name in ("Eve", "eve ", "ＥＶＥ"):
        answer = register(eve.server, name)
        taken = register(eve.server, "taken")
        assert (answer.status, answer.body) == (409, taken.body)
    assert "eve" not in str(rows(settings["DATABASE_PATH"], "SELECT * FROM bans")).lower()
    assert check(app) == (0, "All is well\n")
    moderate(app, f"dismiss {number}")
    assert kept(settings) == []
    assert register(eve.server, "Eve").status == 201


@pytest.mark.parametrize("target", ["eve", "@Eve", "--name eve", "--id {}"])
def test_ban_of_a_deleted_account_refuses_the_name(app, reported, target):
    eve, number = reported
    done = moderate(app, f"ban {target.format(eve.id)}")
    assert (done["user_id"], done["reports_decided"]) == (eve.id, 1)
    answer = register(eve.server, "EVE")
    assert (answer.status, answer.json["code"]) == (403, "banned")
    assert moderate(app, f"show {number}")["evidence"] == {}
    assert check(app) == (0, "All is well\n")
    moderate(app, "unban eve")
    assert register(eve.server, "EVE").status == 201


def test_a_second_open_report_keeps_the_name(app, person, settings):
    eve = person("Eve")
    numbers = [report(person(), eve), report(person(), eve)]
    leave(eve)
    moderate(app, f"dismiss {numbers[0]}")
    assert kept(settings) == [(eve.id,)]
    moderate(app, f"dismiss {numbers[1]}")
    assert kept(settings) == []


def test_a_decided_report_keeps_no_name(app, person, settings):
    eve = person("Eve")
    moderate(app, f"dismiss {report(person(), eve)}")
    leave(eve)
    assert kept(settings) == []
    assert register(eve.server, "Eve").status == 201


def test_suspension_outlives_the_account(app, person, settings):
    eve = person("Eve")
    until = moderate(app, "suspend eve --days 2")["until"]
    leave(eve)
    answer = register(eve.server, "eve")
    assert (answer.status, answer.json["code"]) == (403, "suspended")
    assert answer.json["until"] == until
    assert check(app) == (0, "All is well\n")
    run(settings["DATABASE_PATH"], f"UPDATE users SET suspended_until = '{times.from_now()}'")
    assert register(eve.server, "eve").status == 201


def test_unban_frees_the_name_of_a_suspended_deleted_user(app, person):
    eve = person("Eve")
    moderate(app, "suspend eve --days 2")
    leave(eve)
    moderate(app, "unban eve")
    assert register(eve.server, "eve").status == 201


def test_suspend_of_a_deleted_account_refuses_the_name(app, reported):
    eve, _ = reported
    moderate(app, "suspend eve --days 2")
    assert register(eve.server, "eve").json["code"] == "suspended"


def test_the_next_owner_of_a_freed_name_is_banned_by_it(app, person, settings):
    eve = person("Eve")
    moderate(app, "suspend eve --days 2")
    leave(eve)
    over = f"UPDATE users SET suspended_until = '{times.from_now()}' WHERE id = {eve.id}"
    run(settings["DATABASE_PATH"], over)
    other = person("Eve")
    moderate(app, "ban eve")
    leave(other)
    assert register(eve.server, "eve").json["code"] == "banned"
    assert kept(settings) == [(other.id,)]


def test_a_suspension_that_is_over_is_forgotten_with_the_next(app, person, settings):
    old, new = person("old"), person("new")
    for name in ("old", "new"):
        moderate(app, f"suspend {name} --days 2")
    leave(old)
    over = f"UPDATE users SET suspended_until = '{times.from_now()}' WHERE id = {old.id}"
    run(settings["DATABASE_PATH"], over)
    leave(new)
    assert kept(settings) == [(new.id,)]


def test_ban_of_a_deleted_account_without_a_name_decides_reports(app, person, settings):
    anna, eve = person(), person("Eve")
    anna.match(eve)
    leave(eve)
    report(anna, eve)
    assert moderate(app, f"ban --id {eve.id}")["reports_decided"] == 1
    assert kept(settings) == []
    assert anna.get("/chats") == []
    assert check(app) == (0, "All is well\n")
