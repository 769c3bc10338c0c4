"""The commands of dev.py. Standard library only: they run before anything is installed."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
