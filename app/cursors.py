"""Opaque cursors: where a walk through pages goes on. They are signed for one person, so that nobody makes one up
or takes that of another."""

from typing import Any
from urllib.parse import urlencode

from flask import g, request
from itsdangerous import BadData, URLSafeSerializer

from app.problems import invalid
from app.tokens import secret


def seal(state: Any) -> str:
    return str(_serializer().dumps(state))


def unseal(cursor: str, field: str = "cursor") -> Any:
    """Raises Problem 422, which names the field."""
    try:
        return _serializer().loads(cursor)
    except BadData:
        raise refused(field) from None


def refused(field: str = "cursor") -> Exception:
    return invalid(field, "is not one of ours for this list; take it from the Link header")


def next_link(**changed: str | int) -> str:
    """The header that names the next page: this request's address, with these parameters."""
    return f'<{request.path}?{urlencode(request.args.to_dict() | changed)}>; rel="next"'


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(secret(), salt=f"cursor of {g.user_id} for {request.path}")
