"""Accounts, passwords and access tokens."""

import json
import socket
import sys
import time
import unicodedata
from contextlib import suppress
from urllib.parse import urlsplit

import bcrypt
import jwt
import pytest

from app import names, passwords, times
from tests.database import dump, rows
from tests.people import PASSWORD, Person


def register(server, **fields):
    return Person.post_json(server, "/register", fields)


def login(server, **fields):
    return Person.post_json(server, "/login", fields)


def test_registering_answers_with_the_new_id(server):
    answer = register(
        server,
        username=" Anna ",
        password=PASSWORD,
        bio="hi",
        photo_url="https://img.example/1.jpg",
    )
    assert (answer.status, answer.json) == (201, {"message": "Регистрация успешна", "user_id": 1})


@pytest.mark.parametrize("same", ["bob", " Bob", "BOB ", "ｂｏｂ"])
def test_names_that_are_one_belong_to_one_person(server, same):
    assert register(server, username="bob", password=PASSWORD).status == 201
    assert register(server, username=same, password=PASSWORD).json["code"] == "username_taken"
    assert login(server, username=same, password=PASSWORD).json["user_id"] == "1"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "   "),
        ("username", "x" * 65),
        ("username", "anna  maria"),
        ("username", "anna\tmaria"),
        ("username", "👋"),
        ("username", 5),
        ("password", "seven77"),
        ("password", "я" * 37),
        ("password", "with a \x00 in it"),
        ("bio", "x" * 2001),
        ("photo_url", "javascript:alert(1)"),
        ("photo_url", "https://"),
    ],
)
def test_bad_registrations_name_the_field(server, field, value):
    answer = register(server, **({"username": "anna", "password": PASSWORD} | {field: value}))
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


def test_a_password_of_72_bytes_and_blanks_at_its_ends_count(server):
    password = " " + "я" * 35 + " "
    assert register(server, username="anna", password=password).status == 201
    assert login(server, username="anna", password=password).status == 200
    assert login(server, username="anna", password=password.strip()).status == 401


def test_login_answers_in_the_shape_that_first_clients_expect(server, person):
    anna = person("anna")
    answer = login(server, username="anna", password=PASSWORD).json
    assert answer["user_id"] == str(anna.id)
    assert set(answer) == {
        "user_id",
        "access_token",
        "refresh_token",
        "access_expires",
        "refresh_expires",
        "expires_in",
    }
    assert times.from_now(minutes=14) < answer["access_expires"] < times.from_now(minutes=16)
    assert times.from_now(days=29) < answer["refresh_expires"] < times.from_now(days=31)


def test_unknown_name_and_wrong_password_get_the_same_answer(server, person):
    person("anna")
    wrong, unknown = (
        login(server, username=name, password="wrong horse") for name in ("anna", "nobody")
    )
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)
    assert wrong.json["detail"] == "Invalid username or password"


def test_every_wrong_login_does_the_same_work(app, monkeypatch):
    """Hashing at cost n is work of 2^n, whether there is a hash, an older and cheaper one, or none."""
    costs = []

    def hash_nothing(_password, salt):
        costs.append(passwords.cost_of(salt.decode()))
        return b""

    monkeypatch.setattr(passwords, "_hashpw", hash_nothing)
    work = []
    cheap, right = (bcrypt.gensalt(cost, b"2a").decode() + "." * 31 for cost in (10, 12))
    for stored in (None, "not a hash", cheap, right):
        costs.clear()
        with app.app_context():
            assert not passwords.matches("wrong horse", stored, cost=12)
        work.append(sum(2**cost for cost in costs))
    assert work == [2**12] * 4


def test_a_cheaper_hash_is_made_anew_at_the_next_login(server, person, app):
    person("anna")
    app.config["BCRYPT_COST"] = 5
    assert login(server, username="anna", password=PASSWORD).status == 200
    with app.app_context():
        from app.queries import users

        assert passwords.cost_of(users.find_login("anna")["password_hash"]) == 5
    assert login(server, username="anna", password=PASSWORD).status == 200


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} x", "Token {}", "Bearer é"],
)
def test_only_a_bearer_token_lets_in(person, header):
    anna = person()
    headers = (
        {} if header is None else {"Authorization": header.format(anna.tokens["access_token"])}
    )
    answer = anna.server.send("GET", "/me", headers=headers)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_the_scheme_is_case_insensitive(person):
    anna = person()
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {anna.tokens['access_token']}"}
        assert anna.server.send("GET", "/me", headers=headers).status == 200


def test_a_given_secret_signs_instead_of_the_kept_one(person, app):
    app.config["JWT_SECRET"] = "a" * 32
    anna = person()
    assert jwt.decode(anna.tokens["access_token"], "a" * 32, ["HS256"], audience="dating-backend")[
        "sub"
    ] == str(anna.id)


def test_no_token_or_password_is_kept(person, settings):
    anna = person()
    kept = str(dump(settings["DATABASE_PATH"]))
    assert not any(
        secret in kept
        for secret in (anna.tokens["access_token"], anna.tokens["refresh_token"], PASSWORD)
    )


def test_a_canonical_name_is_stable_over_all_of_unicode():
    """A name that had two forms could be registered under the one and taken over under the other."""
    stable = 0
    for letter in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(letter) in ("Cn", "Co", "Cs"):
            continue  # unassigned, private or half a character: never part of a name
        with suppress(ValueError):
            name = names.canonical(f"{letter}a{letter}")
            assert names.canonical(name) == name
            stable += 1
    assert stable > 100_000


def test_of_50_simultaneous_registrations_of_a_name_one_succeeds(town):
    url = urlsplit(town.server.url)
    socks = []
    for number in range(50):
        body = json.dumps(
            {"username": ("Zoe", "zoe", " ZOE ")[number % 3], "password": PASSWORD}
        ).encode()
        socks.append(socket.create_connection((url.hostname, url.port), 10))
        head = (
            b"POST /register HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            % len(body)
        )
        socks[-1].sendall(head + body)
    statuses = []
    for sock in socks:
        with sock, sock.makefile("rb") as answer:
            statuses.append(int(answer.readline().split()[1]))
    assert sorted(statuses) == [201] + [409] * 49
    assert rows(town.database, "SELECT count(*) FROM users WHERE canonical = 'zoe'") == [(1,)]


def test_the_time_of_a_refusal_does_not_tell_who_has_an_account(server, person, app):
    """The area under the ROC curve: 0.5 where nothing can be told. One run of five suffices, since a run is chance;
    an account that can be told from none in most answers (0.65) shows in all five."""
    anna = person("anna")
    app.config["BCRYPT_COST"] = (
        6  # a sixteenth of the time that it takes by default, so that the rest shows more
    )
    anna.log_in()  # makes the hash anew
    assert any(0.45 <= area_under_curve(server, 300) <= 0.55 for _ in range(5))


def area_under_curve(server, pairs):
    seconds = {"anna": [], "nobody": []}
    for number in range(pairs):
        for name in sorted(seconds, reverse=number % 2):
            started = time.perf_counter()
            assert login(server, username=name, password="wrong horse").status == 401
            seconds[name].append(time.perf_counter() - started)
    slower = sum((a > b) + (a == b) / 2 for a in seconds["anna"] for b in seconds["nobody"])
    return slower / pairs**2
