"""Every statement finds its rows by an index."""

import pytest

from app import db
from app.queries import events
from tests.people import PASSWORD

ROUTES = [
    ("GET", "/me", None),
    ("GET", "/user/{peer}", None),
    ("GET", "/followers", None),
    ("GET", "/chats", None),
    ("GET", "/chat/messages/{chat}", None),
    ("GET", "/chat/messages/{chat}?before_id=9", None),
    ("GET", "/chat/messages/{chat}?after_id=1", None),
    ("POST", "/messages/send", {"chat_id": 1, "content": "hi", "client_id": "x"}),
    ("POST", "/messages/send", {"chat_id": 1, "content": "hi", "client_id": "x"}),
    ("POST", "/messages/send", {"receiver_id": 2, "content": "hi"}),
    ("POST", "/chat/read", {"chat_id": 1}),
    ("POST", "/messages/read", {"chat_id": 1, "message_ids": [1]}),
    ("POST", "/swipe", {"target_id": 2, "action": "like"}),
    ("POST", "/swipe", {"target_id": 2, "action": "dislike"}),
    ("DELETE", "/swipe/last", None),
    ("DELETE", "/clear/my/swipes", None),
    ("GET", "/events?after=1", None),
    ("POST", "/reports", {"user_id": 2, "category": "spam", "message_id": None, "chat_id": 1, "block": False}),
    ("DELETE", "/chats/{chat}", None),
    ("PUT", "/blocks/{peer}", None),
    ("GET", "/blocks", None),
    ("DELETE", "/blocks/{peer}", None),
    ("GET", "/me/export", None),
    ("POST", "/account-deletion", {"username": "nobody", "password": "x"}),
    ("DELETE", "/me", {"password": PASSWORD}),
]


@pytest.fixture
def statements(person, app):
    """All that the routes say to the database, as it says it."""
    anna, boris = person(), person()
    chat_id, said = anna.match(boris), []
    connections = app.extensions["idle_connections"]
    assert len(connections) == 1
    connections[0].set_trace_callback(said.append)
    for method, path, body in ROUTES:
        answer = anna.call(method, path.format(peer=boris.id, chat=chat_id), body)
        assert answer.status < 300 or path == "/account-deletion", answer
    with app.app_context():
        events.heads_beyond({anna.id: 0})
    for command in ("queue", "show 1", "suspend 2 --days 1 --yes", "ban 2 --yes", "unban 2 --yes"):
        assert app.test_cli_runner().invoke(args=["moderate", *command.split()]).exit_code == 0
    connections[0].set_trace_callback(None)
    return [one for one in said if one.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")]


def test_no_statement_scans_a_table(statements, settings):
    conn = db.connect(settings["DATABASE_PATH"])
    assert len(statements) > 30
    for statement in statements:
        for step in conn.execute(f"EXPLAIN QUERY PLAN {statement}"):
            if step["detail"] == "SCAN reports USING INDEX reports_queue":
                continue  # the open ones, in its order, up to a limit
            scanned = step["detail"].removeprefix("SCAN ").split()[0] if "SCAN" in step["detail"] else ""
            assert scanned in ("", "mine", "CONSTANT", "json_each", "set_aside") or "subquery" in scanned, (
                step["detail"],
                statement,
            )
    conn.close()


def test_the_feed_goes_along_the_ids(app, person):
    connection = app.extensions["idle_connections"]
    anna, said = person(), []
    connection[0].set_trace_callback(said.append)
    anna.get("/profiles/search?last_seen_id=5")
    connection[0].set_trace_callback(None)
    plan = connection[0].execute(f"EXPLAIN QUERY PLAN {said[-1]}").fetchall()
    assert "SEARCH them USING INTEGER PRIMARY KEY (rowid>?)" in [step["detail"] for step in plan]
    assert not any("TEMP B-TREE" in step["detail"] for step in plan)
