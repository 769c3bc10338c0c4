"""Texts that nobody can see, and halves of emojis."""

import json

import pytest
from precis_i18n.unicode import UnicodeData

from app import unicode
from tests.people import PASSWORD, Person

INVISIBLE = [
    " ",
    "\u200b",
    "\u00ad\ufeff",
    "\u3164",
    "\u2800",
    " \u2060\u00a0\t\n",
    "\U000e0041",
    "\ufe0f",
    "\x01",
]


@pytest.fixture
def pair(person):
    anna, boris = person("anna"), person("boris")
    return anna, boris, anna.match(boris)


def raw(person, method, path, body):
    """Send bytes as they are."""
    headers = {"Authorization": f"Bearer {person.tokens['access_token']}"}
    return person.server.send(method, path, body, headers)


def test_ignorables_are_those_of_unicode():
    ucd = UnicodeData()
    ignorable = {chr(code) for code in range(0x110000) if ucd.default_ignorable(code)}
    every = "".join(map(chr, range(0x110000)))
    assert set(every) - set(unicode.without_ignorables(every)) == ignorable


@pytest.mark.parametrize("text", INVISIBLE)
def test_invisible_content_is_empty(pair, text):
    anna, _, chat_id = pair
    answer = anna.call("POST", "/messages/send", {"chat_id": chat_id, "content": text})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "content")


@pytest.mark.parametrize("text", INVISIBLE)
def test_invisible_username_is_refused(server, text):
    answer = Person.post_json(server, "/register", {"username": text, "password": PASSWORD})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "username")


@pytest.mark.parametrize("text", INVISIBLE)
def test_invisible_profile_texts_clear(person, text):
    anna = person()
    fields = ("name", "gender", "interested_in", "bio", "location", "photo_url")
    anna.put_me(**{field: "https://x.example/1.jpg" for field in fields})
    me = anna.put_me(**{field: text for field in fields})
    assert [me[field] for field in fields] == [""] * 6


def test_visible_text_keeps_its_invisible_characters(pair):
    anna, _, chat_id = pair
    family = "👩\u200d👩\u200d👧 ❤\ufe0f "
    assert anna.write(chat_id, family)["content"] == family


@pytest.mark.parametrize(
    ("escaped", "stored"),
    [
        (rb"\ud83d", "\ufffd"),
        (rb"\ude00", "\ufffd"),
        (rb"\ude00\ud83d", "\ufffd\ufffd"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\uD83D\uDE00\uDE00", "😀\ufffd"),
        (rb"\\ud83d", "\\ud83d"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\ud83d\\ude00", "\ufffd\\ude00"),
    ],
)
def test_half_an_emoji_becomes_a_replacement_character(pair, escaped, stored):
    anna, _, chat_id = pair
    body = b'{"chat_id": %d, "content": "hi %s"}' % (chat_id, escaped)
    answer = raw(anna, "POST", "/messages/send", body)
    assert (answer.status, answer.json["content"]) == (201, f"hi {stored}")
    profile = raw(anna, "PUT", "/me", b'{"bio": "%s", "\\ud800": "\\udfff"}' % escaped)
    assert (profile.status, profile.json["bio"]) == (200, stored)


def test_half_an_emoji_does_not_hide_a_name_from_limits(app, person):
    app.config["LIMIT_GUESSES"] = "2 per hour"
    anna = person()
    body = json.dumps({"username": anna.username, "password": "wrong horse"}).encode()
    hidden = body[:-1] + b', "device_id": "\\ud83d"}'
    answers = [anna.server.send("POST", "/login", each) for each in (body, body, hidden)]
    assert [answer.status for answer in answers] == [401, 401, 429]


def test_half_an_emoji_in_a_frame_is_no_reason_to_drop_it(town, connect):
    anna, boris = town.person(), town.person()
    chat_id = anna.match(boris)
    ours, theirs = connect(anna), connect(boris)
    ours.send(f'{{"type": "typing", "draft": "\\ud83d", "chat_id": {chat_id}}}')
    assert theirs.receive() == {"type": "typing", "chat_id": chat_id, "user_id": anna.id}
