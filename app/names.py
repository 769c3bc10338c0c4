"""When two usernames are one: the PRECIS profile UsernameCaseMapped (RFC 8265), after trimming."""

import unicodedata

from precis_i18n import get_profile

_profile = get_profile("UsernameCaseMapped")
_MOST_ROUNDS = 4  # RFC 8264, section 7: applied until stable, three times more at the most


def canonical(username: str) -> str:
    """The form in which equal names are equal. Raises ValueError for what cannot be a username."""
    name = username.strip()
    for _ in range(_MOST_ROUNDS):
        previous, name = name, _profile.enforce(name)
        if name == previous:
            return name
    raise ValueError("no stable form")


def login_key(username: str) -> str:
    """Like `canonical`, and a form for names too that the first server let in and PRECIS would not."""
    try:
        return canonical(username)
    except ValueError:
        return unicodedata.normalize("NFKC", username.strip()).casefold()
