"""What a command found, for people as tables and for scripts as JSON."""

from typing import Any

import click
import msgspec
from tabulate import tabulate

WIDEST = 60  # characters in a cell


def tell(found: Any, as_json: bool) -> None:
    """Print a dict or a list of dicts; dicts may hold further ones."""
    click.echo(msgspec.json.encode(found).decode() if as_json else _text(found))


def _text(found: Any) -> str:
    if not found:
        return "(none)"
    if isinstance(found, list):
        rows = [{name: _plain(value) for name, value in row.items()} for row in found]
        return tabulate(rows, headers="keys", disable_numparse=True, maxcolwidths=WIDEST)
    inner = {name: part for name, part in found.items() if isinstance(part, list | dict)}
    lines = [(name, _plain(value)) for name, value in found.items() if name not in inner]
    parts = (
        [tabulate(lines, tablefmt="plain", disable_numparse=True, maxcolwidths=WIDEST)]
        if lines
        else []
    )
    return "\n\n".join(parts + [f"{name.upper()}\n{_text(part)}" for name, part in inner.items()])


def _plain(value: Any) -> str:
    """One line, and nothing in it that a terminal would obey."""
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text)
