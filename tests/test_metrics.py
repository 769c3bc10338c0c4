"""What is counted, and when."""

import threading

import pytest

from app import metrics, passwords
from tests.people import PASSWORD
from tests.scrapes import here
from tests.test_readme import EVENTS, table
from tests.town import eventually


def growth(name, act, **labels):
    before = here().sum(name, **labels)
    act()
    return here().sum(name, **labels) - before


def test_only_what_is_committed_is_a_registration(person):
    assert growth("dating_registrations_total", person) == 1
    anna = person()
    again = {"username": anna.username, "password": PASSWORD}
    assert (
        growth(
            "dating_registrations_total", lambda: anna.post_json(anna.server, "/register", again)
        )
        == 0
    )


def test_swipes_are_counted_by_action_and_a_match_once(person):
    anna, boris, clara = person(), person(), person()
    assert growth("dating_swipes_total", lambda: anna.like(boris), action="like") == 1
    dislike = {"target_id": clara.id, "action": "dislike"}
    assert (
        growth("dating_swipes_total", lambda: anna.post("/swipe", dislike), action="dislike") == 1
    )
    assert (
        growth(
            "dating_swipes_total", lambda: anna.call("POST", "/swipe", dislike | {"target_id": 999})
        )
        == 0
    )
    assert growth("dating_matches_total", lambda: boris.like(anna)) == 1
    assert growth("dating_matches_total", lambda: boris.like(anna)) == 0


def test_a_message_that_is_sent_again_is_one(person):
    anna, boris = person(), person()
    assert (
        growth("dating_messages_total", lambda: anna.match(boris)) == 0
    )  # the system's is nobody's
    (chat,) = anna.get("/chats")
    assert growth("dating_messages_total", lambda: anna.write(chat["id"], "hi", client_id="1")) == 1
    assert growth("dating_messages_total", lambda: anna.write(chat["id"], "hi", client_id="1")) == 0


def test_a_request_has_its_rule_for_a_route(person):
    anna = person()
    labels = {"method": "GET", "route": "/user/<id:user_id>"}
    assert (
        growth(
            "dating_http_requests_total",
            lambda: anna.get(f"/user/{anna.id}"),
            status="200",
            **labels,
        )
        == 1
    )
    duration = "dating_http_request_duration_seconds"
    assert growth(f"{duration}_count", lambda: anna.call("GET", "/user/999"), **labels) == 1
    assert 0 < growth(f"{duration}_sum", lambda: anna.call("GET", "/user/999"), **labels) < 60
    assert (
        growth(
            "dating_http_requests_total",
            lambda: anna.call("GET", "/user/999"),
            status="404",
            **labels,
        )
        == 1
    )


def test_an_error_is_counted_as_what_it_answers(person, monkeypatch):
    anna = person()
    monkeypatch.setattr("app.blueprints.chats.read_query", lambda _: 1 / 0)
    labels = {"method": "GET", "route": "/chats", "status": "500"}
    assert growth("dating_http_requests_total", lambda: anna.call("GET", "/chats"), **labels) == 1


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/nothing/here", {"method": "GET", "route": "none", "status": "404"}),
        ("BREW", "/me", {"method": "other", "route": "none", "status": "405"}),
        ("OPTIONS", "/me", {"method": "OPTIONS", "route": "/me", "status": "200"}),
    ],
)
def test_what_clients_make_up_is_no_label(person, app, method, path, labels):
    anna = person()
    assert growth("dating_http_requests_total", lambda: anna.call(method, path), **labels) == 1
    assert here().labels("dating_http_requests_total", "route") <= {
        rule.rule for rule in app.url_map.iter_rules()
    } | {"none"}
    assert here().labels("dating_http_requests_total", "method") <= metrics.METHODS | {"other"}


def test_who_waits_to_hash_is_counted(app, person):
    anna = person()
    for _ in range(passwords.SLOTS):
        passwords._line.acquire()
    logging_in = threading.Thread(target=anna.log_in)

    def wait():
        logging_in.start()
        eventually(lambda: here().sum("dating_hashing_waiting") == 1)
        for _ in range(passwords.SLOTS):
            passwords._line.release()
        logging_in.join()

    assert growth("dating_hashing_wait_seconds_count", wait) == 1
    assert here().sum("dating_hashing_waiting") == 0


def test_every_frame_of_ours_is_counted_by_its_type():
    assert {row[0].strip("`") for row in table("Frames", EVENTS)} == set(
        metrics.FRAMES
    )  # which is compared with the code
    assert (
        growth(
            "dating_frames_sent_total", lambda: metrics.sent("made up", "live", None), type="other"
        )
        == 1
    )
