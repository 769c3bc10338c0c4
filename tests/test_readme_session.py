"""What the README has newcomers paste into a shell works, in bash and in zsh."""

import re
import subprocess
import sys

import pytest

import dev
from tests import programs
from tests.database import rows
from tests.test_readme import code
from tests.town import Town

DOCUMENTS = [dev.ROOT / name for name in ("README.md", "CONTRIBUTING.md", "deploy/README.md")]


@pytest.fixture
def bash():
    return [programs.find("bash"), "--norc", "-i"]


@pytest.fixture
def zsh():
    """macOS' shell. Debian also has it as one file, which .ci/run unpacks and does not install."""
    return [programs.find("zsh", "zsh-static"), "-f", "-i"]


@pytest.fixture
def own_town(tmp_path, redis_url, curl):
    town = Town(tmp_path, redis_url)
    yield town
    town.stop()


def paste(shell, town):
    """Enter the session into an interactive shell, which then ends."""
    session = code("Two people", "sh").replace("http://127.0.0.1:8088", town.server.url)
    session = session.replace(".venv/bin/python", sys.executable)
    session += "echo end $((6 * 7))\n"  # no command before it may have taken this line for input
    # The shell must not take the terminal of the tests.
    return subprocess.run(
        shell,
        input=session,
        cwd=dev.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_session_in_a_shell_shows_the_frames(own_town, request, name):
    shell = request.getfixturevalue(name)
    for count in (1, 2):  # a session that is pasted again works again
        told = paste(shell, own_town)
        assert not re.search("not found|no match|error", told.stderr), told.stderr
        frames = re.findall(r'\{"type":"(\w+)"', told.stdout)
        assert frames == ["hello", "match"] + ["message"] * count, told.stdout
        assert '"content":"Hello"' in told.stdout
        assert "end 42" in told.stdout
    users = rows(own_town.database, "SELECT username FROM users")
    assert users == [("alice",), ("bob",)]


def test_questions_after_the_session_are_answered(own_town, bash):
    paste(bash, own_town)
    questions = code("Looking into the database", "sql").splitlines()
    answers = [rows(own_town.database, question) for question in questions]
    assert [len(answer) for answer in answers] == [2, 1, 2, 1, 0, 0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_to_paste_have_no_comments(document):
    """An interactive zsh takes `#` for an argument."""
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL)
    assert blocks
    assert not [
        line for block in blocks for line in block.splitlines() if re.search(r"(^|\s)#", line)
    ]
