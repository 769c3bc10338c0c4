"""Requests in flight while their session ends: they write nothing."""

import random
import threading
from collections import Counter

import pytest

from app import db
from tests.database import dump, rows, run
from tests.people import PASSWORD
from tests.test_backup import command, finish
from tests.town import Town

WRITES = (
    ("POST", "/swipe", lambda other, chat: {"target_id": other, "action": "dislike"}),
    ("DELETE", "/swipe/last", None),
    ("DELETE", "/clear/my/swipes", None),
    ("PUT", "/me", lambda other, chat: {"bio": "late", "latitude": 1, "longitude": 1}),
    ("PUT", "/me/password", lambda *_: {"old_password": PASSWORD, "new_password": "new password"}),
    ("POST", "/messages/send", lambda other, chat: {"chat_id": chat, "content": "late"}),
    ("POST", "/chat/read", lambda other, chat: {"chat_id": chat}),
    ("POST", "/messages/read", lambda other, chat: {"chat_id": chat, "message_ids": [2]}),
    ("DELETE", "/chats/{chat}", None),
    ("PUT", "/blocks/{other}", None),
    ("DELETE", "/blocks/{other}", None),
    ("POST", "/reports", lambda other, chat: {"user_id": other, "category": "spam"}),
    ("DELETE", "/me", lambda *_: {"password": PASSWORD}),
    ("POST", "/logout", None),
    ("POST", "/logout-all", None),
)
RACING = [write for write in WRITES[:-3] if write[1] != "/me/password"]
ENDINGS = {
    "logged out": "DELETE FROM sessions WHERE user_id = {}",
    "expired": "UPDATE sessions SET expires_at = '2020-01-01T00:00:00.000Z' WHERE user_id = {}",
}


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_write_after_the_session_ended_is_401(
    person, settings, monkeypatch, method, path, body, how
):
    anna, boris, clara = person(), person(), person()
    chat_id = anna.match(boris)
    boris.write(chat_id, "hello")
    anna.call("PUT", f"/blocks/{clara.id}")
    before, execute = dump(settings["DATABASE_PATH"]), db.patiently

    def end_first(conn, sql, *args, **kwargs):
        """Let the session end after the request was let in and before its transaction begins."""
        if sql == "BEGIN IMMEDIATE":
            run(settings["DATABASE_PATH"], ENDINGS[how].format(anna.id))
        return execute(conn, sql, *args, **kwargs)

    monkeypatch.setattr(db, "patiently", end_first)
    other = clara.id if method == "DELETE" and "blocks" in path else boris.id
    sent = body(boris.id, chat_id) if body else None
    answer = anna.call(method, path.format(chat=chat_id, other=other), sent)
    assert (answer.status, answer.json["code"]) == (401, "unauthorized")
    after = dump(settings["DATABASE_PATH"])
    assert {table: after[table] for table in after if table != "sessions"} == {
        table: before[table] for table in before if table != "sessions"
    }


def act(person, others, chats, chance, codes, stop):
    """Write at random until the session is refused."""
    while not stop.is_set():
        method, path, body = chance.choice(RACING)
        other, chat = chance.choice(others), chance.choice(chats)
        sent = body(other.id, chat) if body else None
        answer = person.call(method, path.format(chat=chat, other=other.id), sent)
        codes[answer.status] += 1
        if answer.status == 401:
            return


@pytest.fixture
def own_town(tmp_path, redis_url):
    town = Town(tmp_path, redis_url, only=["web"])
    yield town
    town.stop()


def test_check_is_clean_after_racing_deletions(own_town):
    seed = random.randrange(10**6)
    print("seed", seed)
    chance, codes, stop = random.Random(seed), Counter(), threading.Event()
    people = [own_town.person() for _ in range(12)]
    chats = [one.match(two) for one, two in zip(people[::2], people[1::2], strict=True)]
    arguments = [
        (person, people, chats, random.Random(chance.random()), codes, stop)
        for person in people
        for _ in range(3)
    ]
    threads = [threading.Thread(target=act, args=each, daemon=True) for each in arguments]
    for thread in threads:
        thread.start()
    endings = [("DELETE", "/me", {"password": PASSWORD}), ("POST", "/logout-all", None)] * 6
    for person, ending in zip(people, endings, strict=True):
        stop.wait(0.2)  # the others write in between
        assert person.call(*ending).status == 200
    for thread in threads:
        thread.join(30)
    stop.set()
    assert codes[401] == len(threads), codes
    assert not [status for status in codes if status >= 500], codes
    assert rows(own_town.database, "SELECT count(*) FROM sessions") == [(0,)]
    code, said = finish(command(own_town.database, "check"))
    assert (code, "All is well" in said) == (0, True), said
    assert "Traceback" not in own_town.log.read_text()
