"""Words that are compared whole, such as genders: `" female male "`."""

import re
import unicodedata

UNSET = "unknown"  # what the first clients send for a gender that was never chosen


def words(text: str | None) -> str:
    """The words of a text, each between blanks, as they are compared; a blank when there is none."""
    found = re.split(r"[\s,;/|]+", unicodedata.normalize("NFKC", text or "").casefold())
    return f" {' '.join(sorted(set(found) - {'', UNSET}))} ".replace("  ", " ")


def is_unset(text: object) -> bool:
    """Tell whether a gender or an interest is the first clients' word for none."""
    return isinstance(text, str) and text.strip().casefold() == UNSET
