"""What must hold of everything that happened: who said what, what was acknowledged, what reached whom."""

import json
from collections import defaultdict
from pathlib import Path

from tests.client import Client
from tests.database import rows


def check(database: Path, clients: list[Client]) -> None:
    """Nothing acknowledged is lost, doubled or out of order for anyone, and no log has a hole."""
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    logs = defaultdict(list)
    for user_id, payload in rows(
        database, "SELECT user_id, payload FROM events ORDER BY user_id, seq"
    ):
        logs[user_id].append(json.loads(payload))
    for client in clients:
        log = logs[client.person.id]
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        assert client.applied == log
        _check_what_came(client, log)
        _check_what_was_said(database, client)
    _check_conversations(clients)


def _check_what_came(client: Client, log: list[dict]) -> None:
    """Each socket and each catch-up brought what followed its `after`, without a hole, a double or a change."""
    assert client.history
    for after, frames in client.history:
        durable = [frame for frame in frames if "seq" in frame and frame["type"] != "hello"]
        assert durable == log[after : after + len(durable)]


def _check_what_was_said(database: Path, client: Client) -> None:
    said = [(sent.client_id, sent.chat_id, sent.content) for sent, _ in client.acknowledged]
    sql = "SELECT client_id, chat_id, content FROM messages WHERE sender_id = ? ORDER BY id"
    assert said == rows(database, sql, [client.person.id])
    for sent, message in client.acknowledged:
        assert (message["chat_id"], message["content"]) == (sent.chat_id, sent.content)


def _check_conversations(clients: list[Client]) -> None:
    """What one heard of the other is what the other said, in that order."""
    said, heard = defaultdict(list), defaultdict(list)
    for client in clients:
        for sent, message in client.acknowledged:
            said[sent.chat_id, client.person.id].append((message["id"], sent.content))
        for frame in client.applied:
            if frame["type"] == "message":
                heard[frame["chat_id"], frame["user_id"]].append((frame["id"], frame["content"]))
    assert heard == said
