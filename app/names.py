"""Which usernames may be registered, and when two of them are one."""

import re
import unicodedata

from confusable_homoglyphs.categories import unique_aliases
from precis_i18n import get_profile

from app.unicode import bare_letters

_profile = get_profile("UsernameCaseMapped")  # RFC 8265
_MOST_ROUNDS = 4  # RFC 8264, section 7: applied until stable, three times more at the most

# Names that clients or users take for the service itself, without blanks and punctuation.
_RESERVED = """
    admin administrator deletedaccount deleteduser help helpdesk mod moderation moderator
    moderators null official operator root security service staff support system sysadmin undefined
    админ администратор модератор поддержка система служба удаленныйпользователь
    """.split()
# Without marks on letters, since Russian writes ё as е, too.
_RESERVED_LETTERS = frozenset(bare_letters(name) for name in _RESERVED)

# UTS 39, section 5.1: scripts that are written together are one.
_WRITTEN_TOGETHER = (
    {"HAN", "HIRAGANA", "KATAKANA"},  # Japanese
    {"HAN", "HANGUL"},  # Korean
    {"HAN", "BOPOMOFO"},  # Chinese with phonetic signs
)


def canonical(username: str) -> str:
    """Return the form in which equal names are equal. Raise ValueError for what is no username.

    A name is one or more userparts with single spaces between them (RFC 8265, section 3.5). One with
    spaces is compared as `login_key` compares the names that the first server let in.
    """
    name = username.strip()
    userparts = [_enforced(part) for part in name.split(" ")]
    return userparts[0] if len(userparts) == 1 else _folded(name)


def login_key(username: str) -> str:
    """Return the canonical form, also of names that the first server let in and PRECIS would not."""
    try:
        return canonical(username)
    except ValueError:
        return _folded(username.strip())


def refusal(canonical_name: str) -> str | None:
    """Return the reason why nobody may register a name with this canonical form, if there is one."""
    if canonical_name.replace(" ", "").isdigit():
        return "must not be a number; add a letter"
    if re.sub(r"[\W_]", "", bare_letters(canonical_name)) in _RESERVED_LETTERS:
        return "is reserved; choose another one"
    if _is_mixed(canonical_name):
        return "must use letters of one script; do not mix, for example, Latin and Cyrillic"
    return None


def _enforced(userpart: str) -> str:
    for _ in range(_MOST_ROUNDS):
        previous, userpart = userpart, _profile.enforce(userpart)
        if userpart == previous:
            return userpart
    raise ValueError("no stable form")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _is_mixed(name: str) -> bool:
    """Tell whether it is mixed-script by UTS 39, as far as the property Script tells."""
    scripts = unique_aliases(name) - {"COMMON", "INHERITED"}
    return len(scripts) > 1 and not any(scripts <= together for together in _WRITTEN_TOGETHER)
