"""Likes: how many are given, and what the same one again does."""

import pytest

from app import times
from tests.database import rows, run


@pytest.fixture
def limited(app, person):
    """Anna, who has two likes a day, and four others."""
    app.config["LIKES_PER_DAY"] = 2
    return [person() for _ in range(5)]


def swipe(person, other, action="like"):
    return person.call("POST", "/swipe", {"target_id": other.id, "action": action})


def clear(anna, boris):
    anna.call("DELETE", "/clear/my/swipes")


def undo(anna, boris):
    anna.call("DELETE", "/swipe/last")


def dislike(anna, boris):
    swipe(anna, boris, "dislike")


def block(anna, boris):
    anna.call("PUT", f"/blocks/{boris.id}")


def be_blocked(anna, boris):
    boris.call("PUT", f"/blocks/{anna.id}")


@pytest.mark.parametrize("take_back", [clear, undo, dislike, block, be_blocked])
def test_a_like_taken_back_frees_no_like(limited, take_back):
    anna, *others = limited
    for other in others[:2]:
        assert swipe(anna, other).status == 200
        take_back(anna, other)
    answer = swipe(anna, others[2])
    assert (answer.status, answer.json["code"]) == (429, "no_likes_left")
    assert others[2].get("/followers") == []


def test_a_like_after_a_dislike_counts_again(limited):
    anna, boris, *_ = limited
    remaining = [
        swipe(anna, boris, action).json["remaining_likes"]
        for action in ("like", "like", "dislike", "dislike", "like")
    ]
    assert remaining == [1, 1, 1, 1, 0]


def test_a_refused_like_counts_nothing(limited, settings):
    anna, *others = limited
    assert [swipe(anna, other).status for other in others] == [200, 200, 429, 429]
    assert rows(settings["DATABASE_PATH"], "SELECT count(*) FROM likes_given") == [(2,)]


def test_likes_of_yesterday_are_deleted(limited, settings):
    anna, *others = limited
    swipe(anna, others[0])
    run(
        settings["DATABASE_PATH"],
        f"UPDATE likes_given SET created_at = '{times.from_now(days=-1)}'",
    )
    assert swipe(anna, others[1]).json["remaining_likes"] == 1
    assert rows(settings["DATABASE_PATH"], "SELECT count(*) FROM likes_given") == [(1,)]


@pytest.mark.parametrize("action", ["like", "dislike"])
def test_the_same_swipe_again_changes_nothing(person, settings, action):
    anna, boris = person(), person()
    sql = "SELECT * FROM swipes"
    first = swipe(anna, boris, action)
    before = rows(settings["DATABASE_PATH"], sql)
    again = swipe(anna, boris, action)
    assert again.body == first.body
    assert rows(settings["DATABASE_PATH"], sql) == before


def test_the_same_like_again_keeps_its_place_among_followers(person):
    anna, boris, clara = person(), person(), person()
    for fan in (boris, clara, boris):
        fan.like(anna)
    assert [user["id"] for user in anna.get("/followers")] == [clara.id, boris.id]


def test_clearing_can_be_turned_off(person, app):
    anna, boris = person(), person()
    anna.like(boris)
    app.config["CLEAR_SWIPES"] = False
    answer, absent = anna.call("DELETE", "/clear/my/swipes"), anna.call("DELETE", "/clear/my/x")
    assert (answer.status, answer.body) == (404, absent.body)
    assert [user["id"] for user in boris.get("/followers")] == [anna.id]
