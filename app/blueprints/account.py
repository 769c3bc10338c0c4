"""Leaving, and what one takes along."""

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import wraps
from typing import IO, Any

import msgspec
from flask import Blueprint, Response, after_this_request, current_app, g, request

from app import bans, db, erasures, limits, times, tokens
from app.auth import confirmed, named_by, signed_in, wrong_credentials
from app.blueprints import read_little
from app.bodies import Credentials, Password
from app.client_address import client_address
from app.client_socket import ClientSocket
from app.db import transaction
from app.events import announce, announce_end, chat_closed_frame, record
from app.json import read
from app.limits import limit, user
from app.problems import Problem
from app.queries import account, chats, sessions, users

MAX_EXPORT_BYTES_IN_MEMORY = 256 * 1024
CHUNK_BYTES = 64 * 1024

bp = Blueprint("account", __name__)
bp.before_request(read_little)


@bp.get("/me/export")
@signed_in
@limit("LIMIT_EXPORT", user)
def export_me():
    """All that is held about me; what others wrote or did is theirs.

    It is written to a file before the answer begins. A slow client then holds up no checkpoint, an error is answered as
    one, and the length tells the client of an answer that breaks off.
    """
    file = _export(g.user_id)
    response = Response(_chunks(file), mimetype="application/json")
    response.call_on_close(file.close)
    response.content_length = file.tell()
    response.headers["Content-Disposition"] = 'attachment; filename="export.json"'
    return response


def _export(user_id: int) -> IO[bytes]:
    """Return an unnamed file with the document, in the folder of the database."""
    folder = os.path.dirname(os.path.abspath(current_app.config["DATABASE_PATH"]))
    file = tempfile.SpooledTemporaryFile(MAX_EXPORT_BYTES_IN_MEMORY, dir=folder)  # noqa: SIM115
    try:
        with db.snapshot():
            _write_export(file, user_id)
    except BaseException:
        file.close()
        raise
    return file


def _write_export(file: IO[bytes], user_id: int) -> None:
    encode = msgspec.json.Encoder().encode
    file.write(b'{"exported_at":' + encode(times.from_now()))
    for table, rows in account.export(user_id):
        file.write(f',"{table}":['.encode())
        separator = b""
        for row in rows:
            file.write(separator + encode(row))
            separator = b","
        file.write(b"]")
    file.write(b"}")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the file's content and close it."""
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def repeatable(view: Callable[[], Any]) -> Callable[[], Any]:
    """Answer a repeated deletion like the first, though the session is gone with the account."""

    @wraps(view)
    def answered() -> Any:
        try:
            return view()
        except Problem as problem:
            if problem.status != 401 or not _is_just_deleted():
                raise
            return {"status": "deleted"}

    return answered


@bp.delete("/me")
@repeatable
@signed_in
def delete_me():
    """Leave for good."""
    body = read(Password)
    limits.take("LIMIT_PASSWORD", limits.user())
    current = confirmed(body.password, "password")
    _leave(g.user_id, current)
    return {"status": "deleted"}


@bp.post("/account-deletion")
def delete_account():
    """The same, for those who have the app no more."""
    body = read(Credentials)
    limits.take("LIMIT_LOGIN", client_address())
    found = named_by(body)
    _leave(found["id"], found["password_hash"])
    return {"status": "deleted"}


def _is_just_deleted() -> bool:
    """Return whether the request has a valid access token of an account deleted a moment ago."""
    token = request.authorization and request.authorization.token
    named = tokens.read_access(token) if token else None
    return bool(named) and users.is_deleted(named[0], since=times.repeat_start())


def _leave(user_id: int, password_hash: str) -> None:
    with transaction():
        if not users.replace_password_hash(user_id, password_hash, password_hash):
            raise wrong_credentials()  # the password was changed while we hashed
        closing = chats.open_of(user_id)
        ended = sessions.delete_all(user_id)
        bans.keep_name(user_id)
        account.erase(user_id)
        recorded = [
            record(chat["peer_id"], chat_closed_frame(chat["id"], user_id)) for chat in closing
        ]
    announce(*recorded)
    announce_end(user_id, ended)
    _sweep_after_answer(user_id)


def _sweep_after_answer(user_id: int) -> None:
    """Delete the account's many rows once the client has its answer; the account itself is gone."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def sweep() -> None:
        with app.app_context():
            erasures.finish(user_id)
            erasures.finish_stale()

    @after_this_request
    def add(response: Response) -> Response:
        # On a connection that is kept, a proxy would send the next user's request behind the sweep.
        client_socket = request.environ.get("gunicorn.socket")
        if isinstance(client_socket, ClientSocket):
            client_socket.end_after_answer()
        response.call_on_close(sweep)
        return response
