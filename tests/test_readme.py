"""The README is true."""

import re

import dev
import ws
from app import config
from app.events import (
    chat_closed_frame,
    match_frame,
    message_frame,
    read_chat_frame,
    read_frame,
    read_messages_frame,
    sent_frame,
)
from app.moderation import moderate
from tests import client
from tests.test_access import rules
from ws import connection

README = (dev.ROOT / "README.md").read_text()
EVENTS = (dev.ROOT / "docs/events.md").read_text()


def table(heading, page=README):
    """The rows of the first table under a heading, each a list of cells."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code(heading, language):
    return re.search(rf"\n## {heading}.*?```{language}\n(.*?)```", README, re.DOTALL)[1]


def test_it_is_short():
    assert sum(not line.startswith("|") for line in README.splitlines()) <= 120  # tables may grow


def test_it_lists_every_setting():
    for row, setting in zip(table("Settings"), config.SETTINGS, strict=True):
        assert row == [
            f"`{setting.name}`",
            f"`{setting.default}`" if setting.default else "",
            setting.meaning,
        ]


def test_it_lists_every_route(app):
    listed = {row[0].strip("`").replace("{id}", "<id>") for row in table("Routes")}
    assert listed == {re.sub(r"<id:\w+>", "<id>", rule) for rule in rules(app)}


def test_only_the_first_seven_routes_need_no_token(server):
    answers = {}
    for row in table("Routes"):
        method, path = row[0].strip("`").replace("{id}", "1").split()
        answers[path] = server.send(method, path, b"{}")
    guarded = [path for path, answer in answers.items() if b'"unauthorized"' in answer.body]
    assert guarded == list(answers)[7:]


def test_it_lists_every_frame():
    message = {"id": 1, "chat_id": 1, "sender_id": 1, "receiver_id": 2, "content": ""}
    frames = [
        message_frame(message),
        sent_frame(message),
        read_frame(1, 1, []),
        match_frame(1, 1, ""),
        read_chat_frame(1, 1),
        read_messages_frame(1, 1, []),
        chat_closed_frame(1, 1),
    ]
    listed = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in table("Frames", EVENTS)}
    for frame in frames:
        assert sorted(listed[frame["type"]]) == sorted(set(frame) - {"type"} | {"seq"})
    assert set(listed) == {frame["type"] for frame in frames} | {
        "heartbeat",
        "pong",
        "typing",
        "delivered",
        "hello",
        "removed",
    }


def test_it_names_every_code_of_a_close():
    section = (
        EVENTS.partition("\n## Frames\n")[2].partition("\n## ")[0].partition("\nA client sends")[2]
    )
    closes = [
        connection.TOO_LARGE,
        connection.TOO_MANY_FRAMES,
        connection.BEHIND,
        connection.SESSION_ENDED,
        connection.TOO_MANY_CONNECTIONS,
        connection.RESTART,
        ws.UNAVAILABLE,
    ]
    # 1001 is the id in its example
    assert set(re.findall(r"\b[14]\d{3}\b", section)) - {"1001"} == {
        str(code) for code, _ in closes
    }


def test_its_client_waits_as_ours_does():
    told = re.search(
        r"silent for (\d+) s: wait random\(0, min\((\d+), ([\d.]+) \* 2\*\*failures\)\)", EVENTS
    )
    ours = (client.SILENCE_SECONDS, client.MOST_SECONDS, client.LEAST_SECONDS)
    assert tuple(float(number) for number in told.groups()) == ours


def test_it_lists_what_moderators_can_do():
    commands = []
    for name, command in moderate.commands.items():
        arguments = [param for param in command.params if param.param_type_name == "argument"]
        commands.append(
            " ".join([name, *(argument.human_readable_name.upper() for argument in arguments)])
        )
    listed = [row[0].strip("`").partition(" --")[0] for row in table("Moderating")]
    assert listed == commands


def test_it_lists_every_command_of_upkeep(app):
    commands = []
    for name in ("migrate", "backup", "restore", "check", "demo"):
        arguments = [
            param for param in app.cli.commands[name].params if param.param_type_name == "argument"
        ]
        commands.append(
            " ".join(
                [
                    ".venv/bin/flask",
                    name,
                    *(argument.human_readable_name.upper() for argument in arguments),
                ]
            )
        )
    assert [row[0].strip("`") for row in table("Upkeep")] == commands
    assert set(app.cli.commands) == {"moderate", *(command.split()[1] for command in commands)}


def test_its_two_commands_exist():
    commands = re.findall(r"^python3 dev.py (\w+)", code("Start", "sh"), re.MULTILINE)
    assert commands == ["run", "test"]


def test_its_lines_of_the_procfile_are_there():
    deploying = README.partition("\n## Deploying\n")[2]
    assert [name for name in dev.procfile() if f"`{name}`" in deploying] == ["release", "web", "ws"]


def test_the_tree_it_shows_is_there():
    tree = re.search(r"\n## The tree\n\n```\n(.*?)```", README, re.DOTALL)[1]
    names = re.findall(r"^(\w+/)|^  (\w+/)|(\w+\.py)", tree, re.MULTILINE)
    for top, folder, module in names:
        found = [dev.ROOT / (top or parent + (folder or module)) for parent in ("app/", "tests/")]
        assert any(path.exists() for path in found), (top, folder, module)
