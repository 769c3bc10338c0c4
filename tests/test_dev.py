"""The one command."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from tests.people import Person, Remote
from tests.running import Running, command_of, is_gone
from tests.sockets import Socket
from tests.town import below, eventually, free_port
from tooling import processes

README = (dev.ROOT / "README.md").read_text()


def test_it_runs_everything_and_two_people_can_talk(tmp_path):
    running = Running(tmp_path).ready()
    server = Remote(f"http://127.0.0.1:{running.ports['PORT']}")
    anna, boris = Person(server), Person(server)
    to_boris = Socket(boris.post("/ws/start")["url"])
    chat_id = anna.match(boris)
    anna.write(chat_id, "Привет!")
    assert [to_boris.receive()["type"] for _ in range(2)] == ["match", "message"]
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(20) == 0
    to_boris.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_however_it_ends_no_orphan_is_left(tmp_path, number):
    running = Running(tmp_path).ready()
    eventually(
        lambda: len(running.children()) >= 7
    )  # redis, the guard, web and ws with their workers
    children = running.children()
    running.process.send_signal(number)
    running.process.wait(20)
    eventually(lambda: all(is_gone(pid) for pid in children), 20)
    eventually(lambda: not any(dev.is_open(int(port)) for port in running.ports.values()))


@pytest.mark.parametrize("name", ["app/gunicorn.conf.py", "ws/gunicorn.conf.py"])
def test_stop_waits_longer_than_a_service_needs(name):
    graceful = re.search(r"^graceful_timeout = (\d+)$", (dev.ROOT / name).read_text(), re.MULTILINE)
    assert int(graceful[1]) < processes.STOP_SECONDS


def test_a_procfile_runner_works_as_well(tmp_path, redis_url):
    """The README's way: `web` gets the port that is named, and `ws` a known one."""
    port, ws_port = str(free_port()), str(free_port())
    (command,) = re.findall(r"`WS_PORT=8089 (honcho start .*?)`", README)
    env = os.environ | {"REDIS_URL": redis_url, "DATABASE_PATH": str(tmp_path / "dating.db")}
    env |= {"WS_PORT": ws_port}
    env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with (tmp_path / "log").open("w") as log:
        honcho = subprocess.Popen(
            command.replace("8088", port).split(), env=env, cwd=dev.ROOT, stdout=log, stderr=log
        )
    web = int(port)
    eventually(lambda: dev.is_open(web) and dev.is_open(int(ws_port)) or honcho.poll(), 30)
    Socket(Person(Remote(f"http://127.0.0.1:{web}")).post("/ws/start")["url"]).close()
    assert honcho.poll() is None
    honcho.send_signal(signal.SIGTERM)
    honcho.wait(30)
    eventually(lambda: not dev.is_open(web))


@pytest.mark.parametrize("name", ["redis", "web", "ws"])
def test_one_dying_stops_all_and_says_which(tmp_path, name):
    running = Running(tmp_path).ready()
    pattern = {"redis": "unixsocket", "web": "wsgi:app", "ws": "ws:create_app"}[name]
    (pid,) = [pid for pid in below(running.process.pid) if pattern in command_of(pid)]
    os.kill(pid, signal.SIGKILL)
    assert running.process.wait(20) == 1
    assert f"{name} has ended, so everything is stopped" in running.output()
    assert ("oO0" in running.output() or "Valkey" in running.output()) == (
        name == "redis"
    )  # its log is shown


def test_a_port_in_use_is_one_clear_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104
        taken.listen()
        port = str(taken.getsockname()[1])
        for variable in ("PORT", "WS_PORT"):
            running = Running(tmp_path, **{variable: port})
            assert running.process.wait(20) == 1
            assert (
                f"Port {port} is in use or not ours to take: set {variable} to another one\n"
                in running.output()
            )
            assert "Traceback" not in running.output()


@pytest.mark.parametrize(
    "name", ["BCRYPT_COST", "WEB_CONCURRENCY", "PORT", "WS_PORT", "REDIS_URL", "CORS_ORIGINS"]
)
def test_a_bad_setting_stops_the_start_with_one_line(tmp_path, name):
    running = Running(tmp_path, **{name: "nonsense"})
    assert running.process.wait(20) == 1
    assert running.output().count("\n") == 1
    assert running.output().startswith(f"{name} must be ")


def test_a_server_on_the_path_is_preferred(tmp_path, monkeypatch):
    server = tmp_path / "redis-server"
    server.touch(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    command, url = dev.redis_command("/folder")
    assert (command[0], url) == (str(server), "unix:///folder/redis.sock")


def test_help_and_mistakes_are_answered():
    helped = subprocess.run(
        [sys.executable, "dev.py", "--help"], cwd=dev.ROOT, capture_output=True, text=True
    )
    assert helped.returncode == 0 and "run" in helped.stdout and "test" in helped.stdout
    wrong = subprocess.run(
        [sys.executable, "dev.py", "walk"], cwd=dev.ROOT, capture_output=True, text=True
    )
    assert wrong.returncode == 2 and "invalid choice" in wrong.stderr
