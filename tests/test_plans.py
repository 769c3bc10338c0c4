"""Every statement finds its rows by an index."""

import pytest

from app import db
from app.parameters import Search
from app.queries import events, search, sessions
from app.queries.fitting import fitting
from tests.people import PASSWORD

ROUTES = [
    ("GET", "/me", None),
    ("GET", "/user/{peer}", None),
    ("GET", "/followers", None),
    ("GET", "/profiles/search", None),
    ("GET", "/profiles/search?latitude=1&longitude=2&max_distance_km=50", None),
    ("GET", "/profiles/search?latitude=1&longitude=2&sort=near", None),
    ("GET", "/profiles/search?latitude=1&longitude=2&max_distance_km=600&sort=active", None),
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
    ("DELETE", "/swipe/last", None),
    ("DELETE", "/swipe/last?target_id=2", None),
    ("PUT", "/me", {"birthday": "1990-01-01"}),
    ("DELETE", "/sessions/{session}", None),
    ("DELETE", "/sessions/{session}", None),
    ("DELETE", "/clear/my/swipes", None),
    ("GET", "/events?after=1", None),
    (
        "POST",
        "/reports",
        {"user_id": 2, "category": "spam", "message_id": None, "chat_id": 1, "block": False},
    ),
    (
        "POST",
        "/reports",
        {"user_id": 2, "category": "spam", "message_id": None, "chat_id": 1, "block": False},
    ),
    ("DELETE", "/chats/{chat}", None),
    ("PUT", "/blocks/{peer}", None),
    ("GET", "/blocks", None),
    ("DELETE", "/blocks/{peer}", None),
    ("GET", "/me/export", None),
    ("POST", "/account-deletion", {"username": "nobody", "password": "x"}),
    ("DELETE", "/me", {"password": PASSWORD}),
]

ME = {
    "birthday": "1990-01-02",
    "gender": " male ",
    "interested_in": " female ",
    "pref_min_age": 20,
    "pref_max_age": 40,
}


@pytest.fixture
def statements(person, app):
    """All that the routes say to the database, as it says it."""
    anna, boris = person(), person()
    app.config["LIKES_PER_DAY"] = 9
    person(anna.username, device_id="tablet")
    (session_id,) = [one["id"] for one in anna.get("/sessions") if not one["is_current"]]
    chat_id, said = anna.match(boris), []
    connections = app.extensions["idle_connections"]
    assert len(connections) == 1
    connections[0].set_trace_callback(said.append)
    for method, path, body in ROUTES:
        answer = anna.call(
            method, path.format(peer=boris.id, chat=chat_id, session=session_id), body
        )
        assert answer.status < 300 or path == "/account-deletion", answer
    with app.app_context():
        events.heads_beyond({anna.id: 0})
        sessions.ended([1])
    for command in ("queue", "show 1", "suspend 2 --days 1 --yes", "ban 2 --yes", "unban 2 --yes"):
        assert app.test_cli_runner().invoke(args=["moderate", *command.split()]).exit_code == 0
    connections[0].set_trace_callback(None)
    return [
        one for one in said if one.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
    ]


def test_no_statement_scans_a_table(statements, settings):
    conn = db.connect(settings["DATABASE_PATH"])
    assert len(statements) > 30
    for statement in statements:
        for step in conn.execute(f"EXPLAIN QUERY PLAN {statement}"):
            if step["detail"] == "SCAN reports USING INDEX reports_queue":
                continue  # the open ones, in its order, up to a limit
            scanned = (
                step["detail"].removeprefix("SCAN ").split()[0] if "SCAN" in step["detail"] else ""
            )
            assert (
                scanned
                in (
                    "",
                    "mine",
                    "CONSTANT",
                    "json_each",
                    "set_aside",
                    "erasures",  # has a row only while an account is being deleted
                    "known",  # a JSON list
                    "listed",
                    "found",
                    "counted",
                    "looked_at",
                )
                or "subquery" in scanned
            ), (
                step["detail"],
                statement,
            )
    conn.close()


@pytest.mark.parametrize("size", [None, "5", "24", "120", "600"])
@pytest.mark.parametrize("line", ["ids", "came", "silent", "came again", "around"])
def test_a_search_goes_along_its_line_by_an_index(app, line, size):
    area = search.area(("5", "24", "120", "600").index(size), [1, 2]) if size else search.ANYWHERE
    bounds = {"after": "1", "until": "2", "until_id": 3, "began": "4"}
    said = []
    with app.app_context():
        search.count("ids", area, {"after": 1, "until": 2}, 9)
        connection = app.extensions["idle_connections"][0]
        connection.set_trace_callback(said.append)
        search.count(line, area, bounds, 9)
        search.scan(
            1,
            line,
            area,
            fitting(ME, Search(), {"x": 0.1, "y": 0.2, "z": 0.3}, "[]").within(1, 50),
            bounds,
        )
        connection.set_trace_callback(None)
    if line == "ids":
        index = (
            f"cell_{size} (cell_{size}=? AND user_id>? AND user_id<?)"
            if size
            else "rowid>? AND rowid<?"
        )
    elif line == "around":
        index = f"cell_{size} (cell_{size}=? AND user_id>?)" if size else "rowid>?"
    else:
        index = (
            f"discovery_active_{size} (cell_{size}=? AND active_since"
            if size
            else "by_activity (active_since"
        )
    for statement in said:
        steps = [step["detail"] for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        [step] = [step for step in steps if " card" in step]
        assert step.startswith("SEARCH card USING") and index in step, steps
        assert (
            "COVERING" in step or line == "came again" or (not size and line in ("ids", "around"))
        ), steps


@pytest.mark.parametrize("area", [search.FANS, search.among([1, 2])])
@pytest.mark.parametrize("line", ["ids", "came", "silent", "around"])
def test_a_search_among_people_looks_up_each(app, line, area):
    said, place = [], {"x": 0.1, "y": 0.2, "z": 0.3}
    with app.app_context():
        search.count("ids", area, {"user_id": 1, "after": 1, "until": 2}, 9)
        connection = app.extensions["idle_connections"][0]
        connection.set_trace_callback(said.append)
        search.scan(
            1,
            line,
            area,
            fitting(ME, Search(), place, "[]"),
            {"after": "1", "until": "2", "until_id": 3},
        )
        connection.set_trace_callback(None)
    steps = [step["detail"] for step in connection.execute(f"EXPLAIN QUERY PLAN {said[0]}")]
    assert [step for step in steps if " card" in step] == [
        "SEARCH card USING INTEGER PRIMARY KEY (rowid=?)"
    ], steps
