"""The routes, a module a noun. No SQL here."""

from flask import request
from werkzeug.routing import BaseConverter

from app.fields import LARGEST_ID

LARGEST_CREDENTIALS = 16 * 1024  # bytes


class IdConverter(BaseConverter):
    """An id in a path. What can be no id is 0, which nothing has: not there, for whoever is allowed to ask."""

    def to_python(self, value: str) -> int:
        valid = (
            value.isascii() and value.isdigit() and len(value) <= 19 and int(value) <= LARGEST_ID
        )
        return int(value) if valid else 0


def read_little() -> None:
    """For routes that anybody may call: no large body is read."""
    request.max_content_length = LARGEST_CREDENTIALS
