"""The service inside `web`: one port for all of it. What holds beside it, holds there."""

# ruff: noqa: F401, F811  (the tests of the service itself, on this module's `town`)

import pytest

import dev
from tests.people import Remote
from tests.sockets import Socket
from tests.test_deploys import Watcher, exit_code
from tests.test_presence import test_a_live_socket_is_online_for_as_long_as_it_lives
from tests.town import Town, eventually
from tests.ws.test_chat import (
    test_a_ticket_is_good_once_and_for_30_seconds,
    test_bad_handshake_is_refused_and_keeps_the_ticket,
    test_connections_beyond_eight_in_a_process_close_the_oldest,
    test_handshake_of_an_older_http_is_refused,
    test_page_without_a_ticket_is_closed_with_4401,
    test_two_people_meet_and_talk,
    test_without_a_ticket_there_is_no_upgrade,
)
from tests.ws.test_limits import someone, test_a_flood_ends_it
from tests.ws.test_redis import pair, shaky, test_a_restart_of_redis_closes_nobody_and_loses_nothing
from tests.ws.test_sessions import test_the_socket_of_a_session_that_ends_is_closed

MOUNTED = {"only": ["web"]}


@pytest.fixture
def options():
    return MOUNTED


def one_port(folder, redis_url, **settings):
    town = Town(folder, redis_url, **MOUNTED, **settings)
    assert not dev.is_open(int(town.env["WS_PORT"]))
    town.ws_url = town.server.url.replace("http:", "ws:")
    return town


@pytest.fixture(scope="module")
def town(tmp_path_factory, redis_url):
    town = one_port(tmp_path_factory.mktemp("mounted"), redis_url)
    yield town
    town.stop()


@pytest.fixture
def own_town(tmp_path, redis_url):
    town = one_port(tmp_path, redis_url, GUNICORN_CMD_ARGS="--access-logfile -")
    yield town
    town.stop()


def test_the_address_given_is_that_of_web(town):
    assert town.person().post("/ws/start")["url"].startswith(f"{town.ws_url}/ws/chat?session=")


def test_the_rest_is_the_rest(town):
    server = Remote(town.server.url)
    assert server.send("GET", "/ping").status == server.send("GET", "/readyz").status == 200
    assert server.send("GET", "/ws/chat/").status == 404
    assert server.send("GET", "/ws/start").status == 405


def test_a_stop_tells_every_socket_in_turn_and_finishes(own_town):
    opened = [Socket(own_town.person().post("/ws/start")["url"]) for _ in range(40)]
    watchers = [Watcher(one) for one in opened]
    code, seconds = exit_code(own_town, "web")
    [watcher.join(5) for watcher in watchers]
    assert {watcher.closed[0] for watcher in watchers} == {(1012, "restart")}
    assert (
        max(watcher.closed[1] for watcher in watchers)
        - min(watcher.closed[1] for watcher in watchers)
        > 1
    )
    assert code == 0
    assert seconds < 10
    for one in opened:
        one.close()


def test_a_log_of_accesses_that_a_host_turns_on_holds_no_ticket(own_town):
    ticket = own_town.person().post("/ws/start")["session_token"]
    assert own_town.server.send("GET", f"/ws/chat?session={ticket}").status == 426
    eventually(lambda: '"GET /ws/chat" 426' in own_town.log.read_text())
    assert ticket not in own_town.log.read_text()
