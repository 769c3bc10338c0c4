"""Pages of the feed by `last_seen_id`, as the first client asks for them."""

import pytest

from app import feed
from tests.database import run
from tests.walks import few_at_a_time, link

FEED = "/profiles/search?page_size=2"


def ids(page):
    return page and [user["id"] for user in page]


def pages(person, path=FEED, first="&last_seen_id="):
    """Return all pages up to `null`, each with the last id of the page before."""
    found, page = [], ids(person.get(path + first))
    while page is not None:
        assert page and len(found) < 50
        found.append(page)
        page = ids(person.get(f"{path}&last_seen_id={page[-1]}"))
    return found


@pytest.fixture
def rare(person, monkeypatch):
    """A viewer, and users of whom a few are rare and far apart."""
    few_at_a_time(monkeypatch)
    anna, *others = [person() for _ in range(30)]
    chosen = [others[number] for number in (0, 4, 20, 26, 28)]
    for each in chosen:
        each.put_me(gender="rare")
    return anna, chosen


def test_the_end_is_null_where_last_seen_id_is_given(person):
    anna = person()
    assert anna.get("/profiles/search") == []
    for value in ("", "0", "9"):
        assert anna.get(f"/profiles/search?last_seen_id={value}") is None
        assert anna.get(f"/profiles/search?sort=near&last_seen_id={value}") is None
    boris = person()
    assert ids(anna.get("/profiles/search?last_seen_id=")) == [boris.id]
    anna.like(boris)
    assert anna.get("/profiles/search?last_seen_id=") is None
    assert anna.get("/profiles/search") == []


@pytest.mark.parametrize("sort", ["", "&sort=near", "&sort=active"])
def test_pages_lose_and_repeat_no_user_in_any_order(person, settings, sort):
    anna, *others = [person() for _ in range(12)]
    anna.put_me(latitude=50.0, longitude=10.0)
    for number, other in enumerate(others):
        if number % 3:
            other.put_me(latitude=50.0 + (number * 7 % 11) / 5, longitude=10.0)
        at = f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{number * 7 % 11 + 2} hours')"
        sql = f"UPDATE discovery SET active_since = {at} WHERE user_id = {other.id}"
        run(settings["DATABASE_PATH"], sql)
    found = sum(pages(anna, FEED + sort), [])
    assert sorted(found) == [other.id for other in others]
    assert (found == sorted(found)) is (sort == "")


def test_a_repeated_request_gets_the_same_page(person):
    anna, *_ = [person() for _ in range(9)]
    first = ids(anna.get(f"{FEED}&sort=near"))
    second = ids(anna.get(f"{FEED}&sort=near&last_seen_id={first[-1]}"))
    third = ids(anna.get(f"{FEED}&sort=near&last_seen_id={second[-1]}"))
    assert ids(anna.get(f"{FEED}&sort=near&last_seen_id={first[-1]}")) == second
    assert ids(anna.get(f"{FEED}&sort=near&last_seen_id={second[-1]}")) == third
    assert len({*first, *second, *third}) == 6


def test_pages_by_id_are_in_order_with_a_fan(rare):
    anna, chosen = rare
    chosen[-1].like(anna)
    found = sum(pages(anna, FEED + "&gender=rare"), [])
    assert found == [each.id for each in chosen]


def test_a_page_by_id_shows_no_fan_early(rare, monkeypatch):
    monkeypatch.setattr(feed, "LONGER", 0)
    anna, chosen = rare
    chosen[-1].like(anna)
    path = f"{FEED}&gender=rare"
    assert ids(anna.get(f"{path}&last_seen_id={chosen[1].id}")) == []
    assert ids(anna.get(f"{path}&last_seen_id={chosen[3].id}")) == [chosen[-1].id]


def test_a_fan_shown_early_hides_no_user_from_the_next_page(rare):
    anna, chosen = rare
    for each in chosen[:2]:
        each.put_me(gender="other")
    chosen[-1].like(anna)
    path = FEED + "&gender=rare"
    early = ids(anna.get(path))
    assert early == [chosen[-1].id]
    found = sum(pages(anna, path, f"&last_seen_id={early[-1]}"), [])
    assert found == [each.id for each in chosen[2:]]


def test_a_page_by_last_seen_id_looks_farther_before_it_is_empty(rare):
    anna, chosen = rare
    path = f"{FEED}&gender=rare&last_seen_id={chosen[1].id}"
    assert ids(anna.get(path)) == [chosen[2].id]


def test_a_page_that_is_empty_for_now_is_a_list_with_a_link(rare, monkeypatch):
    monkeypatch.setattr(feed, "LONGER", 0)
    anna, chosen = rare
    path = f"{FEED}&gender=rare&last_seen_id={chosen[1].id}"
    answer = anna.call("GET", path)
    assert answer.json == []
    assert link(answer)
    found, asked = [], 0
    while not found and asked < 9:
        found, asked = ids(anna.get(path)), asked + 1
    assert found == [chosen[2].id, chosen[3].id]


@pytest.mark.parametrize("sort", ["near", "active"])
def test_an_ordered_list_goes_on_after_an_empty_page(rare, monkeypatch, sort):
    monkeypatch.setattr(feed, "LONGER", 0)
    monkeypatch.setattr(feed, "FEW", 1)
    anna, chosen = rare
    path, found, last, asked = f"{FEED}&gender=rare&sort={sort}", [], "", 0
    while (page := ids(anna.get(f"{path}&last_seen_id={last}"))) is not None and asked < 60:
        found, asked = found + page, asked + 1
        last = page[-1] if page else last
    assert sorted(found) == [each.id for each in chosen]
