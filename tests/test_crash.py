"""kill -9 of anything at any moment: what was answered is there."""

import http.client
import os
import random
import signal
import threading
import time
from contextlib import closing

from app import db
from tests.database import rows
from tests.town import Town, below, eventually


class Writer(threading.Thread):
    """Sends until told to stop, and remembers what was acknowledged."""

    def __init__(self, person, chat_id):
        super().__init__(daemon=True)
        self.person, self.chat_id, self.acknowledged, self.stopped = person, chat_id, [], False

    def run(self):
        for number in range(100_000):
            if self.stopped:
                return
            try:
                self.acknowledged.append(
                    self.person.write(self.chat_id, f"{self.person.id}:{number}")["content"]
                )
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)  # its server is just gone


def test_what_was_answered_is_in_the_database(tmp_path, redis_url):
    town, chance = Town(tmp_path, redis_url), random.Random(7)
    people = [town.person() for _ in range(4)]
    chats = [people[0].match(people[1]), people[2].match(people[3])]
    writers = [Writer(person, chats[number // 2]) for number, person in enumerate(people)]
    [writer.start() for writer in writers]
    for _ in range(12):
        goal = sum(len(writer.acknowledged) for writer in writers) + chance.randrange(5, 60)
        eventually(
            lambda goal=goal: sum(len(writer.acknowledged) for writer in writers) >= goal, 30
        )
        name = chance.choice(["web", "web", "ws"])
        os.kill(chance.choice(eventually(lambda name=name: below(town.pids[name]))), signal.SIGKILL)
    for name in ("web", "ws"):
        town.end(name, signal.SIGKILL)
    for writer in writers:
        writer.stopped = True
    [writer.join() for writer in writers]
    kept = {content for (content,) in rows(town.database, "SELECT content FROM messages")}
    unannounced = rows(
        town.database,
        "SELECT count(*) FROM messages WHERE sender_id IS NOT NULL"
        " AND id NOT IN (SELECT payload ->> 'id' FROM events WHERE type = 'message')",
    )
    holes = rows(
        town.database, "SELECT user_id FROM events GROUP BY user_id HAVING max(seq) <> count(*)"
    )
    assert rows(town.database, "PRAGMA integrity_check") == [("ok",)]
    acknowledged = [content for writer in writers for content in writer.acknowledged]
    assert len(acknowledged) > 100
    assert set(acknowledged) <= kept
    assert (holes, unannounced) == ([], [(0,)])
    town.stop()


def test_a_connection_waits_while_another_recovers_the_file(settings, app):
    """After a crash the first to come repairs the log of changes, and holds the file for a moment."""
    holder = db.engine.connect(
        settings["DATABASE_PATH"], isolation_level=None, check_same_thread=False
    )
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.2, holder.close)  # the moment
    release.start()
    with closing(db.connect(settings["DATABASE_PATH"])) as conn:
        assert db.version(conn) == db.SCHEMA_VERSION
    release.join()
