"""What people may not write, in profiles and in messages: `check` is the one place to change for more than this.

It compares whole words. It sees through case, compatibility forms such as full-width letters, invisible
characters, and marks on letters, so that "й" and "и" are one letter to it. It does not see through letters
of another script that look alike, digits for letters, separators or blanks within a word, other endings
of a word, or other spellings: list those as words of their own.
"""

import re
from collections import defaultdict
from pathlib import Path

from flask import Flask, current_app

from app.unicode import bare_letters


def check(text: str) -> None | str:
    """The reason why nobody may say this, if there is one: a word, or words in a row, of BLOCKED_WORDS_FILE."""
    said = _words(text)
    for count, blocked in current_app.extensions["blocked_words"].items():
        if any(said[start : start + count] in blocked for start in range(len(said) - count + 1)):
            return "has words that are not allowed"
    return None


def init_app(app: Flask) -> None:
    """Read the file: on each line a word or some in a row; lines that begin with `#` are notes."""
    path = app.config["BLOCKED_WORDS_FILE"]
    lines = Path(path).read_text("utf-8").splitlines() if path else []
    blocked: dict[int, set[tuple[str, ...]]] = defaultdict(set)  # by how many words are in a row
    for words in (_words(line) for line in lines if not line.startswith("#")):
        blocked[len(words)].add(words)
    blocked.pop(0, None)
    app.extensions["blocked_words"] = dict(blocked)


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", bare_letters(text)))
