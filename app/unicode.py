"""Properties of Unicode text: invisible characters, blank texts, lone surrogates."""

import re
import unicodedata

# Default_Ignorable_Code_Point, from DerivedCoreProperties.txt of the Unicode Character Database.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLE = re.compile(f"[{IGNORABLE}]+")
# U+2800 is a Braille cell without a dot; \0-\x1f and \x7f-\x9f are controls.
_BLANK = re.compile(f"[\\s\\0-\x1f\x7f-\x9f\u2800{IGNORABLE}]*")
# Controls, line separators, and what turns the direction of the text that follows.
_NOT_IN_A_LINE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# A whole escape is matched at a time, so that an escaped backslash before `ud83d` stays as it is.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\.",
    re.DOTALL,
)


def is_blank(text: str) -> bool:
    """Return True if no character of the text can be seen."""
    return _BLANK.fullmatch(text) is not None


def is_line(text: str) -> bool:
    """Return True if the text stays on its line and in its place wherever it is shown."""
    return _NOT_IN_A_LINE.search(text) is None


def without_ignorables(text: str) -> str:
    """Return the text without its default-ignorable code points."""
    return _IGNORABLE.sub("", text)


def bare_letters(text: str) -> str:
    """Return the text as it is compared: compatibility forms unified, invisible characters and
    combining marks removed, case folded."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    decomposed = unicodedata.normalize("NFKD", without_ignorables(folded))
    return "".join(each for each in decomposed if not _is_mark(each))


def replace_lone_surrogates(json: bytes) -> bytes:
    r"""Replace each escape of half a surrogate pair in a JSON text by `\ufffd`."""
    return _ESCAPE.sub(_replacement, json)


def _replacement(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["lone"] else escape[0]


def _is_mark(character: str) -> bool:
    """Tell whether a mark only decorates a letter; vowel signs, such as those of Hindi, do not."""
    is_enclosing = unicodedata.category(character) == "Me"
    return is_enclosing or unicodedata.combining(character) != 0
