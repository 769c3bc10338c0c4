"""Which pages and apps may call."""

import pytest

from app import config, cors_origins
from tests.people import InProcess

LISTED = "https://a.example,https://*.wild.example,capacitor://localhost,http://localhost:3000"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x-own"}


@pytest.fixture
def listed(app, settings):
    app.config["CORS_ORIGINS"] = cors_origins.parse(LISTED)
    return InProcess(app)


@pytest.mark.parametrize(
    "origin",
    [
        "https://a.example",
        "HTTPS://A.Example",
        "https://a.example:443",
        "https://x.wild.example",
        "https://x.y.wild.example",
        "https://x--1.wild.example",
        "capacitor://localhost",
        "http://localhost:3000",
    ],
)
def test_a_listed_origin_is_allowed(origin):
    assert cors_origins.is_allowed(origin, cors_origins.parse(LISTED))


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "a.example",
        "http://a.example",
        "https://a.example:8443",
        "https://a.example.evil.example",
        "https://xa.example",
        "https://x.a.example",
        "https://wild.example",
        "https://.wild.example",
        "https://x..wild.example",
        "https://xwild.example",
        "https://xwild.example.evil.net",
        "https://x.wild.example.evil.net",
        "https://evil.net/.wild.example",
        "https://evil.net?.wild.example",
        "https://evil.net#.wild.example",
        "https://evil.net:1.wild.example",
        "https://user@x.wild.example",
        "https://x.wild.example:8443",
        "https://x.wild.example\n",
        "https://*.wild.example",
        "https://xywild1example",
        "http://x.wild.example",
        "capacitor://localhost2",
        "tauri://localhost",
        "http://localhost",
        "https://a.example, https://b.example",
    ],
)
def test_another_origin_is_not_allowed(origin):
    assert not cors_origins.is_allowed(origin, cors_origins.parse(LISTED))


@pytest.mark.parametrize("origin", ["https://a.example", "null", "", "capacitor://localhost"])
def test_any_origin_is_allowed_by_the_default(origin):
    assert cors_origins.is_allowed(origin, config.load({})["CORS_ORIGINS"])


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("capacitor://localhost", ["capacitor://localhost"]),
        ("tauri://localhost, ionic://localhost", ["tauri://localhost", "ionic://localhost"]),
        ("app://.", ["app://."]),
        ("HTTPS://A.Example:443/", ["https://a.example"]),
        ("http://[::1]:3000,", ["http://[::1]:3000"]),
        ("http://a.example:080", ["http://a.example"]),
        ("chrome-extension://abcdef", ["chrome-extension://abcdef"]),
        ("https://*.Example.com", ["https://*.example.com"]),
        ("*", ["*"]),
    ],
)
def test_an_origin_of_any_scheme_is_a_setting(value, parsed):
    assert config.load({"CORS_ORIGINS": value})["CORS_ORIGINS"] == parsed


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example/path",
        "https://a.example//",
        "https://user@a.example",
        "https://a.example?x",
        "https://*",
        "https://*.",
        "*://a.example",
        "https://a*.example",
        "https://x.*.example",
        "https://**.example",
        "https://*.*.example",
        "*.example",
        "https://a.example:0",
        "https://a.example:65536",
        "https://a.example:*",
        "https://a .example",
        "https://ä.example",
        "null",
        "a.example",
        ".*",
        "https://.*",
        "capacitor:localhost",
        "https://a.example https://b.example",
    ],
)
def test_another_value_is_refused_in_one_line(value):
    with pytest.raises(config.BadSetting) as error:
        config.load({"CORS_ORIGINS": value})
    assert str(error.value).startswith("CORS_ORIGINS must be * or origins")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/ping", 200), ("GET", "/me", 401), ("GET", "/nope", 404), ("PATCH", "/login", 405)],
)
def test_every_answer_to_a_listed_origin_says_so(listed, method, path, status):
    answer = listed.send(method, path, headers={"Origin": "https://a.example"})
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Vary"] == "Origin"


def test_a_500_says_so_too(listed, app):
    app.view_functions["system.ping"] = lambda: 1 / 0
    answer = listed.send("GET", "/ping", headers={"Origin": "capacitor://localhost"})
    assert answer.status == 500
    assert answer.headers["Access-Control-Allow-Origin"] == "capacitor://localhost"


@pytest.mark.parametrize("headers", [{"Origin": "https://b.example"}, {"Origin": "null"}, {}])
def test_an_answer_to_another_origin_only_varies(listed, headers):
    answer = listed.send("GET", "/ping", headers=headers)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


def test_the_default_answers_any_origin_alike(server):
    for headers in ({}, {"Origin": "https://b.example"}, {"Origin": "null"}):
        answer = server.send("GET", "/nope", headers=headers)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Vary" not in answer.headers


@pytest.mark.parametrize("path", ["/me", "/nope", "/user/x", "/login"])
def test_a_preflight_of_any_path_is_answered(listed, path):
    headers = PREFLIGHT | {"Origin": "https://x.wild.example"}
    answer = listed.send("OPTIONS", path, headers=headers)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://x.wild.example"
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert answer.headers["Access-Control-Allow-Headers"] == "x-own"
    assert answer.headers["Access-Control-Max-Age"] == "600"


def test_a_preflight_of_another_origin_allows_nothing(listed):
    answer = listed.send("OPTIONS", "/me", headers=PREFLIGHT | {"Origin": "https://b.example"})
    assert not any(name.startswith("Access-Control-Allow") for name in answer.headers)


def test_options_without_a_preflight_names_the_methods(listed):
    answer = listed.send("OPTIONS", "/me", headers={"Origin": "https://a.example"})
    assert "PUT" in answer.headers["Allow"]


def test_a_refusal_before_the_app_names_any_origin(town):
    answer = town.server.send("GET", "/" + "x" * 10_000)
    assert answer.status == 414
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
