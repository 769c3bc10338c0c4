"""The one command."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import dev
from app import db
from tests.people import Person, Remote
from tests.sockets import Socket
from tests.town import below, eventually, free_port

README = (dev.ROOT / "README.md").read_text()


class Running:
    """`dev.py run` on ports of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.ports = {"PORT": str(free_port()), "WS_PORT": str(free_port())}
        env = {name: value for name, value in os.environ.items() if not name.startswith("REDIS")}
        env |= (
            self.ports | {"DATABASE_PATH": str(folder / "dating.db"), "BCRYPT_COST": "4"} | settings
        )
        self.env, self.log = env, folder / "run.log"
        with self.log.open("w") as log:
            command = [sys.executable, "dev.py", "run"]
            self.process = subprocess.Popen(command, env=env, cwd=dev.ROOT, stdout=log, stderr=log)

    def output(self) -> str:
        return self.log.read_text()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0

    def flask(self, *arguments: str) -> subprocess.CompletedProcess:
        """What a command answers that somebody enters in another terminal."""
        command = [Path(sys.executable).with_name("flask"), *arguments]
        return subprocess.run(command, env=self.env, cwd=dev.ROOT, capture_output=True, text=True)

    def ready(self) -> "Running":
        eventually(lambda: "Ctrl-C stops everything" in self.output() or self.process.poll(), 30)
        return self

    def children(self) -> set[int]:
        """All processes below it, workers too."""
        found, todo = set(), [self.process.pid]
        while todo:
            pids = below(todo.pop())
            found |= set(pids)
            todo += pids
        return found


def command_of(pid: int) -> str:
    return " ".join(psutil.Process(pid).cmdline())


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


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


def test_run_says_what_works_in_another_terminal(tmp_path, curl):
    running = Running(tmp_path).ready()
    curls = re.findall("curl (.*)", running.output())
    assert len(curls) == 3
    for arguments in curls:
        done = subprocess.run(f"{curl} -sf {arguments}", shell=True, stdout=subprocess.DEVNULL)
        assert done.returncode == 0
    running.stop()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """One that has served a socket on the port of REST, and was stopped in order."""
    running = Running(tmp_path_factory.mktemp("stopped")).ready()
    address = f"127.0.0.1:{running.ports['PORT']}"
    ticket = Person(Remote(f"http://{address}")).post("/ws/start")["session_token"]
    socket = Socket(f"ws://{address}/ws/chat?session={ticket}")
    running.stop()
    socket.close()
    return running


def test_run_says_the_one_address(stopped):
    address = f"127.0.0.1:{stopped.ports['PORT']}"
    assert f"REST and WebSockets on http://{address} (also on this" in stopped.output()
    assert f"ws://{address}/ws/chat" in stopped.output()


def test_run_stopped_in_order_warns_of_nothing(stopped):
    assert "WARNING" not in stopped.output()
    assert "ERROR" not in stopped.output()


def test_run_says_the_schema_once(stopped):
    said = re.findall(r"schema \d+", stopped.output())
    assert said == [f"schema {db.SCHEMA_VERSION}"]
    assert f": made with {said[0]}, SQLite" in stopped.output()


def test_run_after_a_killed_one_replaces_its_link(tmp_path):
    link = tmp_path / "dating.db-redis"
    link.symlink_to(tmp_path / "gone")
    running = Running(tmp_path).ready()
    assert link.exists()
    running.stop()
    assert not link.is_symlink()


def test_moderate_beside_run_closes_the_socket(tmp_path):
    running = Running(tmp_path).ready()
    anna = Person(Remote(f"http://127.0.0.1:{running.ports['PORT']}"))
    socket = Socket(anna.post("/ws/start")["url"], timeout=2)
    banned = running.flask("moderate", "ban", anna.username, "--yes")
    demo = running.flask("demo")
    assert banned.returncode == 0, banned.stderr
    assert "publishing fails" not in banned.stderr
    assert socket.closed() == (4401, "session ended")
    assert "users already; for a demo" in demo.stderr
    socket.close()
    running.stop()


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
