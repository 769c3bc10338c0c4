"""JSON in and out, by msgspec: checked while it is read, and written many times faster than by the standard one."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from flask import Response, request
from flask.json.provider import JSONProvider
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

from app.problems import Problem, invalid

Body = TypeVar("Body", bound=msgspec.Struct)


class Provider(JSONProvider):
    """What Flask answers dicts and lists with."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        return msgspec.json.encode(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        return msgspec.json.decode(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(
            msgspec.json.encode(self._prepare_response_obj(args, kwargs)),
            mimetype="application/json",
        )


def body() -> bytes:
    """The request's body. Raises HTTPException: 400 where it breaks off or its chunks are none, 408 where it
    comes too slowly, also when asked again; 413."""
    found = b""
    with suppress(ParseException):
        found = request.get_data()
    if getattr(request.environ["wsgi.input"], "failed", False):
        if getattr(request.environ["gunicorn.socket"], "is_expired", False):
            raise RequestTimeout("The body comes too slowly; send it again")
        raise BadRequest("The body cannot be read")
    if request.content_length is None and len(found) == request.max_content_length:
        raise RequestEntityTooLarge  # a chunked body, of which Werkzeug gives only that much
    return found


def read(kind: type[Body]) -> Body:
    """The request's JSON body, whatever its Content-Type says. Raises Problem: 400, 413, 422."""
    return _checked(lambda: msgspec.json.decode(body(), type=kind))


def read_optional(kind: type[Body]) -> Body:
    """The same, where no body at all is an empty object."""
    return _checked(lambda: msgspec.json.decode(body() or b"{}", type=kind))


def read_query(kind: type[Body]) -> Body:
    """The query parameters. Raises Problem: 422."""
    return _checked(lambda: msgspec.convert(request.args.to_dict(), kind, strict=False))


def _checked(decode: Callable[[], Body]) -> Body:
    try:
        return decode()
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "not_json", "The body must be a JSON object in UTF-8") from None


def _explained(message: str) -> Problem:
    """msgspec's message, `Expected `int`, got `str` - at `$.chat_id``, as an answer that names the field."""
    missing = re.fullmatch(r"Object missing required field `(\w+)`", message)
    if missing:
        return invalid(missing[1], "is required")
    detail, _, path = message.partition(" - at `$.")
    if not path:
        return Problem(400, "not_an_object", "The body must be a JSON object")
    return invalid(re.split(r"\W", path)[0], detail.replace("`", ""))
