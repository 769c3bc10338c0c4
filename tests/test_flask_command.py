"""How the `flask` command is called, in messages and help."""

import subprocess
import sys
from pathlib import Path

import pytest

import dev
from app import flask_command


@pytest.mark.parametrize(
    ("prefix", "folder", "name"),
    [
        ("/srv/.venv", "/srv", ".venv/bin/flask"),
        ("/srv/.venv", "/home", "/srv/.venv/bin/flask"),
        ("/usr", "/srv", "flask"),
    ],
)
def test_name_is_what_a_user_can_enter(monkeypatch, prefix, folder, name):
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(Path, "cwd", lambda: Path(folder))
    assert flask_command.name() == name


def test_help_names_the_command_as_it_is_entered():
    command = [Path(sys.executable).with_name("flask"), "moderate", "show", "--help"]
    shown = subprocess.run(command, cwd=dev.ROOT, capture_output=True, text=True, check=True)
    assert f"Usage: {flask_command.FLASK} moderate show [OPTIONS] N" in shown.stdout
