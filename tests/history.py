"""What must hold after a run: everything acknowledged is stored once, and reached every device in order."""

import json
from collections import defaultdict
from pathlib import Path

from tests.client import Client
from tests.database import rows

Said = tuple[int, str]  # a message's id and content


def check(database: Path, clients: list[Client]) -> None:
    """Nothing acknowledged is lost, doubled or out of order on any device, and no log has a hole."""
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    logs = defaultdict(list)
    for user_id, payload in rows(
        database, "SELECT user_id, payload FROM events ORDER BY user_id, seq"
    ):
        logs[user_id].append(json.loads(payload))
    devices = defaultdict(list)
    for client in clients:
        devices[client.person.id].append(client)
        log = logs[client.person.id]
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        assert client.applied == log
        _check_what_came(client, log)
    for user_id, own in devices.items():
        _check_what_was_said(database, user_id, own)
    _check_conversations(clients)


def _check_what_came(client: Client, log: list[dict]) -> None:
    """Each socket and each catch-up brought what followed its `after`, without a hole or a double."""
    assert client.history
    for after, frames in client.history:
        durable = [
            frame
            for frame in frames
            if "seq" in frame and frame["type"] not in ("hello", "heartbeat")
        ]
        assert durable == log[after : after + len(durable)]


def _check_what_was_said(database: Path, user_id: int, devices: list[Client]) -> None:
    """What a user's devices have acknowledged is what is stored, each device's in its order."""
    acknowledged = {}
    for client in devices:
        ids = [message["id"] for _, message in client.acknowledged]
        assert ids == sorted(ids)
        for sent, message in client.acknowledged:
            assert (message["chat_id"], message["content"]) == (sent.chat_id, sent.content)
            acknowledged[message["id"]] = (sent.client_id, sent.chat_id, sent.content)
    sql = "SELECT client_id, chat_id, content FROM messages WHERE sender_id = ? ORDER BY id"
    assert [acknowledged[number] for number in sorted(acknowledged)] == rows(
        database, sql, [user_id]
    )


def _check_conversations(clients: list[Client]) -> None:
    """What a device got of the other's messages, and of its user's own, is what was sent, in order."""
    said: dict[tuple[int, int], list[Said]] = defaultdict(list)  # by chat and sender
    members = defaultdict(set)
    users = defaultdict(list)
    for client in clients:
        users[client.person.id].append(client)
        for sent, message in client.acknowledged:
            said[sent.chat_id, client.person.id].append((message["id"], sent.content))
            members[sent.chat_id] |= {message["sender_id"], message["receiver_id"]}
    for client in clients:
        user_id = client.person.id
        for chat_id in (chat for chat, both in members.items() if user_id in both):
            (other_id,) = members[chat_id] - {user_id}
            got = [f for f in client.applied if f.get("chat_id") == chat_id]
            assert _texts(got, "message") == sorted(said[chat_id, other_id])
            if len(users[user_id]) > 1:
                assert _texts(got, "sent") == sorted(said[chat_id, user_id])


def _texts(frames: list[dict], kind: str) -> list[Said]:
    return [(frame["id"], frame["content"]) for frame in frames if frame["type"] == kind]
