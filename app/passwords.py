"""Password hashes (bcrypt), off the event loop and in the same time for everyone."""

import re
from hmac import compare_digest

import bcrypt
from gevent import get_hub

_COUNTED_BYTES = 72  # bcrypt reads no further
_HASH = re.compile(r"\$2[abxy]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}")
_NOBODY = "C6UzMDM.H6dfI/f/IKcEe.7Zp1Oa6nM3hCk2wq8gkxLq3gqQm2fKi"  # a salt and a hash that no password has


def digest(password: str, cost: int) -> str:
    return _hashpw(password, bcrypt.gensalt(cost)).decode()


def matches(password: str, password_hash: str | None, cost: int) -> bool:
    """Whether it is this hash's password. Nobody's (None, or no hash) and one of a lower cost take as long as any."""
    is_hash = password_hash is not None and _HASH.fullmatch(password_hash)
    known = password_hash if is_hash else f"$2b${cost:02}${_NOBODY}"
    right = compare_digest(_hashpw(password, known.encode()), known.encode())
    if not right:
        for missing in range(cost_of(known), cost):  # 2^n + 2^n + 2^(n+1) + … = 2^cost
            _hashpw(password, bcrypt.gensalt(missing))
    return right and bool(is_hash)


def cost_of(password_hash: str) -> int:
    return int(password_hash.split("$")[2])


def _hashpw(password: str, salt: bytes) -> bytes:
    """In a thread of gevent's own, so that no other request waits."""
    return get_hub().threadpool.apply(bcrypt.hashpw, (password.encode()[:_COUNTED_BYTES], salt))
