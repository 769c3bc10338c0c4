"""A line for each request, and what it caused, under one id."""

import json
import os
import subprocess
import sys

import pytest

import dev
from tests.database import rows
from tests.sockets import Socket
from tests.town import Town, eventually


@pytest.fixture
def own_town(tmp_path, redis_url, request):
    town = Town(tmp_path, redis_url, **getattr(request, "param", {}))
    yield town
    town.stop()


def lines(town):
    """Those of the services; what `flask migrate` says before is for people."""
    return [json.loads(line) for line in town.log.read_text().splitlines() if line.startswith("{")]


def said(town, **wanted):
    return [line for line in lines(town) if wanted.items() <= line.items()]


def ask(person, method, path, request_id, body=None):
    headers = {
        "Authorization": f"Bearer {person.tokens['access_token']}",
        "X-Request-ID": request_id,
    }
    return person.server.send(method, path, body and json.dumps(body).encode(), headers)


def test_an_id_goes_from_the_request_to_the_event_and_to_the_socket(own_town):
    anna, boris = own_town.person(), own_town.person()
    chat_id = anna.match(boris)
    socket = Socket(boris.post("/ws/start")["url"])
    body = {"chat_id": chat_id, "content": "a private word"}
    answer = ask(anna, "POST", "/messages/send", "app-1:2026", body)
    assert (answer.status, answer.headers["X-Request-ID"]) == (201, "app-1:2026")
    socket.receive()
    socket.close()
    own_town.stop()
    web, ws = sorted(
        said(own_town, request_id="app-1:2026"), key=lambda line: line["logger"]
    )  # app…, ws…
    assert (web["method"], web["route"], web["status"], web["user_id"]) == (
        "POST",
        "/messages/send",
        201,
        anna.id,
    )
    assert (
        (web["level"], web["logger"]) == ("INFO", "app.access_log")
        and web["duration_ms"] > 0
        and web["time"]
    )
    assert (ws["frame"], ws["source"], ws["user_id"]) == ("message", "live", boris.id)
    assert ("message", "app-1:2026") in rows(
        own_town.database, "SELECT type, request_id FROM events"
    )
    assert [line["status"] for line in said(own_town, route="/ws/chat")] == [101]


def test_what_is_read_again_from_the_log_keeps_its_id(own_town):
    anna, boris = own_town.person(), own_town.person()
    chat_id = anna.match(boris)
    ask(anna, "POST", "/messages/send", "kept", {"chat_id": chat_id, "content": "x"})
    socket = Socket(boris.post("/ws/start")["url"] + "&after=0")
    while socket.receive()["type"] != "message":
        pass
    socket.close()
    assert [
        line["user_id"]
        for line in eventually(lambda: said(own_town, request_id="kept", source="log"))
    ] == [boris.id]


@pytest.mark.parametrize("given", ["", "x" * 129, "two words", "a\u00e9", 'a"b'])
def test_an_id_that_is_none_is_replaced(server, given):
    answer = server.send("GET", "/ping", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] not in ("", given)
    assert answer.headers["X-Request-ID"] != server.send("GET", "/ping").headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/ping", 405), ("GET", "/me", 401)],
)
def test_errors_have_an_id_too(server, method, path, status):
    answer = server.send(method, path, headers={"X-Request-ID": "mine"})
    assert (answer.status, answer.headers["X-Request-ID"]) == (status, "mine")


def test_an_address_that_is_none_of_ours_is_not_logged(own_town):
    assert own_town.server.send("GET", "/me/secret?token=secret").status == 404
    assert eventually(lambda: said(own_town, status=404))[0]["route"] is None
    assert "secret" not in own_town.log.read_text()


def test_an_unexpected_error_is_logged_under_its_request(own_town):
    anna = own_town.person()
    rows(own_town.database, "ALTER TABLE swipes RENAME TO gone")
    assert ask(anna, "GET", "/followers", "broken").status == 500
    error, request = eventually(
        lambda: (
            len(said(own_town, request_id="broken")) == 2 and said(own_town, request_id="broken")
        )
    )
    assert (error["level"], error["user_id"]) == ("ERROR", anna.id) and "no such table" in error[
        "exc_info"
    ]
    assert request["status"] == 500


@pytest.mark.parametrize("own_town", [{"LOG_LEVEL": "warning"}], indirect=True)
def test_requests_are_not_logged_where_only_warnings_are(own_town):
    own_town.person()
    own_town.stop()
    assert said(own_town, logger="app.access_log") == []


def test_in_a_terminal_it_is_text():
    script = "import runpy; print(runpy.run_path('app/logs.py')['configuration']('', 'info')['formatters']['line'])"
    ours, theirs = os.openpty()
    options = {"cwd": dev.ROOT, "text": True, "stdout": subprocess.PIPE}
    assert (
        "levelname)s]"
        in subprocess.run([sys.executable, "-c", script], stderr=theirs, **options).stdout
    )
    assert (
        "Msgspec"
        in subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, **options).stdout
    )
    os.close(ours), os.close(theirs)


@pytest.mark.parametrize("own_town", [{"LOG_FORMAT": "text"}], indirect=True)
def test_text_names_the_request_as_well(own_town):
    own_town.server.send("GET", "/ping", headers={"X-Request-ID": "mine"})
    eventually(
        lambda: "[INFO] [mine] app.access_log: GET /ping 200 in " in own_town.log.read_text()
    )
    assert "[-] gunicorn.error: Listening at" in own_town.log.read_text()
