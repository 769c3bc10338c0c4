"""Access tokens that are not ours, or not quite: all get the same answer as no token at all."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from tests.database import rows

DROP = object()
HEADERS = [
    *(
        {"alg": name}
        for name in ("none", "None", "NONE", "nOnE", "", None, 5, "HS384", "HS512", "hs256")
    ),
    *({"alg": name} for name in ("RS256", "ES256", "PS256", "EdDSA")),
    {"alg": DROP},
    {"kid": "../../../dev/null", "alg": "HS512"},
    {"kid": "x' UNION SELECT 'secret' --", "alg": "none"},
    {"jwk": {"kty": "oct", "k": "c2VjcmV0"}, "alg": "HS384"},
    {"jku": "http://127.0.0.1:1/keys", "alg": "RS256"},
    {"crit": ["exp"]},
    {"b64": False, "crit": ["b64"]},
]
CLAIMS = [
    *({name: DROP} for name in ("sub", "sid", "iat", "exp", "iss", "aud", "typ")),
    *({"exp": value} for value in (1, "soon", None, [], 1e400)),
    *({"iat": value} for value in (2**40, "x", None)),
    *({"nbf": value} for value in (2**40, "x")),
    *({"iss": value} for value in ("other", "", ["dating-backend"], None)),
    *(
        {"aud": value}
        for value in ("other", "", ["dating-backend"], ["other", "dating-backend"], None)
    ),
    *({"typ": value} for value in ("refresh", "", None, 1)),
    *(
        {"sub": value}
        for value in ("0", "01", "-1", "x", "1 ", "٣", "9" * 19, 1, True, None, "999")
    ),
    *({"sid": value} for value in (0, -1, 999, 2**64, 1.5, "1", True, None)),
]


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(secret, header, claims, digest=hashlib.sha256):
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), digest))}"


def changed(base, change):
    return {name: value for name, value in (base | change).items() if value is not DROP}


@pytest.fixture
def anna(person):
    return person("anna")


@pytest.fixture
def forge(anna, settings):
    """Signs with the real secret what claims to be anna's, with changes."""
    ((secret,),) = rows(
        settings["DATABASE_PATH"], "SELECT value FROM settings WHERE name = 'jwt_secret'"
    )
    header, claims, _ = anna.tokens["access_token"].split(".")
    header, claims = (
        json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)
    )

    def forge(header_change=None, claims_change=None, **more):
        return sign(
            secret.encode(),
            changed(header, header_change or {}),
            changed(claims, claims_change or {}),
            **more,
        )

    return forge


def answer(person, token):
    told = person.server.send(
        "GET", "/me", headers={"Authorization": f"Bearer {token}", "X-Request-ID": "mine"}
    )
    return told.status, sorted(told.headers.items()), told.body


@pytest.fixture
def refused(anna):
    nothing = answer(anna, "x")
    assert nothing[0] == 401
    return nothing


def test_what_is_forged_here_would_work_unchanged(anna, forge):
    assert answer(anna, forge())[0] == 200


@pytest.mark.parametrize("change", HEADERS, ids=str)
def test_a_header_of_another_kind_is_refused(anna, forge, refused, change):
    unsigned = forge(change).rpartition(".")[0] + "."
    for digest in (hashlib.sha256, hashlib.sha384, hashlib.sha512):
        assert answer(anna, forge(change, digest=digest)) == refused
    assert answer(anna, unsigned) == refused


@pytest.mark.parametrize("change", CLAIMS, ids=lambda change: str(change)[:60])
def test_a_claim_that_is_missing_or_wrong_is_refused(anna, forge, refused, change):
    assert answer(anna, forge(None, change)) == refused


@pytest.mark.parametrize("seconds", [3, 8])
@pytest.mark.parametrize("claim", ["iat", "exp"])
def test_a_clock_some_seconds_off_is_tolerated(anna, forge, claim, seconds):
    now = int(time.time())
    value = now + seconds if claim == "iat" else now - seconds
    assert answer(anna, forge(None, {claim: value}))[0] == 200


@pytest.mark.parametrize("seconds", [12, 60, 3600])
@pytest.mark.parametrize("claim", ["iat", "exp"])
def test_a_clock_further_off_is_not_tolerated(anna, forge, refused, claim, seconds):
    now = int(time.time())
    value = now + seconds if claim == "iat" else now - seconds
    assert answer(anna, forge(None, {claim: value})) == refused


def test_tokens_made_before_the_clock_was_set_back_stay_good(anna, forge, refused):
    now = int(time.time())
    for ahead, expected in ((3600, 200), (86_000, 200), (87_000, 401), (2**62, 401)):
        claims = {"iat": now + ahead, "exp": now + ahead + 900}
        assert answer(anna, forge(None, claims))[0] == expected


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_flipped_bit_is_refused(anna, refused, part):
    parts = anna.tokens["access_token"].split(".")
    for place in range(0, len(parts[part]) - 1, 5):
        letters = list(parts[part])
        letters[place] = "A" if letters[place] != "A" else "B"
        assert (
            answer(anna, ".".join([*parts[:part], "".join(letters), *parts[part + 1 :]])) == refused
        )


def test_other_secrets_of_ours_are_no_access_tokens(anna, refused):
    for token in (
        anna.tokens["refresh_token"],
        anna.post("/ws/start")["session_token"],
        "anna",
        "1",
    ):
        assert answer(anna, token) == refused


def test_what_is_no_token_is_refused(anna, refused):
    token = anna.tokens["access_token"]
    first, second, third = token.split(".")
    for odd in (
        f"{first}.{second}",
        f"{token}.{third}",
        f"{first}..{third}",
        f".{second}.{third}",
        "..",
        token[:-5],
        token.replace(".", "%2e"),
        token + "A" * 9000,
        "A" * 9000,
        f"{first}.{encode(b'[]')}.{third}",
        f"{encode(b'[' * 2000)}.{second}.{third}",
    ):
        assert answer(anna, odd) == refused


@pytest.mark.parametrize("key", [b"", b"secret", b"x" * 32, b"-----BEGIN PUBLIC KEY-----"])
def test_what_another_key_signed_is_refused(anna, refused, key):
    now = int(time.time())
    claims = {"sub": str(anna.id), "sid": 1, "iat": now, "exp": now + 900, "typ": "access"}
    claims |= {"iss": "dating-backend", "aud": "dating-backend"}
    assert answer(anna, sign(key, {"alg": "HS256", "typ": "JWT"}, claims)) == refused
