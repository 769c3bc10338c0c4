"""Finding people."""

from flask import Blueprint, g, jsonify

from app import presence
from app.auth import signed_in
from app.json import read_query
from app.parameters import Search
from app.queries import discovery, swipes, users

bp = Blueprint("discovery", __name__)


@bp.get("/profiles/search")
@signed_in
def search():
    """People I have not swiped, by ascending id, a page at a time."""
    query = read_query(Search)
    if query.latitude is None:
        me = users.find_own(g.user_id)
        query.latitude, query.longitude = me["latitude"], me["longitude"]
    online = presence.online() if query.online_only else "[]"
    return jsonify(discovery.search(g.user_id, query, online))


@bp.get("/followers")
@signed_in
def followers():
    """Those who like me and whom I have not swiped, the newest like first."""
    return jsonify(swipes.followers(g.user_id))
