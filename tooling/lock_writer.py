"""Writes the lock files anew: `python3 dev.py lock`."""

import os
import subprocess
import sys

from tooling import ROOT, environment, lock

WINDOWS = "sys_platform == 'win32'"  # the services do not run there


def write() -> None:
    """Write every lock file. Exit with a line if a package that is needed stands in no list."""
    compiled = lock.blocks(compile_all())
    blocks = {lock.pinned(block): block for block in compiled if WINDOWS not in block}
    wanted = {name: lock.versions(name) for name in lock.LISTS}
    unlisted = set(blocks).difference(*wanted.values())
    if unlisted:
        sys.exit(f"Needed, but in no list: {', '.join(sorted(unlisted))}; add it with a reason")
    for name, pins in wanted.items():
        text = lock.head(name) + "".join(blocks[pin] for pin in sorted(pins))
        (ROOT / name).write_text(text)
        print(f"{name}: {len(pins)} packages, {text.count('--hash=')} files")


def compile_all() -> str:
    """Return what uv makes of all lists, for every platform and Python version."""
    (ci_lock,) = (name for name in lock.LISTS if name.startswith(".ci/"))
    folder = ROOT / ".ci" / ".venv"
    if lock.is_stale(ci_lock):
        print(f"{ci_lock} does not hold the pins of its list yet: uv is installed without hashes")
        environment.install(folder, ["-r", *lock.LISTS[ci_lock]])
    else:
        environment.set_up(folder, (ci_lock,))
    files = [file for name in lock.LISTS for file in lock.LISTS[name]]
    command = f"{folder}/bin/uv pip compile --quiet --universal --python-version 3.11".split()
    # An older pip finds the pin of a package with extras only under its full name.
    command += "--generate-hashes --no-strip-extras --no-annotate --no-header".split()
    command.append("--no-python-downloads")
    done = subprocess.run(
        [*command, "--python", sys.executable, *files],
        cwd=ROOT,
        env=os.environ | {"UV_DEFAULT_INDEX": environment.INDEX},
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.exit("The lists cannot be resolved; uv says why above")
    return done.stdout
