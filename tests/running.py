"""`dev.py run` as a newcomer starts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

import dev
from tests.town import below, eventually, free_port


class Running:
    """`dev.py run` on ports of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.ports = {"PORT": str(free_port()), "WS_PORT": str(free_port())}
        env = {name: value for name, value in os.environ.items() if not name.startswith("REDIS")}
        env |= (
            self.ports | {"DATABASE_PATH": str(folder / "dating.db"), "BCRYPT_COST": "4"} | settings
        )
        self.env, self.log = env, folder / "run.log"
        with self.log.open("w") as log:
            command = [sys.executable, "dev.py", "run"]
            self.process = subprocess.Popen(command, env=env, cwd=dev.ROOT, stdout=log, stderr=log)

    def output(self) -> str:
        return self.log.read_text()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0

    def flask(self, *arguments: str) -> subprocess.CompletedProcess:
        """What a command answers that somebody enters in another terminal."""
        command = [Path(sys.executable).with_name("flask"), *arguments]
        return subprocess.run(command, env=self.env, cwd=dev.ROOT, capture_output=True, text=True)

    def ready(self) -> "Running":
        eventually(lambda: "Ctrl-C stops everything" in self.output() or self.process.poll(), 30)
        return self

    def children(self) -> set[int]:
        """All processes below it, workers too."""
        found, todo = set(), [self.process.pid]
        while todo:
            pids = below(todo.pop())
            found |= set(pids)
            todo += pids
        return found


def command_of(pid: int) -> str:
    return " ".join(psutil.Process(pid).cmdline())


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
