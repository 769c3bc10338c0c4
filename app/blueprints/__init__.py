"""The routes, a module a noun. No SQL here."""

from werkzeug.routing import BaseConverter

from app.bodies import LARGEST_ID


class IdConverter(BaseConverter):
    """An id in a path. What can be no id is 0, which nothing has: not there, for whoever is allowed to ask."""

    def to_python(self, value: str) -> int:
        valid = value.isascii() and value.isdigit() and len(value) <= 19 and int(value) <= LARGEST_ID
        return int(value) if valid else 0
