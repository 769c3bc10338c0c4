"""The way to the WebSocket service."""

import msgspec
import redis
from flask import Blueprint, g

from app import tickets, ws_address
from app.auth import signed_in
from app.events import missed
from app.json import read_query
from app.limits import limit, user
from app.parameters import EventPage
from app.problems import unavailable
from app.queries import events

bp = Blueprint("realtime", __name__)


@bp.post("/ws/start")
@signed_in
@limit("LIMIT_WS_START", user)
def start():
    """A ticket for one WebSocket, good for 30 s, and the address to open with it."""
    try:
        ticket = tickets.issue(g.user_id, g.session["id"])
        base_url = ws_address.base_url()
    except redis.RedisError:
        raise unavailable(
            "realtime_unavailable", "Realtime service unavailable; retry", 5
        ) from None
    return {"session_token": ticket, "url": f"{base_url}/ws/chat?session={ticket}"}


@bp.get("/events")
@signed_in
def list_events():
    """What I must hear of after the event `after`, in order; `reset` when that is not all kept any more."""
    query = read_query(EventPage)
    rows = missed(g.user_id, query.after, query.limit + 1)
    if rows is None:
        return {"reset": True, "next": events.head(g.user_id)}
    shown = rows[: query.limit]
    return {
        "events": [msgspec.Raw(row["payload"].encode()) for row in shown],
        "next": shown[-1]["seq"] if shown else query.after,
        "has_more": len(rows) > len(shown),
    }
