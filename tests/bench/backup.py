"""How long writers wait, 100 writes a second, during a backup: `python -m tests.bench.backup --help`."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate

from tests.bench import town
from tests.load import Writes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=250_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "town.db"))
        town.build(path, options.people)
        with Writes(path) as writes:
            table = [
                measure(writes, path, what)
                for _ in range(options.times)
                for what in ("nothing", "backup")
            ]
        size = os.path.getsize(path) / 1e6
    print(f"{size:.0f} MB")
    print(
        tabulate(
            table, ["during", "seconds", "writes", "p50 ms", "p99 ms", "longest ms"], floatfmt=".1f"
        )
    )


def measure(writes: Writes, path: str, what: str) -> list:
    before, began = len(writes.seconds), time.monotonic()
    if what == "backup":
        command = [sys.executable, "-m", "flask", "backup", f"{path}.backup"]
        subprocess.run(command, check=True, env=os.environ | {"DATABASE_PATH": path})
    time.sleep(5)  # with what comes after it
    waits = sorted(writes.seconds[before:])
    return [what, time.monotonic() - began, len(waits)] + [
        1000 * waits[int(part * (len(waits) - 1))] for part in (0.5, 0.99, 1)
    ]


if __name__ == "__main__":
    main()
