"""Every error leaves through here, as `application/problem+json` (RFC 9457)."""

import logging
import math
from typing import Any, NoReturn

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from app import db, storage_errors

log = logging.getLogger(__name__)


class Problem(Exception):
    """An answer that is an error: `code` is for programs, `detail` for people, `errors` names fields; `more` is
    members that belong to this code alone."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        more: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.more = errors, headers or {}, more or {}

    def response(self) -> Response:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTP_STATUS_CODES[self.status],
            "status": self.status,
        }
        body |= (
            {"code": self.code, "detail": self.detail}
            | ({"errors": self.errors} if self.errors else {})
            | self.more
        )
        return Response(
            msgspec.json.encode(body),
            self.status,
            self.headers,
            content_type="application/problem+json",
        )


def invalid(field: str, detail: str) -> Problem:
    return Problem(422, "invalid_field", f"{field}: {detail}", [{"field": field, "detail": detail}])


def unavailable(code: str, detail: str, retry_after: int) -> Problem:
    """503; `retry_after` in seconds."""
    return Problem(503, code, detail, headers={"Retry-After": str(retry_after)})


def too_many(code: str, detail: str, retry_after: float) -> Problem:
    """429; `retry_after` in seconds."""
    return Problem(429, code, detail, headers={"Retry-After": str(max(1, math.ceil(retry_after)))})


def not_found(noun: str) -> NoReturn:
    """For what is not there and for what is not yours alike."""
    raise Problem(404, "not_found", f"No such {noun}")


def init_app(app: Flask) -> None:
    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(db.Busy, _busy)
    app.register_error_handler(db.engine.DatabaseError, _database)
    app.register_error_handler(db.Unusable, _database)
    app.register_error_handler(OSError, _database)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> Response:
    code = error.name.lower().replace(
        " ", "_"
    )  # Python's own names of statuses change with its version
    response = Problem(error.code or 500, code, error.description or error.name).response()
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name != "Content-Type"
    )
    return response


def _busy(_error: db.Busy) -> Response:
    return unavailable("database_busy", "Too many changes at once", 1).response()


def _database(error: Exception) -> Response:
    if not storage_errors.is_outage(error):
        return _unexpected(error)
    storage_errors.note(error)
    headers = {"Retry-After": "5"}
    if storage_errors.is_full(error):
        detail = "The disk of the database is full; retry later"
        return Problem(507, "database_full", detail, headers=headers).response()
    detail = "The database cannot be used now; retry later"
    return Problem(503, "database_unavailable", detail, headers=headers).response()


def _unexpected(error: Exception) -> Response:
    log.error("unexpected %s", type(error).__name__, exc_info=error)
    return Problem(
        500, "internal_server_error", "Something went wrong here; it was noted"
    ).response()
