"""What `dev.py run` says, and what works beside it in another terminal."""

import re
import subprocess

import pytest

from app import db
from tests.people import Person, Remote
from tests.running import Running
from tests.sockets import Socket


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
