"""The WebSocket service: a second, small WSGI app that forwards what Redis announces to the people online."""

import base64
import binascii
from functools import partial
from typing import Any, NoReturn

import redis
from flask import Blueprint, Flask, current_app, g, request
from flask_sock import Sock
from simple_websocket import Server

from app import access_log, bell, config, db, error_reports, health, metrics, problems, tickets
from app.json import read_query
from app.parameters import After
from app.problems import Problem, unavailable
from app.queries import sessions
from ws.connection import LARGEST_FRAME, Connection
from ws.hub import Hub
from ws.relay import relay
from ws.subscriber import Subscriber
from ws.sweeper import Sweeper
from ws.transport import Transport

PATH = "/ws/chat"

bp = Blueprint("chat", __name__)
sock = Sock()


def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """The service with these settings, by default those of the environment. Raises config.BadSetting."""
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(
        settings or config.load(), SOCK_SERVER_OPTIONS={"max_message_size": LARGEST_FRAME}
    )
    for part in (error_reports, access_log, db, bell, problems, health):
        part.init_app(app)
    hub = app.extensions["hub"] = Hub()
    app.extensions["subscriber"] = Subscriber(app.config["REDIS_URL"], hub, Sweeper(app, hub))
    app.register_blueprint(bp)
    return app


@bp.before_request
def admit() -> None:
    """Refuse before the upgrade, while an HTTP status can still be answered; then take the user's seat."""
    _check_handshake()
    _check_origin()
    after = read_query(After).after
    try:
        _check_readiness()  # before a ticket is used up
        named = tickets.redeem(request.args.get("session", "")) or _invalid_ticket()
        _take_seat(*named)
    except redis.RedisError:
        raise unavailable("realtime_unavailable", "Live updates are away; try again", 5) from None
    session = sessions.find(g.connection.session_id, g.connection.user_id)
    if not session or session["is_minor"]:
        _invalid_ticket()
    g.connection.inbox.start(after)


@sock.route(PATH, bp=bp)
def chat(ws: Server) -> None:
    """The frames of one user, both ways."""
    access_log.upgraded()
    with metrics.sockets.track_inprogress():
        g.connection.run(ws, partial(relay, g.connection.user_id))


@bp.get(PATH)
def chat_without_upgrade():
    """Not reached: `admit` refuses what asks for no upgrade."""


@bp.teardown_request
def leave(_error: BaseException | None) -> None:
    connection = g.pop("connection", None)
    if connection and current_app.extensions["hub"].remove(connection):
        current_app.extensions["subscriber"].goodbye(connection.user_id)


def _check_handshake() -> None:
    upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
    if not upgrade or request.headers.get("Sec-WebSocket-Version") != "13":
        headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        raise Problem(
            426, "upgrade_required", "Open this address as a WebSocket, version 13", headers=headers
        )
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 16:
        raise Problem(400, "bad_handshake", "Sec-WebSocket-Key must be 16 bytes in base64")


def _check_origin() -> None:
    """Pages of listed origins and of this very host; programs that are no pages send no Origin, or that one."""
    origin, allowed = request.headers.get("Origin"), current_app.config["CORS_ORIGINS"]
    if origin is None or "*" in allowed or origin in allowed:
        return
    if origin.partition("://")[2] != request.host:
        raise Problem(403, "origin_not_allowed", "CORS_ORIGINS does not list this page's origin")


def _check_readiness() -> None:
    if current_app.extensions["hub"].is_stopping:
        raise unavailable("restarting", "This service restarts; try again", 1)
    current_app.extensions["subscriber"].check()


def _invalid_ticket() -> NoReturn:
    raise Problem(
        401, "invalid_ticket", "The session is unknown, used or expired; POST /ws/start gives one"
    )


def _take_seat(user_id: int, session_id: int) -> None:
    """From here on what is published for them waits in the connection's inbox, and an older one of theirs ends."""
    transport = Transport(request.environ["gunicorn.socket"])
    request.environ["gunicorn.socket"] = transport
    request.environ.pop(
        "HTTP_SEC_WEBSOCKET_EXTENSIONS", None
    )  # compression would cost 100 kB a socket
    ping, silence = current_app.config["WS_PING_SECONDS"], current_app.config["WS_SILENCE_SECONDS"]
    g.connection = Connection(user_id, session_id, transport, ping, silence)
    g.user_id = user_id
    current_app.extensions["hub"].add(g.connection)
    current_app.extensions["subscriber"].welcome(user_id)
    with bell.client() as client:
        client.publish(bell.channel(user_id), g.connection.announcement())
