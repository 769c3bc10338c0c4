#!/usr/bin/env python3
"""Set everything up in .venv, then run the services or their tests."""

import argparse
import os
import sys
from pathlib import Path

# Before the imports, whose syntax an old Python cannot read.
if sys.version_info < (3, 11):
    sys.exit(
        "Python 3.11 or newer is needed, this is %d.%d; start dev.py with a newer one"
        % sys.version_info[:2]
    )

from tooling import ROOT, lock_writer
from tooling.environment import VENV, set_up
from tooling.processes import Processes, is_running
from tooling.services import is_free, is_open, procfile, redis_command, run

__all__ = [
    "ROOT",
    "Processes",
    "is_free",
    "is_open",
    "is_running",
    "procfile",
    "redis_command",
    "set_up",
]


def main():
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="{run,test,lock}")
    commands.add_parser("run", help="start everything that the Procfile names, and a Redis if none")
    commands.add_parser("test", help="run the tests; what follows goes to pytest", add_help=False)
    commands.add_parser("lock", help="write requirements.lock anew from requirements*.txt")
    options, rest = parser.parse_known_args()
    if rest and options.command != "test":
        parser.error("unknown: " + " ".join(rest))
    os.chdir(ROOT)
    if options.command == "lock":
        lock_writer.write()
        return
    python = str(VENV / "bin" / "python")
    if Path(sys.prefix).resolve() != VENV:
        set_up(VENV)
        os.execv(python, [python, __file__, options.command] + rest)
    if options.command == "test":
        os.execv(python, [python, "-m", "pytest"] + rest)
    run()


if __name__ == "__main__":
    main()
