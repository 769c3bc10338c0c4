"""Accounts, passwords and access tokens."""

import time

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
    answer = register(server, username=" Anna ", password=PASSWORD, bio="hi", photo_url="https://img.example/1.jpg")
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
        ("username", "anna maria"),
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
    assert set(answer) == {"user_id", "access_token", "refresh_token", "access_expires", "refresh_expires"}
    assert times.from_now(minutes=14) < answer["access_expires"] < times.from_now(minutes=16)
    assert times.from_now(days=29) < answer["refresh_expires"] < times.from_now(days=31)


def test_unknown_name_and_wrong_password_get_the_same_answer(server, person):
    person("anna")
    wrong, unknown = (login(server, username=name, password="wrong horse") for name in ("anna", "nobody"))
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
    "change",
    [
        {"exp": int(time.time()) - 1},
        {"sub": "2"},
        {"sub": "x"},
        {"sub": "9" * 19},
        {"sid": 2**64},
        {"sid": 99},
        {"sid": "1"},
        {"typ": "refresh"},
        {"iss": "other"},
        {"aud": "other"},
        *({name: None} for name in ("exp", "sub", "sid", "iat", "iss", "aud", "typ")),
    ],
)
def test_an_access_token_must_say_all_and_say_it_right(person, settings, change):
    anna = person()
    ((secret,),) = rows(settings["DATABASE_PATH"], "SELECT value FROM settings WHERE name = 'jwt_secret'")
    claims = jwt.decode(anna.tokens["access_token"], options={"verify_signature": False}) | change
    claims = {name: value for name, value in claims.items() if value is not None}
    anna.tokens["access_token"] = jwt.encode(claims, secret, "HS256")
    assert anna.call("GET", "/me").status == 401


@pytest.mark.parametrize("key", ["", "x" * 32])
def test_an_access_token_must_be_signed_by_us(person, key):
    anna = person()
    claims = jwt.decode(anna.tokens["access_token"], options={"verify_signature": False})
    anna.tokens["access_token"] = jwt.encode(claims, key, "HS256" if key else "none")
    assert anna.call("GET", "/me").status == 401


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} x", "Token {}", "Bearer é"]
)
def test_only_a_bearer_token_lets_in(person, header):
    anna = person()
    headers = {} if header is None else {"Authorization": header.format(anna.tokens["access_token"])}
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
    assert jwt.decode(anna.tokens["access_token"], "a" * 32, ["HS256"], audience="dating-backend")["sub"] == str(
        anna.id
    )


def test_no_token_or_password_is_kept(person, settings):
    anna = person()
    kept = str(dump(settings["DATABASE_PATH"]))
    assert not any(secret in kept for secret in (anna.tokens["access_token"], anna.tokens["refresh_token"], PASSWORD))


@pytest.mark.parametrize("name", ["Bob", "дмитрий", "ΩΜΈΓΑ", "İstanbul", "ｂｏｂ", "ß", "a-b_c.d"])
def test_a_canonical_name_is_stable(name):
    assert names.canonical(names.canonical(name)) == names.canonical(name)
