"""Child processes, each the leader of a group, that end with this one."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tooling import ROOT

STOP_SECONDS = 22  # longer than graceful_timeout, so that each service merges its write-ahead log


class Processes:
    """Child processes that end with us, however we end: a guard process sees to it."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="dating-")  # for a socket, whose path must be short
        self.names: dict[int, str] = {}
        command = [sys.executable, "-m", "tooling.processes"]
        self._guard = subprocess.Popen(
            command, stdin=subprocess.PIPE, start_new_session=True, cwd=ROOT
        )
        self._tell(self.folder)

    def start(
        self, name: str, command: str | list[str], env: dict[str, str], **options: object
    ) -> int:
        """Start a command, in a shell if it is a text, and return its pid."""
        shell = isinstance(command, str)
        child = subprocess.Popen(
            command, shell=shell, env=env, start_new_session=True, cwd=ROOT, **options
        )
        child.returncode = 0  # we do the waiting
        self.names[child.pid] = name
        self._tell(f"{child.pid} {name}")
        return child.pid

    def check(self) -> None:
        """Exit when one has ended."""
        while self.names and (pid := os.waitpid(-1, os.WNOHANG)[0]):
            if pid in self.names:
                name = self.names.pop(pid)
                with suppress(FileNotFoundError):
                    print(Path(self.folder, f"{name}.log").read_text()[-2000:])
                sys.exit(f"{name} has ended, so everything is stopped; it says why above")

    def stop(self) -> None:
        """End all of them, and remove the folder."""
        stop_in_order(self.names)
        self._guard.communicate()

    def _tell(self, line: str) -> None:
        self._guard.stdin.write(f"{line}\n".encode())
        self._guard.stdin.flush()


def guard() -> None:
    """Wait for the end of our parent, by whatever cause, then end what it told us of."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder, *lines = sys.stdin.read().splitlines()
    told = (line.split(" ", 1) for line in lines)
    stop_in_order({int(pid): name for pid, name in told})
    shutil.rmtree(folder, ignore_errors=True)


def stop_in_order(names: dict[int, str]) -> None:
    """End the services before the Redis that they use, so that none of them misses it."""
    stop_groups([pid for pid, name in names.items() if name != "redis"])
    stop_groups([pid for pid, name in names.items() if name == "redis"])


def stop_groups(leaders: list[int]) -> None:
    """Send SIGTERM, and later SIGKILL to those that are still there."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 1)):
        for pid in leaders:
            signal_group(pid, number)
        deadline = time.monotonic() + seconds
        while any(is_running(pid) for pid in leaders) and time.monotonic() < deadline:
            time.sleep(0.05)


def is_running(leader: int) -> bool:
    """Return whether any process of a group is there."""
    with suppress(ChildProcessError):  # the guard's are not its children
        os.waitpid(leader, os.WNOHANG)
    return signal_group(leader, 0)


def signal_group(leader: int, number: int) -> bool:
    """Send a signal to a group of processes. Return whether it is there."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    guard()
