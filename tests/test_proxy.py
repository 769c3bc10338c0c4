"""The proxy in front of both services, with the configuration that the containers have: one origin for all of it."""

# ruff: noqa: F401, F811  (the tests of the services themselves, on this module's `town`)

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest
import websocket

import dev
from tests.people import PASSWORD, Answer, Remote
from tests.sockets import Socket
from tests.test_availability import HALF_LOGIN, PING, connect, read_to_the_end
from tests.test_bad_input import assert_problem
from tests.test_http import test_whoever_sends_too_much_still_hears_why
from tests.town import Town, eventually, free_port
from tests.ws.test_chat import (
    test_a_ticket_is_good_once_and_for_30_seconds,
    test_bad_handshake_is_refused_and_keeps_the_ticket,
    test_page_without_a_ticket_is_closed_with_4401,
    test_two_people_meet_and_talk,
    test_without_a_ticket_there_is_no_upgrade,
)
from tests.ws.test_limits import someone, test_a_frame_over_4_kib_ends_it
from tests.ws.test_sessions import test_the_socket_of_a_session_that_ends_is_closed

CADDYFILE = dev.ROOT / "deploy" / "Caddyfile"


@pytest.fixture(scope="session")
def caddy():
    """The program, from Debian's package of that name or elsewhere."""
    found = shutil.which("caddy")
    if not found and not os.environ.get("CI"):
        pytest.skip(
            "caddy is not on PATH (Debian: apt-get install caddy; macOS: brew install caddy)"
        )
    assert found, "caddy is not on PATH; .ci/run unpacks it where there is apt-get"
    return found


class Proxied(Town):
    """A town behind the proxy, which is all that its people know."""

    def __init__(self, folder, redis_url, caddy, caddyfile=CADDYFILE, **settings):
        self.port = free_port()
        super().__init__(folder, redis_url, TRUSTED_PROXIES="127.0.0.1", **settings)
        env = {
            "SITE": f":{self.port}",
            "WEB": urlsplit(self.server.url).netloc,
            "WS": urlsplit(self.ws_url).netloc,
        }
        env |= dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), str(folder))
        self.proxy_log = folder / "caddy.log"
        with self.proxy_log.open("w") as log:
            command = [caddy, "run", "--config", str(caddyfile), "--adapter", "caddyfile"]
            self.pids["proxy"] = self.processes.start("proxy", command, env, stdout=log, stderr=log)
        eventually(lambda: dev.is_open(self.port), 30)
        self.server, self.ws_url = (
            Remote(f"http://127.0.0.1:{self.port}"),
            f"ws://127.0.0.1:{self.port}",
        )

    def start(self, name):
        """Let `web` take the proxy's port for that of `ws`, as in compose.yaml."""
        own = self.env["WS_PORT"]
        self.env["WS_PORT"] = str(self.port) if name == "web" else own
        super().start(name)
        self.env["WS_PORT"] = own


@pytest.fixture(scope="module")
def town(tmp_path_factory, redis_url, caddy):
    town = Proxied(tmp_path_factory.mktemp("proxied"), redis_url, caddy)
    yield town
    town.stop()


@pytest.fixture
def own_town(tmp_path, redis_url, caddy):
    town = Proxied(tmp_path, redis_url, caddy, LIMIT_REGISTER="3 per 7 hours")
    yield town
    town.stop()


def test_its_own_checker_finds_nothing_wrong(caddy):
    for command in (
        ["validate", "--config", CADDYFILE, "--adapter", "caddyfile"],
        ["fmt", CADDYFILE],
    ):
        told = subprocess.run([caddy, *command], capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
        assert "warn" not in told.stderr
    assert told.stdout == CADDYFILE.read_text()


def test_there_is_one_origin(town):
    assert town.person().post("/ws/start")["url"].startswith(f"{town.ws_url}/ws/chat?session=")
    assert town.server.send("GET", "/readyz").status == 200
    assert town.server.send("GET", "/metrics").status == 404
    Socket(town.person().post("/ws/start")["url"], origin=town.server.url).close()


def register(town, number, source, **headers):
    conn = http.client.HTTPConnection(
        "127.0.0.1", town.port, timeout=10, source_address=(source, 0)
    )
    body = json.dumps({"username": f"{source}-{number}", "password": PASSWORD})
    conn.request("POST", "/register", body, headers)
    status = conn.getresponse().status
    conn.close()
    return status


@pytest.mark.skipif(sys.platform != "linux", reason="only there every 127.x.x.x is this machine")
def test_limits_are_of_the_clients_address_whatever_it_says_of_itself(own_town):
    spoofed = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(4)]
    statuses = [register(own_town, number, "127.0.0.2", **spoofed[number]) for number in range(4)]
    assert statuses == [201, 201, 201, 429]
    assert register(own_town, 1, "127.0.0.3") == 201


def test_a_service_that_is_away_is_a_503(own_town):
    answer = own_town.person().post("/ws/start")
    own_town.end("ws", signal.SIGTERM)
    with pytest.raises(websocket.WebSocketBadStatusException) as error:
        Socket(answer["url"], timeout=20)  # it tries for 10 s
    assert (error.value.status_code, error.value.resp_headers["retry-after"]) == (503, "2")
    assert error.value.resp_headers["content-type"] == "application/problem+json"
    assert_problem(
        Answer(503, {"Content-Type": "application/problem+json"}, error.value.resp_body), 503
    )


def test_where_the_proxy_logs_a_request_that_failed_it_leaves_the_ticket_out(
    tmp_path, redis_url, caddy
):
    text = re.sub(r"\thandle_errors \{.*?\n\t\}\n", "", CADDYFILE.read_text(), flags=re.DOTALL)
    assert "handle_errors" not in text  # which are not logged
    (tmp_path / "Caddyfile").write_text(text.replace("lb_try_duration 10s", "lb_try_duration 0s"))
    town = Proxied(tmp_path, redis_url, caddy, tmp_path / "Caddyfile")
    answer = town.person().post("/ws/start")
    town.end("ws", signal.SIGTERM)
    with pytest.raises(websocket.WebSocketBadStatusException):
        Socket(answer["url"])
    eventually(lambda: '"uri":"/ws/chat' in town.proxy_log.read_text())
    assert answer["session_token"] not in town.proxy_log.read_text()
    town.stop()


def test_a_restart_of_web_is_waited_for(own_town):
    anna = own_town.person()
    own_town.end("web", signal.SIGTERM)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(anna.call("GET", "/me").status))
    asking.start()
    own_town.start("web")
    asking.join()
    assert answers == [200]


def test_a_stop_of_ws_reaches_the_clients(own_town):
    opened = Socket(own_town.person().post("/ws/start")["url"])
    os.kill(own_town.pids["ws"], signal.SIGTERM)
    assert opened.closed() == (1012, "restart")
    opened.close()


SLOW = re.compile(r"read_header 10s|read_body 1m|write 10m|idle 1m")


def test_its_timeouts_end_slow_clients_and_no_websocket(tmp_path, redis_url, caddy):
    text = SLOW.sub(lambda found: f"{found[0].split()[0]} 1s", CADDYFILE.read_text())
    assert text.count(" 1s") == 4
    (tmp_path / "Caddyfile").write_text(text)
    town = Proxied(tmp_path, redis_url, caddy, tmp_path / "Caddyfile")
    opened = Socket(town.person().post("/ws/start")["url"])
    url = town.server.url
    assert b"HTTP/1.1 200" not in read_to_the_end(connect(url, b"GET /ping HTTP/1.1\r\nHos"))
    assert b"HTTP/1.1 200" in read_to_the_end(connect(url, PING))  # then it is idle
    assert b"HTTP/1.1 201" not in read_to_the_end(connect(url, HALF_LOGIN))
    assert opened.is_open()
    opened.close()
    town.stop()


def test_a_page_can_read_that_a_service_is_away(own_town):
    own_town.end("web", signal.SIGTERM)
    answer = own_town.server.send("GET", "/me", headers={"Origin": "https://a.example"})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (503, "*")
