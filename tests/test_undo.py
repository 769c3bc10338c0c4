"""Undo of a swipe, also when a browser or a proxy sends the request twice."""

from datetime import timedelta

import pytest

from app import times
from tests.people import PASSWORD


def undo(person, query=""):
    return person.call("DELETE", f"/swipe/last{query}")


@pytest.fixture
def trio(person):
    """Anna likes Boris, then Clara."""
    anna, boris, clara = person(), person(), person()
    anna.like(boris)
    anna.like(clara)
    return anna, boris, clara


@pytest.fixture
def later(monkeypatch):
    """Let time pass."""

    def pass_time(**offset):
        now = times.now() + timedelta(**offset)
        monkeypatch.setattr(times, "now", lambda: now)

    return pass_time


def likes(person):
    return [user["id"] for user in person.get("/followers")]


@pytest.mark.parametrize("query", ["", "?target_id={clara}", "?target_id=0"])
def test_undo_sent_twice_undoes_one_swipe(trio, query):
    anna, boris, clara = trio
    first = undo(anna, query.format(clara=clara.id))
    second = undo(anna, query.format(clara=clara.id))
    assert (first.status, first.json) == (200, {"status": "undone", "target_id": clara.id})
    assert (second.status, second.body) == (first.status, first.body)
    assert likes(boris) == [anna.id]
    assert likes(clara) == []


def test_undo_again_after_some_time_is_not_found(trio, later):
    anna, boris, clara = trio
    undo(anna)
    later(seconds=31)
    assert undo(anna).status == 404
    assert undo(anna, f"?target_id={clara.id}").status == 404
    assert likes(boris) == [anna.id]


def they_leave(anna, clara):
    assert clara.call("DELETE", "/me", {"password": PASSWORD}).status == 200


def they_block(anna, clara):
    assert clara.call("PUT", f"/blocks/{anna.id}").status == 200


def i_block(anna, clara):
    assert anna.call("PUT", f"/blocks/{clara.id}").status == 200


@pytest.mark.parametrize("action", ["like", "dislike"])
@pytest.mark.parametrize("go", [they_leave, they_block, i_block])
def test_undo_when_the_target_is_gone_is_not_found(trio, go, action):
    anna, boris, clara = trio
    anna.post("/swipe", {"target_id": clara.id, "action": action})
    go(anna, clara)
    answer = undo(anna)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert undo(anna, f"?target_id={clara.id}").body == answer.body
    assert likes(boris) == [anna.id]


def test_undo_after_clearing_is_not_found(trio):
    anna, boris, clara = trio
    anna.call("DELETE", "/clear/my/swipes")
    assert undo(anna).status == 404


def test_undo_of_a_target_takes_that_swipe(trio):
    anna, boris, clara = trio
    assert undo(anna, f"?target_id={boris.id}").json["target_id"] == boris.id
    assert (likes(boris), likes(clara)) == ([], [anna.id])
    assert undo(anna).json["target_id"] == clara.id
    assert likes(clara) == []


def test_undo_repeated_after_a_new_swipe_leaves_it(trio, person):
    anna, boris, clara = trio
    dima = person()
    undo(anna, f"?target_id={clara.id}")
    anna.like(dima)
    assert undo(anna, f"?target_id={clara.id}").json["target_id"] == clara.id
    assert likes(dima) == [anna.id]


def test_undo_of_another_target_is_no_repeat(trio, person):
    anna, boris, clara = trio
    undo(anna)
    assert undo(anna, f"?target_id={person().id}").status == 404


def test_undo_of_a_swipe_made_again_takes_it(trio):
    anna, boris, clara = trio
    undo(anna)
    anna.like(clara)
    assert undo(anna).json["target_id"] == clara.id
    assert likes(clara) == []


@pytest.mark.parametrize("go", [they_leave, they_block])
def test_undo_of_a_swipe_made_again_whose_target_is_gone_is_not_found(trio, go):
    anna, boris, clara = trio
    undo(anna)
    anna.like(clara)
    go(anna, clara)
    assert undo(anna).status == 404


def test_undo_goes_by_order_not_by_the_clock(person, later):
    anna, boris, clara = person(), person(), person()
    anna.like(boris)
    later(minutes=-5)
    anna.like(clara)
    assert undo(anna).json["target_id"] == clara.id


@pytest.mark.parametrize("target", ["99999", "x", "-1", "9223372036854775808"])
def test_undo_of_no_target_is_refused(trio, target):
    anna, boris, clara = trio
    assert undo(anna, f"?target_id={target}").status in (404, 422)
    assert likes(clara) == [anna.id]


def test_undo_of_a_match_with_target_is_refused(person):
    anna, boris = person(), person()
    anna.match(boris)
    answer = undo(anna, f"?target_id={boris.id}")
    assert (answer.status, answer.json["code"]) == (409, "matched")
