"""The way to the WebSocket service."""

from urllib.parse import urlsplit

import redis
from flask import Blueprint, current_app, g, request

from app import tickets
from app.auth import signed_in
from app.problems import unavailable

bp = Blueprint("realtime", __name__)


@bp.post("/ws/start")
@signed_in
def start():
    """A ticket for one WebSocket, good for 30 s, and the address to open with it."""
    try:
        ticket = tickets.issue(g.user_id)
    except redis.RedisError:
        raise unavailable("realtime_unavailable", "Live updates are away; try again", 5) from None
    return {"session_token": ticket, "url": f"{_base()}/ws/chat?session={ticket}"}


def _base() -> str:
    """WS_PUBLIC_URL, or else the host that the client called, at WS_PORT."""
    if current_app.config["WS_PUBLIC_URL"]:
        return current_app.config["WS_PUBLIC_URL"]
    host = urlsplit(f"//{request.host}").hostname or "localhost"
    name = f"[{host}]" if ":" in host else host
    return f"{'wss' if request.is_secure else 'ws'}://{name}:{current_app.config['WS_PORT']}"
