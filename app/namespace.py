"""Names and signatures that tie what Redis holds to one database.

Several installations may share a Redis. Each prefixes its keys and channels, and signs the values that
it must be able to trust, so that neither another installation nor a client that can only write to Redis
is believed.
"""

import hmac
from typing import TypeVar

import msgspec
from flask import current_app

from app.queries import settings

_SECRET = "redis_key"  # noqa: S105 - a name in the table of secrets


class Signed(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A value in Redis that is believed only with the signature of this database."""

    signature: str = ""


Value = TypeVar("Value", bound=Signed)


class Namespace:
    """The prefix and the signing key of a database."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._prefix = f"dating:{self._digest('prefix', b'')[:12]}"

    def name(self, name: str) -> str:
        """Return the full name of a key or channel, such as `dating:0f3a…:user:7`."""
        return f"{self._prefix}:{name}"

    def seal(self, name: str, value: Signed) -> bytes:
        """Return the value as JSON, signed for the key or channel of this full name."""
        value.signature = self._signature(name, value)
        return msgspec.json.encode(value)

    def unseal(self, name: str, data: bytes, kind: type[Value]) -> Value:
        """Return a sealed value. Raises ValueError if it is malformed or not signed for the name."""
        try:
            value = msgspec.json.decode(data, type=kind)
        except RecursionError:
            raise ValueError("the nesting is too deep") from None
        if not hmac.compare_digest(value.signature.encode(), self._signature(name, value).encode()):
            raise ValueError("the signature is wrong")
        return value

    def _signature(self, name: str, value: Signed) -> str:
        unsigned = msgspec.structs.replace(value, signature="")
        return self._digest(f"value:{name}", msgspec.json.encode(unsigned))

    def _digest(self, purpose: str, value: bytes) -> str:
        return hmac.digest(self._secret, purpose.encode() + b"\0" + value, "sha256").hex()


def current() -> Namespace:
    """Return the namespace of this app's database, read once."""
    extensions = current_app.extensions
    if "namespace" not in extensions:
        extensions["namespace"] = Namespace(settings.find(_SECRET))
    return extensions["namespace"]
