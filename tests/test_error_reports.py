"""What Sentry hears of an error."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app import config, setting_types
from tests.database import rows
from tests.people import PASSWORD
from tests.town import Town, eventually


class Sentry(BaseHTTPRequestHandler):
    def do_POST(self):  # noqa: N802 - the library's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(
            gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        )
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def sentry():
    server = HTTPServer(("127.0.0.1", 0), Sentry)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_error_is_reported_without_what_it_was_about(tmp_path, redis_url, sentry):
    dsn = f"http://key@127.0.0.1:{sentry.server_port}/1"
    town = Town(tmp_path, redis_url, only=("web",), SENTRY_DSN=dsn)
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    # SQLite will quote the message in its error.
    trigger = "CREATE TRIGGER broken BEFORE INSERT ON messages BEGIN SELECT json_extract('{}', NEW.content); END"
    rows(town.database, trigger)
    answer = anna.call("POST", "/messages/send", {"chat_id": chat_id, "content": "a private word"})
    assert answer.status == 500
    (report,) = eventually(lambda: sentry.received)
    town.stop()
    _, _, event = report.splitlines()
    for secret in (
        "a private word",
        PASSWORD,
        anna.tokens["access_token"],
        anna.tokens["refresh_token"],
    ):
        assert secret.encode() not in report
    event = json.loads(event)
    assert event["tags"] == {
        "request_id": answer.headers["X-Request-ID"],
        "route": "/messages/send",
        "method": "POST",
    }
    (exception,) = event["exception"]["values"]
    assert exception["type"] == "OperationalError"
    assert {"send_message", "insert"} <= {
        frame["function"] for frame in exception["stacktrace"]["frames"]
    }
    assert not {"request", "user", "extra"} & set(event) and not event["breadcrumbs"]["values"]


def test_it_is_off_by_itself():
    assert config.load({})["SENTRY_DSN"] == ""


def test_without_what_it_needs_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(setting_types, "find_spec", lambda _name: None)
    with pytest.raises(config.BadSetting, match="pip install -r requirements-sentry.txt"):
        config.load({"SENTRY_DSN": "https://key@sentry.example/1"})
