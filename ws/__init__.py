"""The WebSocket service: a small WSGI app that forwards published events to connected users."""

from contextlib import suppress
from functools import partial
from typing import Any

import redis
from flask import Blueprint, Flask, current_app, g, request
from flask_sock import Sock
from simple_websocket import Server

from app import (
    access_log,
    bell,
    config,
    db,
    error_reports,
    forwarded,
    health,
    metrics,
    problems,
    storage_errors,
    tickets,
    ws_address,
)
from app.json import read_query
from app.parameters import After
from app.problems import Problem, unavailable
from app.queries import sessions
from ws import handshake
from ws.connection import LARGEST_FRAME, Close, Connection, close_at_once
from ws.hub import Hub
from ws.relay import relay
from ws.subscriber import Subscriber
from ws.sweeper import Sweeper
from ws.transport import Transport

PATH = "/ws/chat"

# To pages, which see neither the status nor the body of a refused upgrade.
INVALID_TICKET = Close(4401, "ticket unknown, used or expired")
UNAVAILABLE = Close(4503, "realtime unavailable")

bp = Blueprint("chat", __name__)
sock = Sock()


class UpgradeRefused(Exception):
    """A refusal of the upgrade: an HTTP problem to programs, a close code to pages."""

    def __init__(self, problem: Problem, close: Close) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.close = close


def create_app(settings: dict[str, Any] | None = None, host: Flask | None = None) -> Flask:
    """Return the service with these settings, by default those of the environment.

    `host`: the app of `web` whose worker runs it, and whose connections to the database it uses.
    Raises config.BadSetting.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(
        settings or config.load(), SOCK_SERVER_OPTIONS={"max_message_size": LARGEST_FRAME}
    )
    if host is None:
        db.init_app(app)
    else:
        app.extensions["connections"] = host.extensions["connections"]
    for part in (error_reports, access_log, forwarded, bell, problems, health):
        part.init_app(app)
    hub = app.extensions["hub"] = Hub(app.config["WS_CONNECTIONS_PER_USER"])
    sweeper = Sweeper(app, hub, is_separate=host is None)
    if host is None:
        hub.on_stop = partial(_unregister, app)
    app.extensions["subscriber"] = Subscriber(app, hub, sweeper)
    app.register_blueprint(bp)
    return app


@bp.before_request
def authorize_upgrade() -> None:
    """Refuse a bad upgrade, or register the user's connection before it is accepted."""
    handshake.check()
    handshake.check_origin()
    after = read_query(After).after
    try:
        _admit()
        g.connection.inbox.start(after)
    except UpgradeRefused as refused:
        if "Origin" not in request.headers:
            raise refused.problem from None
        g.refused_with = refused.close
    except (db.engine.DatabaseError, db.Unusable) as error:
        if "Origin" not in request.headers or not storage_errors.is_outage(error):
            raise
        storage_errors.note(error)
        leave(None)
        g.refused_with = UNAVAILABLE
    g.transport = _install_transport()


@sock.route(PATH, bp=bp)
def chat(ws: Server) -> None:
    """Exchange frames with a client until either side closes."""
    access_log.upgraded()
    if "refused_with" in g:
        return close_at_once(ws, g.transport, g.refused_with)
    with metrics.sockets.track_inprogress():
        return g.connection.run(ws, g.transport, partial(relay, g.connection.user_id))


@bp.get(PATH)
def chat_without_upgrade() -> None:
    """Match requests without an upgrade, so that `authorize_upgrade` refuses them."""


@bp.teardown_request
def leave(_error: BaseException | None) -> None:
    """Remove the connection of this request, if it was registered."""
    connection = g.pop("connection", None)
    if connection and current_app.extensions["hub"].remove(connection):
        current_app.extensions["subscriber"].unsubscribe_user(connection.user_id)


def _install_transport() -> Transport:
    """Put the transport in the place of the socket that simple-websocket takes.

    It ends the deadlines of HTTP for the socket, so it is installed only for an accepted upgrade.
    """
    transport = Transport(request.environ["gunicorn.socket"])
    request.environ["gunicorn.socket"] = transport
    # Compression would cost 100 kB a socket.
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    return transport


def _admit() -> None:
    """Use the ticket up and register the connection of its user. Raises UpgradeRefused."""
    hub = current_app.extensions["hub"]
    if hub.is_stopping:
        raise UpgradeRefused(
            unavailable("restarting", "The service restarts; retry", 1), UNAVAILABLE
        )
    try:
        current_app.extensions["subscriber"].check()  # before the ticket is used up
        holder = tickets.redeem(request.args.get("session", ""))
        if holder is None:
            raise _invalid_ticket()
        _register_connection(holder)
    except redis.RedisError:
        leave(None)
        problem = unavailable("realtime_unavailable", "Realtime service unavailable; retry", 5)
        raise UpgradeRefused(problem, UNAVAILABLE) from None
    # After the subscription, so that an end of the session is either found here or published.
    session = sessions.find(holder.session_id, holder.user_id)
    if session is None or session["is_minor"]:
        leave(None)
        raise _invalid_ticket()
    hub.close_oldest(holder.user_id)


def _register_connection(holder: tickets.Holder) -> None:
    """Queue what is published for the user from now on. Raises RedisError."""
    g.user_id = holder.user_id
    g.connection = Connection(
        holder.user_id,
        holder.session_id,
        current_app.config["WS_PING_SECONDS"],
        current_app.config["WS_SILENCE_SECONDS"],
    )
    current_app.extensions["hub"].add(g.connection)
    current_app.extensions["subscriber"].subscribe_user(holder.user_id)


def _invalid_ticket() -> UpgradeRefused:
    detail = "session is unknown, used or expired; POST /ws/start gives a new one"
    return UpgradeRefused(Problem(401, "invalid_ticket", detail), INVALID_TICKET)


def _unregister(app: Flask) -> None:
    with app.app_context(), suppress(redis.RedisError):
        ws_address.unregister()
