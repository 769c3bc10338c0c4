"""The one command."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dev
from tests.people import Person, Remote
from tests.sockets import Socket
from tests.town import below, eventually, free_port


class Running:
    """`dev.py run` on ports of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.ports = {"PORT": str(free_port()), "WS_PORT": str(free_port())}
        env = {name: value for name, value in os.environ.items() if not name.startswith("REDIS")}
        env |= (
            self.ports | {"DATABASE_PATH": str(folder / "dating.db"), "BCRYPT_COST": "4"} | settings
        )
        self.log = folder / "run.log"
        with self.log.open("w") as log:
            command = [sys.executable, "dev.py", "run"]
            self.process = subprocess.Popen(command, env=env, cwd=dev.ROOT, stdout=log, stderr=log)

    def output(self) -> str:
        return self.log.read_text()

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
    command = ["ps", "-o", "command=", "-ww", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True).stdout


def is_gone(pid: int) -> bool:
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()[:1] in ("", "Z")


def test_it_runs_everything_and_two_people_can_talk(tmp_path):
    running = Running(tmp_path).ready()
    server = Remote(f"http://127.0.0.1:{running.ports['PORT']}")
    anna, boris = Person(server), Person(server)
    to_boris = Socket(boris.post("/ws/start")["url"])
    chat_id = anna.match(boris)
    anna.write(chat_id, "Привет!")
    assert [to_boris.receive()["type"] for _ in range(2)] == ["match", "message"]
    curls = re.findall("curl (.*)", running.output())
    assert len(curls) == 3
    for curl in curls:
        assert (
            subprocess.run(f"curl -sf {curl}", shell=True, stdout=subprocess.DEVNULL).returncode
            == 0
        )
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


def test_a_procfile_runner_works_as_well(tmp_path, redis_url):
    """The README's way: each line gets a PORT of its own, `ws` a known one, and all start at once."""
    ports = {"PORT": str(free_port()), "WS_PORT": str(free_port())}
    env = (
        os.environ | ports | {"REDIS_URL": redis_url, "DATABASE_PATH": str(tmp_path / "dating.db")}
    )
    env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with (tmp_path / "log").open("w") as log:
        honcho = subprocess.Popen(
            ["honcho", "start"], env=env, cwd=dev.ROOT, stdout=log, stderr=log
        )
    web = int(ports["PORT"]) + 100  # the second line's
    eventually(lambda: dev.is_open(web) and dev.is_open(int(ports["WS_PORT"])) or honcho.poll(), 30)
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


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}, "The package index does not answer"),
        ({"PIP_INDEX_URL": "file:///nowhere"}, "The package index does not answer"),
        ({"SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/nowhere"}, "No CA certificates to trust"),
    ],
)
def test_what_stops_the_set_up_is_one_clear_line(change, line):
    program = "import dev; dev.fetch_pip()"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=dev.ROOT,
        env=os.environ | change,
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert ended.stderr.startswith(line)


def test_a_wheel_that_is_not_the_known_one_is_not_installed(tmp_path, monkeypatch):
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "index.html").write_text(f'<a href="{dev.PIP}">')
    (tmp_path / "pip" / dev.PIP).write_text("something else")
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "http.server",
        str(port),
        "--bind",
        "127.0.0.1",
        "-d",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        eventually(lambda: dev.is_open(port))
        monkeypatch.setattr(dev, "INDEX", f"http://127.0.0.1:{port}")
        with pytest.raises(SystemExit, match="is not the file that we know"):
            dev.fetch_pip()
        (tmp_path / "pip" / "index.html").write_text("nothing")
        with pytest.raises(SystemExit, match="is not on the package index"):
            dev.fetch_pip()
        server.terminate()


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 1))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed, this is 3\.10"):
        dev.main()


def test_the_set_up_is_instant_the_second_time():
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "dev.py", "test", "--version"],
        cwd=dev.ROOT,
        check=True,
        capture_output=True,
    )
    assert time.monotonic() - started < 5
