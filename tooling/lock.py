"""The lock files: every pin of the lists, with the hash of each file that the index has for it."""

import hashlib
import re
import sys

from tooling import ROOT

# Which lists each lock file holds.
LISTS = {
    "requirements.lock": ("requirements.txt", "requirements-sentry.txt"),
    "requirements-dev.lock": ("requirements-dev.txt",),
    ".ci/requirements.lock": (".ci/requirements.txt",),
}


def lists(name: str) -> str:
    """Return the names of a lock file's lists, for people."""
    return " and ".join(LISTS[name])


def is_stale(name: str) -> bool:
    """Return whether a lock file holds anything but the pins that its lists name."""
    path = ROOT / name
    if not path.exists():
        return True
    text = path.read_text()
    return head(name) not in text or set(map(pinned, blocks(text))) != set(versions(name))


def head(name: str) -> str:
    """Return a lock file's first lines, which change with each pin of its lists."""
    digest = hashlib.sha256("\n".join(_pins(name)).encode()).hexdigest()
    return (
        f"# Written by `python3 dev.py lock` from {lists(name)}; not to be edited.\n"
        f"# sha256 of their pins: {digest}\n"
    )


def _pins(name: str) -> list[str]:
    """Return the requirements of a lock file's lists, without comments and includes."""
    lines = (line for file in LISTS[name] for line in (ROOT / file).read_text().splitlines())
    bare = (re.sub(r"(^|\s)#.*", "", line).strip() for line in lines)
    return sorted(line for line in bare if line and not line.startswith("-"))


def versions(name: str) -> list[str]:
    """Return what a lock file's lists pin, as `name==version`."""
    return [pinned(pin) for pin in _pins(name)]


def pinned(text: str) -> str:
    """Return `name==version` of a requirement, with the name as an index writes it."""
    found = re.match(r"([\w.-]+)(?:\[[^]]*\])?\s*==\s*([\w.!+-]+)", text)
    if not found:
        sys.exit(f"Not pinned to one version: {text}")
    return f"{re.sub(r'[-_.]+', '-', found[1]).lower()}=={found[2]}"


def blocks(text: str) -> list[str]:
    """Return the requirements of a lock file, each with its hashes."""
    return re.findall(r"^\w.*\n(?: .*\n)*", text, re.MULTILINE)
