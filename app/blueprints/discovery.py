"""Finding people."""

from flask import Blueprint, g, jsonify

from app.auth import signed_in
from app.bodies import Search
from app.json import read_query
from app.queries import discovery, swipes, users

bp = Blueprint("discovery", __name__)


@bp.get("/profiles/search")
@signed_in
def search():
    """People I have not swiped, by ascending id, a page at a time."""
    query = read_query(Search)
    place = query if query.latitude is not None else users.find_own(g.user_id)
    origin = (place.latitude, place.longitude) if place is query else (place["latitude"], place["longitude"])
    return jsonify(discovery.search(g.user_id, query, *origin))


@bp.get("/followers")
@signed_in
def followers():
    """Those who like me and whom I have not swiped, the newest like first."""
    return jsonify(swipes.followers(g.user_id))
