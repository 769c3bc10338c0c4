"""What nobody should send: always a clear error of the one shape, never a 500."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_access import MATRIX

TOO_LARGE = b'{"username": "' + b"x" * 1_000_000 + b'"}'
NOT_JSON = [
    b"",
    b"{",
    b"nul",
    b"\xff",
    b'"\xed\xa0\x80"',
    b'{"a": NaN}',
    b"\xef\xbb\xbf{}",
]
NOT_OBJECTS = [b"[]", b"1", b"null", b'"x"', b"[[[[]]]]"]
DEEP = b'{"a": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
# These take less than the others.
CREDENTIALS = {"POST /register", "POST /login", "POST /refresh", "PUT /me/password", "DELETE /me"}
CREDENTIALS |= {"POST /account-deletion"}
TAKES_BODY = [name for name, route in MATRIX.items() if route.body]


def assert_problem(answer, status):
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert (
        problem["title"]
        and problem["detail"]
        and problem["code"] == problem["code"].lower().replace(" ", "_")
    )
    assert (status == 422) == ("errors" in problem)


@pytest.fixture
def send(person):
    anna = person()
    headers = {"Authorization": f"Bearer {anna.tokens['access_token']}"}

    def send(name, body):
        method, path = name.split()
        return anna.server.send(
            method, path.replace("<id:user_id>", "1").replace("<id:chat_id>", "1"), body, headers
        )

    return send


@pytest.mark.parametrize("name", TAKES_BODY)
def test_a_body_must_be_a_json_object_of_moderate_size(send, name):
    for body in [*NOT_JSON, *NOT_OBJECTS, DEEP]:
        assert_problem(send(name, body), 413 if name in CREDENTIALS and len(body) > 16_384 else 400)
    assert_problem(send(name, TOO_LARGE), 413)


@pytest.mark.parametrize("name", TAKES_BODY)
def test_every_field_of_every_body_is_checked(send, name):
    for field in MATRIX[name].body:
        for value in (True, 1.5, [], {}, int("9" * 23), "a\x00b", -1):
            body = MATRIX[name].body | {field: value}
            answer = send(name, json.dumps(body).encode())
            assert answer.status in (404, 422), (field, value, answer)


ids = st.sampled_from([0, -1, 1, 2, 2**63 - 1, 2**63, 10**23, "1", "x", 1.0, None])
texts = st.text() | st.sampled_from(
    ["\x00", "😀" * 100, "like", "x" * 5000, "%_\\", "2000-01-01", "https://x.example"]
)
values = st.recursive(
    ids | texts | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
FIELDS = """username password bio photo_url device_id refresh_token user_id name gender birthday interested_in location
    latitude longitude target_id action chat_id receiver_id content client_id message_ids""".split()
bodies = st.dictionaries(st.sampled_from(FIELDS) | texts, values, max_size=8).map(
    lambda body: json.dumps(body).encode()
)


@pytest.mark.parametrize("name", sorted(set(MATRIX) - {"POST /logout"}))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=bodies | st.binary(max_size=200))
def test_no_body_makes_a_500(send, name, body):
    answer = send(name, body)
    assert answer.status < 500
    if answer.status >= 400:
        assert_problem(answer, answer.status)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from(["/profiles/search", "/chats", "/chat/messages/1"]),
    query=st.dictionaries(
        st.sampled_from(
            "page_size last_seen_id gender min_age max_distance_km has_photo latitude before limit".split()
        ),
        texts | ids.map(str),
    ),
)
def test_no_query_makes_a_500(person, path, query):
    from urllib.parse import urlencode

    anna = person.anna = getattr(person, "anna", None) or person()
    assert anna.call("GET", f"{path}?{urlencode(query)}").status in (200, 404, 422)


def test_what_is_unknown_is_ignored(person):
    anna = person()
    assert anna.put_me(bio="hi", unknown={"deep": [1]})["bio"] == "hi"
    assert anna.get("/profiles/search?unknown=1") == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "FOO"])
def test_a_wrong_method_is_a_405_that_names_the_right_ones(server, method):
    answer = server.send(method, "/login")
    assert_problem(answer, 405)
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/me/", "//me", "/user/", "/user/1/2", "/static/x", "/%00"]
)
def test_an_unknown_route_is_a_404(server, path):
    assert_problem(server.send("GET", path), 404)


def test_errors_tell_nothing_of_the_inside(person, settings, app):
    anna = person()
    app.view_functions["profiles.show_me"] = lambda: 1 / 0
    answer = anna.call("GET", "/me")
    assert_problem(answer, 500)
    assert b"division" not in answer.body and b"Traceback" not in answer.body


def test_any_content_type_will_do(server):
    body = json.dumps({"username": "anna", "password": "correct horse"}).encode()
    for content_type, status in (
        ("text/plain", 201),
        ("application/x-www-form-urlencoded", 409),
        ("", 409),
    ):
        assert (
            server.send("POST", "/register", body, {"Content-Type": content_type}).status == status
        )


def test_flasks_own_ways_to_json_work(app):
    answer = app.test_client().post(
        "/register", json={"username": "anna", "password": "correct horse"}
    )
    assert answer.get_json()["user_id"] == 1


def test_web_pages_of_listed_origins_may_call(app, server, settings):
    answer = server.send(
        "OPTIONS",
        "/me",
        headers={"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"},
    )
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    answer = server.send("GET", "/me", headers={"Origin": "https://a.example"})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, "*")
