"""JSON in and out, by msgspec: checked while it is read, and written many times faster than by the standard one."""

import re
from contextlib import suppress
from typing import Any, TypeVar

import msgspec
from flask import Response, request
from flask.json.provider import JSONProvider
from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

from app import json_input
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
    """Return the request's JSON body, whatever its Content-Type says. Raise Problem 400, 413, 422."""
    return convert(read_object(), kind)


def read_optional(kind: type[Body]) -> Body:
    """Return the request's JSON body. None at all and `null` are an empty object."""
    is_empty = body().strip() in (b"", b"null")
    return convert({} if is_empty else read_object(), kind)


def read_object() -> dict[str, Any]:
    """Return the request's JSON object, its members unchecked. Raise Problem 400, 413."""
    try:
        return json_input.decode(body(), dict[str, Any])
    except msgspec.ValidationError:
        raise Problem(400, "not_an_object", "The body must be a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "not_json", "The body must be a JSON object in UTF-8") from None


def read_query(kind: type[Body]) -> Body:
    """Return the query parameters. Raise Problem 422."""
    return convert(request.args.to_dict(), kind, strict=False)


def convert(given: dict[str, Any], kind: type[Body], strict: bool = True) -> Body:
    """Return the members of an object as a body, or the parameters of a query (not `strict`).

    An optional field that would be refused is left out if its value is one of Go's zero values:
    clients of the first server send them for "not given". Raise Problem 422.
    """
    while True:
        try:
            return msgspec.convert(given, kind, strict=strict)
        except msgspec.ValidationError as error:
            field, detail = _explained(str(error))
        if not (_is_optional(kind, field) and _is_zero(given.get(field), strict)):
            raise invalid(field, detail)
        given = {name: value for name, value in given.items() if name != field}


def _explained(message: str) -> tuple[str, str]:
    """Return the field and the reason in a message such as "Expected `int` - at `$.chat_id`"."""
    missing = re.fullmatch(r"Object missing required field `(\w+)`", message)
    if missing:
        return missing[1], "is required"
    detail, _, path = message.partition(" - at `$.")
    return re.split(r"\W", path)[0], detail.replace("`", "")


def _is_optional(kind: type[msgspec.Struct], field: str) -> bool:
    optional = {each.name for each in msgspec.structs.fields(kind) if not each.required}
    return field in optional and field not in getattr(kind, "never_zero", ())


def _is_zero(value: Any, strict: bool) -> bool:
    """Tell whether it is `null`, 0 or "". In a query, which holds only texts, "0" is 0."""
    if value is None or value == "":
        return True
    if isinstance(value, str) and not strict:
        return re.fullmatch(r"-?0+(\.0*)?", value, re.ASCII) is not None
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0
