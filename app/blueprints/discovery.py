"""Finding people."""

import random

import msgspec
from flask import Blueprint, Response, g, jsonify, request

from app import cursors, feed, grid, marks, presence, storage_errors, times
from app.auth import signed_in, unauthorized
from app.db import Row, transaction
from app.grid import Point
from app.json import read_query
from app.parameters import FollowerPage, Search
from app.problems import invalid
from app.queries import discovery, origins, swipes
from app.queries.users import public
from app.walks import Walk

LIFETIME_HOURS = (
    1  # of a cursor; for so long it is known where somebody stood who came again meanwhile
)
NEW_PLACE_SECONDS = (
    1.0  # a search waits no longer for the writer before it uses the viewer's own place
)

bp = Blueprint("discovery", __name__)


@bp.get("/profiles/search")
@signed_in
def search():
    """Return users who fit the viewer and are not swiped yet: by ascending id, or as `sort` says.

    The first client pages by `last_seen_id` and takes `null` as the end.
    """
    query, by_last_id = read_query(Search), "last_seen_id" in request.args
    me = discovery.find(g.user_id)
    if me is None:
        raise unauthorized()  # the account was deleted meanwhile
    walk, goes_on = _walk(query, me)
    online = presence.online() if query.online_only else "[]"
    found = feed.page(walk, me, query, online, goes_on, by_last_id)
    if found.passed and not goes_on and not query.online_only:
        marks.keep(found.passed, marks.sought(me, query, found.passed.origin))
    if by_last_id or not query.cursor:
        _keep_page(walk, found, me, query, goes_on)
    is_over = by_last_id and not found.users and not found.next
    response = jsonify(None if is_over else found.users)
    if found.next:
        response.headers["Link"] = cursors.next_link(
            cursor=cursors.seal(msgspec.to_builtins(found.next))
        )
    if found.is_cut:
        response.headers["X-Search"] = "widened"
    return response


@bp.get("/followers")
@signed_in
def followers():
    """Those who like me and whom I have not swiped, the newest like first."""
    query = read_query(FollowerPage)
    before = None if query.cursor is None else cursors.unseal(query.cursor)
    rows = swipes.followers(g.user_id, before, query.page_size + 1)
    response: Response = jsonify([public(row) for row in rows[: query.page_size]])
    if len(rows) > query.page_size:
        response.headers["Link"] = cursors.next_link(cursor=cursors.seal(rows[-2]["like_id"]))
    return response


def _keep_page(walk: Walk, page: feed.Page, me: Row, query: Search, goes_on: bool) -> None:
    """Keep where the list goes on after a page, unless it goes on with the ids after its last one."""
    following = page.next or feed.ended(walk)
    last_id = page.users[-1]["id"] if page.users else query.last_seen_id
    is_by_id = following.sort is None and not (following.at and last_id > following.at[1])
    if last_id and (goes_on or not is_by_id):
        marks.keep_page(following, last_id, _list_sought(me, query, walk.origin))


def _list_sought(me: Row, query: Search, origin: Point | None) -> str:
    """Name a list, the same for all its pages."""
    return marks.sought(me, msgspec.structs.replace(query, last_seen_id=0, cursor=None), origin)


def _walk(query: Search, me: Row) -> tuple[Walk, bool]:
    """The walk to go on with, and whether earlier pages went there; or a new one."""
    if query.cursor is None:
        origin = _origin(query, me)
        if query.last_seen_id and (
            kept := marks.find_page(g.user_id, query.last_seen_id, _list_sought(me, query, origin))
        ):
            return kept, True
        if not query.online_only and (
            mark := marks.find(g.user_id, marks.sought(me, query, origin))
        ):
            return mark, False
        now, turn = times.from_now(), random.randint(0, me["last_id"])  # noqa: S311
        return Walk(g.user_id, query.sort, origin, now, me["first_came"] or now, turn), False
    try:
        walk = msgspec.convert(cursors.unseal(query.cursor), Walk)
    except msgspec.ValidationError:  # from before a deploy that changed it
        raise cursors.refused() from None
    if query.sort not in (None, walk.sort):
        raise cursors.refused()
    if walk.began < times.from_now(hours=-LIFETIME_HOURS):
        raise invalid("cursor", "is too old; begin anew, without one")
    return walk, True


def _origin(query: Search, me: Row) -> Point | None:
    """The place that is asked for, as a point of the grid, while there were few of them today; else my own, also while
    the database cannot take the place down."""
    if query.latitude is not None:
        asked = grid.snap(query.latitude, query.longitude)
        cell = grid.cell(*asked, grid.GRID_KM)
        if origins.is_admitted(g.user_id, cell):
            return asked
        with storage_errors.tolerated(), transaction(patience=NEW_PLACE_SECONDS):
            if origins.admit(g.user_id, cell):
                return asked
    return None if me["latitude"] is None else Point(me["latitude"], me["longitude"])
