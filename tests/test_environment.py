"""What dev.py installs, and what it says if it cannot."""

import ast
import os
import subprocess
import sys
import time

import pytest

import dev
from tests.town import eventually, free_port
from tooling import environment


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}, "The package index does not answer"),
        ({"PIP_INDEX_URL": "file:///nowhere"}, "The package index does not answer"),
        ({"SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/nowhere"}, "No CA certificates to trust"),
    ],
)
def test_what_stops_the_set_up_is_one_clear_line(change, line):
    program = "from tooling.environment import fetch_pip; fetch_pip()"
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
    (tmp_path / "pip" / "index.html").write_text(f'<a href="{environment.PIP}">')
    (tmp_path / "pip" / environment.PIP).write_text("something else")
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
        monkeypatch.setattr(environment, "INDEX", f"http://127.0.0.1:{port}")
        with pytest.raises(SystemExit, match="is not the file that we know"):
            environment.fetch_pip()
        (tmp_path / "pip" / "index.html").write_text("nothing")
        with pytest.raises(SystemExit, match="is not on the package index"):
            environment.fetch_pip()
        server.terminate()


@pytest.mark.parametrize(("version", "told"), [((2, 7, 18), "2.7"), ((3, 10, 1), "3.10")])
def test_dev_with_an_old_python_says_so(version, told):
    program = f"import runpy, sys; sys.version_info = {version}; runpy.run_path('dev.py')"
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=dev.ROOT, capture_output=True, text=True)
    assert ended.stderr.startswith(f"Python 3.11 or newer is needed, this is {told};")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


def test_dev_can_be_read_by_an_old_python():
    """Its syntax is Python 3.7's, the oldest that every newer one can check."""
    ast.parse((dev.ROOT / "dev.py").read_text(), feature_version=(3, 7))


def test_the_set_up_is_instant_the_second_time():
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "dev.py", "test", "--version"],
        cwd=dev.ROOT,
        check=True,
        capture_output=True,
    )
    assert time.monotonic() - started < 5


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Stand in for pip, which fails. Return what it was called with."""
    calls = []
    monkeypatch.setattr(environment, "fetch_pip", lambda: b"")
    monkeypatch.setattr(subprocess, "call", lambda command, **_: calls.append(command) or 1)
    return calls


def test_set_up_installs_known_hashes_only(tmp_path, installed):
    with pytest.raises(SystemExit, match="Installing failed; pip says why above"):
        environment.set_up(tmp_path / "venv")
    (command,) = installed
    files = ["-r", "requirements.lock", "-r", "requirements-dev.lock"]
    assert command[-5:] == ["--require-hashes", *files]
    assert not (tmp_path / "venv" / "installed").exists()


@pytest.mark.parametrize(
    ("platform", "version", "told"),
    [("darwin", (3, 11, 9), 1), ("darwin", (3, 12, 0), 0), ("linux", (3, 11, 9), 0)],
)
def test_set_up_without_a_wheel_says_what_helps(
    tmp_path, installed, monkeypatch, capsys, platform, version, told
):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr("venv.create", lambda folder, **_: folder.mkdir())
    with pytest.raises(SystemExit) as ended:
        environment.set_up(tmp_path / "venv")
    assert capsys.readouterr().out.count("xcode-select --install") == told
    assert str(ended.value).count("xcode-select --install") == told
