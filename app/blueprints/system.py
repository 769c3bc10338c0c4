"""Is it there at all?"""

from flask import Blueprint, Response

from app import times

bp = Blueprint("system", __name__)


@bp.get("/ping")
def ping():
    """The time and `pong`, as text."""
    return Response(f"{times.now():%Y-%m-%d %H:%M:%S} -=- pong", mimetype="text/plain")
