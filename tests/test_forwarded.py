"""What a client can make the service believe about its proxy."""

import pytest

from tests.test_availability import connect, read_to_the_end
from tests.town import Town

SECURE = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.example"}


@pytest.fixture(scope="module")
def proxied(tmp_path_factory, redis_url):
    """Services that trust a proxy on this machine, which the tests are."""
    folder = tmp_path_factory.mktemp("proxied")
    town = Town(folder, redis_url, TRUSTED_PROXIES="127.0.0.0/8")
    yield town
    town.stop()


def url_of_start(town, **headers):
    token = town.person().tokens["access_token"]
    headers |= {"Authorization": f"Bearer {token}"}
    return town.server.send("POST", "/ws/start", headers=headers).json["url"]


def test_a_trusted_proxy_says_scheme_and_host(proxied):
    port = proxied.env["WS_PORT"]
    assert url_of_start(proxied, **SECURE).startswith(f"wss://a.example:{port}/")


def test_the_last_proxy_counts(proxied):
    headers = {"X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, a.example"}
    assert url_of_start(proxied, **headers).startswith("wss://a.example:")


@pytest.mark.parametrize("proto", ["http", "", "ftp"])
def test_a_proxy_without_tls_gets_ws(proxied, proto):
    assert url_of_start(proxied, **{"X-Forwarded-Proto": proto}).startswith("ws://127.0.0.1:")


@pytest.mark.parametrize(
    "headers",
    [
        SECURE,
        {"X-Forwarded-Protocol": "ssl"},
        {"X-Forwarded-Ssl": "on"},
        {"Forwarded": "proto=https;host=a.example"},
    ],
)
def test_another_client_on_this_machine_says_nothing(town, headers):
    assert url_of_start(town, **headers).startswith("ws://127.0.0.1:")


@pytest.mark.parametrize("fixture", ["town", "proxied"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCRIPT_NAME", "/healthz"),
        ("Script-Name", "/healthz"),
        ("PATH_INFO", "/me"),
        ("REMOTE_USER", "1"),
        ("REMOTE_ADDR", "10.0.0.1"),
        ("X_Forwarded_Proto", "https"),
    ],
)
def test_a_header_is_no_variable_of_the_server(request, fixture, name, value):
    server = request.getfixturevalue(fixture).server
    assert server.send("GET", "/healthz", headers={name: value}).status == 200
    assert server.send("GET", "/ping", headers={name: value}).body.endswith(b"pong")
    assert server.send("GET", "/healthz/me", headers={name: value}).status == 404


def test_schemes_that_differ_are_no_error(town):
    head = b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    both = b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n\r\n"
    assert read_to_the_end(connect(town.server.url, head + both)).startswith(b"HTTP/1.1 200 ")
