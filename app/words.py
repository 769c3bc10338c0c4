"""Words that are compared whole, such as genders: `" female male "`."""

import re
import unicodedata


def words(text: str | None) -> str:
    """The words of a text, each between blanks, as they are compared; a blank when there is none."""
    found = re.split(r"[\s,;/|]+", unicodedata.normalize("NFKC", text or "").casefold())
    return f" {' '.join(sorted(set(found) - {''}))} ".replace("  ", " ")
