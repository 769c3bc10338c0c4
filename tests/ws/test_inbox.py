"""What enters an inbox, in what order, and what is left to the log."""

import json
import threading
import time
from collections import Counter

import pytest

from app import db, events
from tests.scrapes import here
from ws.inbox import MOST_FRAMES, Frame, Inbox

TYPING = Frame(json.dumps({"type": "typing"}), "typing")


@pytest.fixture
def log(app, person):
    """Records events of someone and returns their frames: `log(3)`; `log.user_id` is whose."""
    anna = person()

    def record(count):
        with db.transaction():
            return [events.record(anna.id, {"type": "test"}).payload for _ in range(count)]

    record.user_id = anna.id
    with app.app_context():
        yield record


@pytest.fixture
def inbox(log):
    inbox = Inbox(log.user_id, threading.Event())
    inbox.start(None)
    return inbox


def taken(inbox):
    return [frame.text for frame in iter(inbox.pop, None)]


def test_events_that_come_in_turn_enter_at_once(log, inbox):
    frames = log(3)
    for seq, frame in enumerate(frames, 1):
        inbox.push(Frame(frame, "test"), seq)
    assert not inbox.is_behind
    assert taken(inbox) == frames


def test_an_event_enters_once(log, inbox):
    (frame,) = log(1)
    inbox.push(Frame(frame, "test"), 1)
    inbox.push(Frame(frame, "test"), 1)
    assert taken(inbox) == [frame]
    assert not inbox.is_behind


def test_an_event_out_of_turn_is_taken_from_the_log(log, inbox):
    frames = log(3)
    inbox.push(Frame(frames[2], "test"), 3)
    assert (inbox.is_behind, taken(inbox)) == (True, [])
    inbox.push(Frame(frames[0], "test"), 1)
    assert inbox.fill()
    assert taken(inbox) == frames
    assert not inbox.is_behind


def test_a_full_inbox_leaves_events_to_the_log_and_drops_what_does_not_last(log, inbox):
    frames = log(MOST_FRAMES + 10)
    for seq, frame in enumerate(frames, 1):
        inbox.push(Frame(frame, "test"), seq)
        inbox.push(TYPING, None) if seq == MOST_FRAMES else None
    assert inbox.is_behind
    assert taken(inbox) == frames[:MOST_FRAMES]
    assert inbox.fill()
    assert taken(inbox) == frames[MOST_FRAMES:]


def test_a_full_inbox_takes_nothing_in_and_stays_behind(log, inbox):
    frames = log(MOST_FRAMES + 1)
    inbox.hear_of_head(len(frames), "sweep")
    for _ in range(2):
        assert inbox.fill()
        assert inbox.is_behind
    assert taken(inbox) == frames[:MOST_FRAMES]
    assert inbox.fill()
    assert taken(inbox) == frames[MOST_FRAMES:]


def test_more_than_fits_is_read_in_parts(log, inbox):
    frames, got = log(MOST_FRAMES * 2 + 5), []
    inbox.hear_of_head(len(frames), "sweep")
    while inbox.is_behind:
        assert inbox.fill()
        part = taken(inbox)
        assert len(part) <= MOST_FRAMES
        got += part
    assert got == frames


def test_nothing_enters_before_the_start_and_nothing_is_missed(log):
    inbox = Inbox(log.user_id, threading.Event())
    inbox.push(TYPING, None)
    frames = log(2)
    inbox.push(Frame(frames[0], "test"), 1)
    inbox.start(0)
    hello, *rest = taken(inbox)
    assert json.loads(hello) == {"type": "hello", "seq": 2}
    assert rest == frames
    assert inbox.is_behind  # the event before the start may be one after the head
    assert inbox.fill()
    assert not inbox.is_behind


def test_what_is_published_while_the_log_is_read_is_not_passed_over(log, inbox, monkeypatch):
    frames = log(2)
    inbox.hear_of_head(2, "sweep")

    def read_then_hear(*args):
        rows = events.missed(*args)
        frames.extend(log(1))
        inbox.push(Frame(frames[2], "test"), 3)
        return rows

    monkeypatch.setattr("ws.inbox.missed", read_then_hear)
    assert inbox.fill()
    monkeypatch.undo()
    assert inbox.is_behind
    assert inbox.fill()
    assert taken(inbox) == frames


def test_signals_enter_where_there_is_room(inbox):
    inbox.push(TYPING, None)
    assert taken(inbox) == [TYPING.text]


def test_a_log_that_no_longer_has_the_next_event_is_said_so(log, inbox, app):
    log(3)
    db.run("DELETE FROM events WHERE user_id = :user_id AND seq < 3", user_id=log.user_id)
    inbox.hear_of_head(3, "sweep")
    assert not inbox.fill()


def causes():
    found = here().samples
    return Counter(
        {s.labels["cause"]: s.value for s in found if s.name == "dating_catch_ups_total"}
    )


def test_each_look_into_the_log_is_counted_by_its_cause(log, inbox):
    before, frames = causes(), log(2 * MOST_FRAMES + 2)
    inbox.push(Frame(frames[1], "test"), 2)
    inbox.hear_of_head(3, "sweep")  # known already
    assert inbox.fill() and causes() - before == {"gap": 1}
    assert inbox.fill() and causes() - before == {"gap": 1}  # no room
    taken(inbox)
    assert inbox.fill() and causes() - before == {"gap": 1, "more": 1}
    inbox.push(Frame(frames[-2], "test"), len(frames) - 1)
    taken(inbox)
    assert inbox.fill() and causes() - before == {"gap": 1, "more": 2}
    Inbox(log.user_id, threading.Event()).start(0)
    assert causes() - before == {"gap": 1, "more": 2, "connect": 1}


def test_the_lag_of_what_was_missed_while_away_is_unknown(log):
    inbox = Inbox(log.user_id, threading.Event())
    log(1)
    inbox.start(0)
    (frame,) = log(1)
    inbox.hear_of_head(2, "sweep")
    assert inbox.fill()
    hello, missed, late = iter(inbox.pop, None)
    assert (hello.type, hello.committed_at, missed.type, missed.committed_at) == (
        "hello",
        None,
        "test",
        None,
    )
    assert (late.text, late.source) == (frame, "log")
    assert abs(late.committed_at - time.time()) < 60
