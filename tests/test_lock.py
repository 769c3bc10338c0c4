"""The lock files hold what the lists name, and nothing else."""

import re
import subprocess
import sys

import pytest

import dev
from tooling import environment, lock, lock_writer

CI_LOCK = ".ci/requirements.lock"
PIN = r"[a-z0-9-]+(?:\[[a-z]+\])?==\S+(?: ; .*)? \\\n"
HASHES = r"(?:    --hash=sha256:[0-9a-f]{64} \\\n)*    --hash=sha256:[0-9a-f]{64}\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Copies of the lists and the lock files, which a test may change."""
    for name in lock.LISTS:
        for file in (name, *lock.LISTS[name]):
            copy = tmp_path / file
            copy.parent.mkdir(exist_ok=True)
            copy.write_text((dev.ROOT / file).read_text())
    for module in (lock, lock_writer, environment):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def change(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("name", lock.LISTS)
def test_lock_of_the_lists_is_fresh(name):
    assert not lock.is_stale(name), "run: python3 dev.py lock"


@pytest.mark.parametrize("name", lock.LISTS)
def test_lock_has_hashes_and_no_address(name):
    text = (dev.ROOT / name).read_text()
    assert re.fullmatch(rf"(?:#.*\n)*(?:{PIN}{HASHES})+", text)
    assert "://" not in text
    assert "index" not in text


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("requirements.txt", "Flask==", "Flask==9."),
        ("requirements.txt", "# What runs", "fresh==1.0\n# What runs"),
        ("requirements.txt", '; python_version < "3.15"', '; python_version < "3.14"'),
        ("requirements.lock", "\nflask==", "\nflask==9."),
        ("requirements.lock", "\nflask==", "\nother==1 \\\n    --hash=sha256:00\nflask=="),
        ("requirements-sentry.txt", "certifi==", "certifi==1."),
    ],
)
def test_lock_after_a_change_of_either_is_stale(files, file, old, new):
    change(files / file, old, new)
    assert lock.is_stale("requirements.lock")
    assert not lock.is_stale(CI_LOCK)


def test_lock_after_a_change_of_a_reason_is_fresh(files):
    change(files / "requirements.txt", "# the web framework", "# the framework")
    assert not lock.is_stale("requirements.lock")


def test_set_up_with_a_stale_lock_says_the_command(files, tmp_path):
    change(files / "requirements-dev.txt", "pytest==", "pytest==1.")
    line = "requirements-dev.lock differs from requirements-dev.txt; run: python3 dev.py lock"
    with pytest.raises(SystemExit, match=re.escape(line)):
        environment.set_up(tmp_path / "venv")
    assert not (tmp_path / "venv").exists()


def compiled(monkeypatch, *more):
    """Stand in for uv: everything that the lock files hold, and more."""
    blocks = [block for name in lock.LISTS for block in lock.blocks((dev.ROOT / name).read_text())]
    monkeypatch.setattr(lock_writer, "compile_all", lambda: "".join([*blocks, *more]))


def test_write_gives_each_lock_its_own(files, monkeypatch):
    compiled(monkeypatch, "colorama==1 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n")
    for name in lock.LISTS:
        (files / name).unlink()
    lock_writer.write()
    for name in lock.LISTS:
        assert (files / name).read_text() == (dev.ROOT / name).read_text()


def test_write_of_what_no_list_names_says_so(files, monkeypatch):
    compiled(monkeypatch, "colorama==1 \\\n    --hash=sha256:00\n")
    with pytest.raises(SystemExit, match="Needed, but in no list: colorama==1; add it"):
        lock_writer.write()


def test_uv_takes_every_list_and_no_index(monkeypatch):
    """Its own arguments and variables, with a program in its place that prints them."""
    commands = []

    def run(command, **options):
        commands.append((command, options["env"]["UV_DEFAULT_INDEX"]))
        return subprocess.CompletedProcess(command, 0, stdout="done")

    monkeypatch.setattr(environment, "install", lambda *_: None)
    monkeypatch.setattr(subprocess, "run", run)
    assert lock_writer.compile_all() == "done"
    ((command, index),) = commands
    assert command[-4:] == [file for name in lock.LISTS for file in lock.LISTS[name]]
    assert {"--universal", "--generate-hashes", sys.executable} < set(command)
    assert index == environment.INDEX
