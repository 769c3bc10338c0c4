"""How often a birthday changes."""

import pytest

from app import times
from tests.database import rows, run
from tests.test_gate import become

DAYS = [f"1990-01-{day:02}" for day in range(1, 10)]


def put(person, birthday):
    return person.call("PUT", "/me", {"birthday": birthday})


def test_a_birthday_changes_three_times_a_year(person, settings):
    anna = person(birthday=DAYS[0])
    assert [put(anna, day).status for day in DAYS[1:5]] == [200, 200, 200, 429]
    refused = put(anna, DAYS[6])
    assert refused.json["code"] == "too_many_birthday_changes"
    assert 364 * 86_400 < int(refused.headers["Retry-After"]) <= 365 * 86_400
    assert anna.get("/me")["birthday"] == f"{DAYS[3]}T00:00:00Z"
    year_ago = times.from_now(days=-365)
    run(settings["DATABASE_PATH"], f"UPDATE birthday_changes SET created_at = '{year_ago}'")
    assert put(anna, DAYS[5]).status == 200
    assert rows(settings["DATABASE_PATH"], "SELECT count(*) FROM birthday_changes") == [(1,)]


def test_an_equal_birthday_is_no_change(person):
    anna = person(birthday=DAYS[0])
    assert [put(anna, f"{DAYS[0]}T00:00:00Z").status for _ in range(6)] == [200] * 6
    assert anna.call("PUT", "/me", {"bio": "hi"}).status == 200
    assert put(anna, DAYS[1]).status == 200


def test_the_first_birthday_is_free(person, settings):
    anna = person(birthday=None)
    assert put(anna, DAYS[0]).status == 200
    assert rows(settings["DATABASE_PATH"], "SELECT * FROM birthday_changes") == []
    assert [put(anna, day).status for day in DAYS[1:5]] == [200, 200, 200, 429]


@pytest.mark.parametrize("empty", ["", None])
def test_removing_a_birthday_evades_nothing(person, empty):
    anna = person(birthday=DAYS[0])
    statuses = []
    for day in DAYS[1:6]:
        put(anna, empty)
        statuses.append(put(anna, day).status)
    assert statuses.count(200) <= 3
    assert put(anna, "").status == 200


def test_a_refused_change_leaves_the_rest_of_the_form(person):
    anna = person(birthday=DAYS[0])
    for day in DAYS[1:4]:
        put(anna, day)
    answer = anna.call("PUT", "/me", {"bio": "new", "birthday": DAYS[8]})
    assert answer.status == 429
    assert anna.get("/me")["bio"] is None


def test_a_known_minor_stays_one_by_the_own_word(person, app):
    anna = person()
    become(anna, app, times.years_before(17))
    for birthday in ("1990-01-01", ""):
        answer = put(anna, birthday)
        assert (answer.status, answer.json["code"]) == (403, "too_young")
    assert anna.call("PUT", "/me", {"bio": "hi"}).status == 200
    assert anna.call("GET", "/followers").status == 403
