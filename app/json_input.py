"""The one way in which JSON from clients is decoded, for bodies and for frames."""

from typing import TypeVar

import msgspec

from app.unicode import replace_lone_surrogates

Kind = TypeVar("Kind")


def decode(json: bytes | str, kind: type[Kind]) -> Kind:
    """Return the JSON text as an object of that type; half an emoji becomes U+FFFD.

    Raise msgspec.ValidationError for another type, and msgspec.DecodeError, UnicodeDecodeError or
    RecursionError for what is not JSON.
    """
    try:
        return msgspec.json.decode(json, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        given = json.encode() if isinstance(json, str) else json
        repaired = replace_lone_surrogates(given)
        if repaired == given:
            raise
        return msgspec.json.decode(repaired, type=kind)
