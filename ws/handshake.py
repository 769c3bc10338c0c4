"""Checks of a WebSocket handshake that must fail while an HTTP status can still be answered."""

import base64
import binascii

from flask import current_app, request
from wsproto import ConnectionType, WSConnection
from wsproto.utilities import RemoteProtocolError

from app.cors_origins import is_allowed
from app.problems import Problem


def check() -> None:
    """Raise Problem 400, 405 or 426 unless the request is a handshake that the library accepts.

    simple-websocket (https://github.com/miguelgrinberg/simple-websocket) finds a bad handshake only
    during the upgrade and answers 500, so wsproto's own check runs here first.
    """
    if request.method != "GET":
        raise Problem(
            405, "method_not_allowed", "A WebSocket handshake is a GET", headers={"Allow": "GET"}
        )
    is_upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
    if not is_upgrade or request.headers.get("Sec-WebSocket-Version") != "13":
        headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        raise Problem(
            426, "upgrade_required", "Open this address as a WebSocket, version 13", headers=headers
        )
    if request.environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        raise _bad_handshake("A WebSocket handshake is HTTP/1.1")
    if not _is_key(request.headers.get("Sec-WebSocket-Key", "")):
        raise _bad_handshake("Sec-WebSocket-Key must be 16 bytes in base64")
    probe = WSConnection(ConnectionType.SERVER)
    try:
        probe.receive_data(_head())
    except (RemoteProtocolError, UnicodeError) as error:
        raise _bad_handshake(f"The handshake is not accepted: {error}") from None


def check_origin() -> None:
    """Raise Problem 403 for a page of an origin that neither is this host nor is listed.

    Programs that are no pages send no Origin.
    """
    origin = request.headers.get("Origin")
    if origin is None or is_allowed(origin, current_app.config["CORS_ORIGINS"]):
        return
    if origin.partition("://")[2] != request.host:
        raise Problem(403, "origin_not_allowed", "CORS_ORIGINS does not list this page's origin")


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except binascii.Error:
        return False


def _head() -> bytes:
    """Return the request's head as simple-websocket passes it to wsproto."""
    lines = ["GET / HTTP/1.1"]
    for name, value in request.environ.items():
        if name.startswith("HTTP_"):
            lines.append(f"{name[5:].replace('_', '-').title()}: {value}")
    return "\r\n".join([*lines, "", ""]).encode()


def _bad_handshake(detail: str) -> Problem:
    return Problem(400, "bad_handshake", detail)
