"""The real thing: the Procfile's processes on ports of their own, with a database file and a Valkey."""

import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import psutil
from redis import Redis

import dev
from app.bell import Envelope
from app.namespace import Namespace
from tests import limits
from tests.database import rows
from tests.people import Person, Remote

# Below those that the system gives to outgoing connections, and none of them twice.
_ports = iter(random.sample(range(15_000, 30_000), 15_000))


def free_port() -> int:
    return next(port for port in _ports if dev.is_free(port))


def eventually(check: Callable[[], Any], seconds: float = 10) -> Any:
    """What `check` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (result := check()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return result


def below(pid: int) -> list[int]:
    """The processes that this one started, such as the workers of a gunicorn."""
    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.NoSuchProcess:
        return []


class Town:
    """`web` and `ws`, two workers each."""

    def __init__(
        self,
        folder: Path,
        redis_url: str,
        only: Iterable[str] = ("web", "ws"),
        ws_app: str = "ws:create_app()",
        **settings: str,
    ) -> None:
        self.database, self.log = (
            Path(settings.get("DATABASE_PATH", folder / "town.db")),
            folder / "town.log",
        )
        ports = {"PORT": str(free_port()), "WS_PORT": str(free_port())}
        self.env = (
            os.environ | ports | {"DATABASE_PATH": str(self.database), "REDIS_URL": redis_url}
        )
        self.env |= (
            limits.NONE
            | {"BCRYPT_COST": "4", "WEB_CONCURRENCY": "2", "WS_CONCURRENCY": "2"}
            | settings
        )
        self.env["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.server = Remote(f"http://127.0.0.1:{ports['PORT']}")
        self.ws_url = f"ws://127.0.0.1:{ports['WS_PORT']}"
        self.processes, self.ws_app = dev.Processes(), ws_app
        self.pids: dict[str, int] = {}
        for name in only:
            self.start(name)
            port = int(ports["PORT" if name == "web" else "WS_PORT"])
            eventually(lambda port=port: dev.is_open(port), 30)
        if "ws" in only:
            eventually(self.is_registered)

    def start(self, name: str) -> None:
        with self.log.open("ab") as log:
            command = dev.procfile()[name].replace("ws:create_app()", self.ws_app)
            self.pids[name] = self.processes.start(name, command, self.env, stdout=log, stderr=log)

    def end(self, name: str, number: int) -> None:
        """Send a signal to the master and wait until it and its workers are gone."""
        pid = self.pids[name]
        os.kill(pid, number)
        eventually(lambda: not dev.is_running(pid), 30)
        del self.processes.names[pid]

    def states(self) -> dict[int, dict[str, int]]:
        """What each worker of a ws that is watched holds, by pid."""
        server, found = Remote(self.ws_url.replace("ws:", "http:")), {}
        while set(found) != set(below(self.pids["ws"])):
            state = server.send("GET", "/state").json
            found[state.pop("pid")] = state
        return found

    def namespace(self) -> Namespace:
        """The names and signatures of this database in Redis."""
        (found,) = rows(self.database, "SELECT value FROM settings WHERE name = 'redis_key'")
        return Namespace(found[0])

    def publish(self, user_id: int, frame: str) -> None:
        """Publish a frame to a user as `web` does."""
        channel = self.namespace().name(f"user:{user_id}")
        envelope = Envelope(frame=msgspec.Raw(frame.encode()))
        with Redis.from_url(self.env["REDIS_URL"]) as redis:
            redis.publish(channel, self.namespace().seal(channel, envelope))

    def resync(self) -> None:
        """Have every ws process read the log now."""
        with Redis.from_url(self.env["REDIS_URL"]) as redis:
            redis.publish(self.namespace().name("ws:resync"), "")

    def subscribers(self, channel: str) -> int:
        with Redis.from_url(self.env["REDIS_URL"]) as redis:
            ((_, count),) = redis.pubsub_numsub(channel)
        return count

    def is_registered(self) -> bool:
        """Whether the separate ws service has told `web` that it runs."""
        with Redis.from_url(self.env["REDIS_URL"]) as redis:
            return redis.exists(self.namespace().name("ws:running")) == 1

    def person(self, username: str | None = None, **more: str) -> Person:
        return Person(self.server, username, **more)

    def stop(self) -> None:
        self.processes.stop()
