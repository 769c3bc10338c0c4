"""Addresses of photos."""

import pytest

from app.urls import is_web_url
from tests.people import PASSWORD, Person


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/1.jpg",
        "HTTP://X.EXAMPLE",
        "http://127.0.0.1:8080/a?b=c&d=%20#e",
        "https://[2001:db8::1]:443/",
        "https://пример.рф/фото.jpg",
    ],
)
def test_web_urls_are_taken(url):
    assert is_web_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://?",
        "https://",
        "https:///x",
        "https://#x",
        "https://:80/",
        "http://[::1",
        "http://[::1]x/",
        "http://[zz]/",
        "http://[1:2]/",
        "http://x.example:99999/",
        "http://x.example:port/",
        "https://x..example/",
        "https://x.example/<script>",
        'https://x.example/"onload="',
        "https://x.example/'",
        "https://x.example/`",
        "https://x.example/a b",
        "https://x.example/\njavascript:alert(1)",
        "https://x.example/\u00a0x",
        "https://x.example/\u202egpj.exe",
        "https://x.example\\@evil.example",
        "https://%41/",
        "https://x.example@y.example@z.example/",
        "javascript:alert(1)//http://x.example",
        "data:text/html,x",
        "//x.example/1.jpg",
        "/uploads/1.jpg",
        "https:x.example",
    ],
)
def test_other_texts_are_no_photo(person, url):
    assert not is_web_url(url)
    for method in ("PUT", "PATCH"):
        answer = person().call(method, "/me", {"photo_url": url})
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "photo_url")


def test_a_bad_photo_is_refused_at_registration(server):
    account = {"username": "anna", "password": PASSWORD, "photo_url": "https://?"}
    answer = Person.post_json(server, "/register", account)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "photo_url")
