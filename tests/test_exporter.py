"""What Prometheus reads of the real processes, whatever happens to these."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

import dev
from app.exporter import serve
from tests.people import Remote
from tests.running import command_of
from tests.scrapes import Counted, scrape
from tests.sockets import Socket
from tests.town import below, eventually


@pytest.fixture
def town(tmp_path, redis_url):
    town = Counted(tmp_path, redis_url)
    for port in (town.port, town.port + 1):
        eventually(lambda port=port: dev.is_open(port))
    yield town
    town.stop()


def pings(town):
    return town.scrape_web().sum("dating_http_requests_total", route="/ping", status="200")


def ping(town, count):
    assert [town.server.send("GET", "/ping").status for _ in range(count)] == [200] * count


def test_a_scrape_sums_over_the_workers_and_those_that_were_killed(town):
    anna = town.person()
    town.ask_all(anna)
    killed, other = town.workers("web")
    ping(town, 40)
    assert pings(town) == 40
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: str(killed) not in town.serving("web"))
    ping(town, 10)
    assert pings(town) == 50
    assert town.scrape_web().sum("dating_registrations_total") == 1
    town.ask_all(anna)
    assert other in town.workers("web")


def test_sockets_frames_and_lag_are_those_of_now(town):
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    opened = [Socket(person.post("/ws/start")["url"]) for person in (anna, boris)]
    eventually(lambda: town.scrape_ws().sum("dating_sockets_open") == 2)
    anna.write(chat_id, "hi")
    assert opened[1].receive()["content"] == "hi"
    found = eventually(
        lambda: (found := town.scrape_ws()).sum("dating_frames_sent_total") and found
    )
    assert found.sum("dating_frames_sent_total", type="message") == 1
    assert found.sum("dating_event_lag_seconds_count", source="live") == 1
    assert 0 < found.sum("dating_event_lag_seconds_sum", source="live") < 60
    assert found.sum("dating_http_requests_total", route="/ws/chat", status="101") == 2
    assert found.sum("dating_catch_ups_total") == 0
    for pid in town.workers("ws"):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: town.scrape_ws().each("dating_sockets_open") == [0])
    assert town.scrape_ws().sum("dating_frames_sent_total", type="message") == 1
    for one in opened:
        one.close()


def test_a_socket_has_no_duration_and_who_is_refused_has(town):
    opened = Socket(town.person().post("/ws/start")["url"])
    opened.close()
    eventually(lambda: town.scrape_ws().each("dating_sockets_open") == [0])
    assert Remote(town.ws_url.replace("ws:", "http:")).send("GET", "/ws/chat").status == 426
    found = eventually(
        lambda: (
            (found := town.scrape_ws()).sum("dating_http_requests_total", status="426") and found
        )
    )
    assert found.sum("dating_http_request_duration_seconds_count") == 1


def test_the_size_of_the_log_of_changes_is_that_of_the_file(town):
    town.person()
    size = Path(f"{town.database}-wal").stat().st_size
    assert size > 0
    assert [
        found.sum("dating_database_wal_bytes") for found in (town.scrape_web(), town.scrape_ws())
    ] == [size, size]


def test_it_is_not_on_the_public_ports(town):
    for url in (town.server.url, town.ws_url.replace("ws:", "http:")):
        assert Remote(url).send("GET", "/metrics").status == 404


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is not this machine")
def test_it_is_on_the_address_that_is_set_and_no_other(tmp_path, redis_url, town):
    other = Counted(tmp_path / "other", redis_url, METRICS_HOST="127.0.0.2", only=["web"])
    eventually(lambda: is_open("127.0.0.2", other.port))
    assert not is_open("127.0.0.1", other.port)
    assert is_open("127.0.0.1", town.port) and not is_open("127.0.0.2", town.port)
    other.stop()


def is_open(host, port):
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def test_a_reload_goes_on_counting(town):
    ping(town, 3)
    town.ask_all(town.person())
    before = town.workers("web")
    os.kill(town.pids["web"], signal.SIGHUP)
    eventually(lambda: not before & set(below(town.pids["web"])), 30)
    ping(town, 4)
    assert pings(town) == 7


@pytest.mark.parametrize(
    ("kill", "number"), [(os.killpg, signal.SIGTERM), (os.kill, signal.SIGKILL)]
)
def test_it_ends_with_its_service_and_leaves_nothing(town, kill, number):
    assert len(list(town.temporary.glob("dating-metrics-*"))) == 2
    for name in ("web", "ws"):
        kill(pid := town.pids[name], number)
        eventually(lambda pid=pid: not dev.is_running(pid), 30)  # nor any process below it
        del town.processes.names[pid]
    assert not list(town.temporary.iterdir())
    assert not dev.is_open(town.port) and not dev.is_open(town.port + 1)


def test_without_a_port_there_is_nothing(tmp_path, redis_url):
    town = Counted(tmp_path, redis_url, METRICS_PORT="")
    town.person()
    assert not dev.is_open(town.port)
    commands = [command_of(child) for pid in town.pids.values() for child in below(pid)]
    assert "gunicorn" in commands[0] and not [
        command for command in commands if "exporter" in command
    ]
    assert list(town.temporary.iterdir()) == []
    town.stop()


def test_a_port_in_use_is_one_line_and_the_service_works(tmp_path, redis_url):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        town = Counted(tmp_path, redis_url, METRICS_PORT=str(port), only=["web"])
        line = f"no metrics on 127.0.0.1 port {port} (Address already in use): free it, or set METRICS_PORT"
        eventually(lambda: line in town.log.read_text())
        town.person()
    eventually(lambda: dev.is_open(port))
    assert scrape(port).sum("dating_registrations_total") == 1
    assert "Traceback" not in town.log.read_text()
    town.stop()


def test_that_line_is_not_said_again(caplog, monkeypatch):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            raise TimeoutError

    monkeypatch.setattr("app.exporter.time.sleep", sleep)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(TimeoutError):
        serve("127.0.0.1", taken.getsockname()[1], CollectorRegistry())
    assert len(caplog.records) == 1


def test_a_lost_redis_is_seen_and_so_is_its_return(tmp_path):
    processes = dev.Processes()
    command, url = dev.redis_command(processes.folder)
    pid = processes.start("redis", command, {})
    eventually(lambda: Path(url.removeprefix("unix://")).exists())
    town = Counted(tmp_path, url)
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    opened = Socket(boris.post("/ws/start")["url"])
    up = "dating_redis_link_up"
    eventually(lambda: town.scrape_ws().each(up, link="subscriber") == [1, 1])
    assert set(town.scrape_web().each(up, link="commands")) == {1}
    assert town.scrape_ws().sum("dating_redis_outages_total", link="subscriber") == 0
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    eventually(lambda: town.scrape_ws().each(up, link="subscriber") == [0, 0])
    assert town.scrape_ws().sum("dating_redis_outages_total", link="subscriber") == 2
    anna.write(chat_id, "unheard")
    assert 0 in town.scrape_web().each(up, link="commands")
    assert town.scrape_web().sum("dating_redis_outages_total", link="commands") == 1
    processes.start("redis", command, {})
    assert opened.receive()["content"] == "unheard"
    eventually(lambda: town.scrape_ws().each(up, link="subscriber") == [1, 1])
    found = eventually(
        lambda: (found := town.scrape_ws()).sum("dating_event_lag_seconds_count") and found
    )
    assert found.sum("dating_event_lag_seconds_count", source="log") == 1
    assert found.sum("dating_catch_ups_total", cause="link") == 1
    assert found.sum("dating_redis_outages_total", link="subscriber") == 2
    opened.close()
    town.stop()
    processes.stop()
