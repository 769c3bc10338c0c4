"""Wrong passwords: what counts, for whom, and that parallel requests count too."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from app import limits, passwords
from app.queries import password_hashes
from tests.database import run
from tests.people import PASSWORD

_hosts = itertools.count(1)


@pytest.fixture
def post(app, person, server):
    """Post JSON from an address, by default from a new one."""
    person("anna")
    app.config["TRUSTED_PROXIES"] = ["127.0.0.1"]
    app.extensions["bell"].redis.flushdb()

    def post(path, body, address=None):
        address = address or f"198.51.100.{next(_hosts)}"
        headers = {"X-Forwarded-For": address}
        return server.send("POST", path, msgspec.json.encode(body), headers)

    return post


def login(password="wrong horse", username="anna"):  # noqa: S107
    return {"username": username, "password": password}


def test_parallel_guesses_at_one_name_stay_within_the_limit(post, app):
    app.config["LIMIT_GUESSES"] = "10 per hour"
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post("/login", login(), "192.0.2.1"), range(59)))
    statuses = [answer.status for answer in answers]
    assert statuses.count(401) == 10
    assert statuses.count(429) == 49


def test_right_password_gives_its_guess_back(post, app):
    app.config["LIMIT_GUESSES"] = "2 per hour"
    assert post("/login", login(), "192.0.2.1").status == 401
    for _ in range(5):
        assert post("/login", login(PASSWORD), "192.0.2.1").status == 200
    assert post("/login", login(), "192.0.2.1").status == 401
    assert post("/login", login(PASSWORD), "192.0.2.1").status == 429


def test_unchecked_password_gives_its_guess_back(post, app, monkeypatch):
    app.config["LIMIT_GUESSES"] = "2 per hour"
    with monkeypatch.context() as busy:
        busy.setattr(passwords, "PATIENCE_SECONDS", 0)
        for _ in range(5):
            assert post("/login", login(), "192.0.2.1").status == 503
    assert post("/login", login(PASSWORD), "192.0.2.1").status == 200


def test_guesses_from_many_addresses_are_slowed_and_owner_gets_in(post, app):
    app.config["LIMIT_GUESSES"] = "8 per hour"
    guesses = [[post("/login", login(), f"192.0.2.{host}") for _ in range(9)] for host in range(14)]
    allowed = [sum(answer.status == 401 for answer in answers) for answers in guesses]
    assert allowed == [8] * limits.ADDRESSES_PER_NAME + [2] * 4
    assert 0 < int(guesses[-1][-1].headers["Retry-After"]) <= 3601
    assert post("/login", login(PASSWORD)).status == 200
    assert post("/login", login(PASSWORD), "192.0.2.13").status == 429
    others = [post("/login", login(username="boris"), "192.0.2.13").status for _ in range(9)]
    assert others == [401] * 8 + [429]


def test_guess_limit_answers_same_for_unknown_names(post, app):
    app.config["LIMIT_GUESSES"] = "2 per hour"
    known = [post("/login", login(), "192.0.2.1").status for _ in range(3)]
    unknown = [post("/login", login(username="none"), "192.0.2.1").status for _ in range(3)]
    assert known == unknown == [401, 401, 429]


@pytest.mark.parametrize("path", ["/login", "/account-deletion"])
def test_login_with_bad_body_counts_for_no_limit(post, app, path):
    app.config["LIMIT_LOGIN"] = "2 per hour"
    app.config["LIMIT_GUESSES"] = "2 per hour"
    for body in ({}, login(username="x" * 1001), {"username": 1}, [], login() | {"username": None}):
        assert post(path, body, "192.0.2.1").status in (400, 422)
    assert post("/login", login(PASSWORD), "192.0.2.1").status == 200


def test_login_beyond_address_limit_does_no_work_on_the_name(post, app, monkeypatch):
    app.config["LIMIT_LOGIN"] = "1 per hour"
    assert post("/login", login(PASSWORD), "192.0.2.1").status == 200
    monkeypatch.setattr("app.names.login_key", None)
    assert post("/login", login(PASSWORD), "192.0.2.1").status == 429


def test_register_counts_accounts_and_not_refusals(post, app):
    app.config["LIMIT_REGISTER"] = "2 per hour"
    refused = [login(username=""), login(username="a  b"), login("short"), {}, login()]
    for body in refused * 2:  # the last is taken
        assert post("/register", body, "192.0.2.1").status in (409, 422)
    names = [f"neighbour{number}" for number in range(3)]
    statuses = [post("/register", login(username=name), "192.0.2.1").status for name in names]
    assert statuses == [201, 201, 429]


def test_register_attempts_have_a_looser_cap(post, app):
    app.config["LIMIT_REGISTER"] = "1 per hour"
    statuses = [
        post("/register", login(), "192.0.2.1").status
        for _ in range(limits.ATTEMPTS_PER_ACCOUNT + 1)
    ]
    assert statuses == [409] * limits.ATTEMPTS_PER_ACCOUNT + [429]
    refusal = post("/register", login(), "192.0.2.1")
    assert 0 < int(refusal.headers["Retry-After"]) <= 3601


def test_parallel_registrations_stay_within_the_limit(post, app):
    app.config["LIMIT_REGISTER"] = "3 per hour"
    bodies = [login(username=f"crowd{number}") for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda body: post("/register", body, "192.0.2.1"), bodies))
    assert [answer.status for answer in answers].count(201) == 3


@pytest.mark.parametrize("cost", [4, 5, 7])
def test_changed_bcrypt_cost_does_not_tell_who_exists(post, app, person, monkeypatch, cost):
    app.config["BCRYPT_COST"] = 6
    person("strong")
    app.config["BCRYPT_COST"] = cost
    person("fresh")
    work, hash_password = [], passwords._hashpw

    def hash_counted(password, salt):
        work.append(2 ** int(salt.split(b"$")[2]))
        return hash_password(password, salt)

    monkeypatch.setattr(passwords, "_hashpw", hash_counted)
    done = {}
    for name in ("anna", "strong", "fresh", "none"):
        work.clear()
        assert post("/login", login(username=name)).status == 401
        done[name] = sum(work)
    assert set(done.values()) == {2 ** max(6, cost)}


def test_imported_hash_of_a_huge_cost_slows_no_login_down(app, settings, person):
    person("anna")
    for number, password_hash in enumerate(("$2a$31$", "$2b$0x$", "plain text", "$2b$17$")):
        person(f"person{number}")
        change = f"UPDATE users SET password_hash = '{password_hash}' WHERE id = {number + 2}"
        run(settings["DATABASE_PATH"], change)
    with app.app_context():
        assert password_hashes.max_cost(passwords.MAX_COST) == 4


def test_address_hashes_one_password_at_a_time(post, app, monkeypatch):
    monkeypatch.setattr(passwords, "_line", threading.Semaphore(4))
    monkeypatch.setattr(passwords, "SLOTS", 4)
    running, most, lock = [], {}, threading.Lock()

    def hash_slowly(_password, salt):
        address = passwords.client_address()
        with lock:
            running.append(address)
            most[address] = max(most.get(address, 0), running.count(address))
            most["all"] = max(most.get("all", 0), len(running))
        time.sleep(0.02)  # the work
        with lock:
            running.remove(address)
        return salt

    monkeypatch.setattr(passwords, "_hashpw", hash_slowly)
    addresses = [f"192.0.2.{host}" for host in range(1, 5)] * 6
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda address: post("/login", login(), address), addresses))
    assert most.pop("all") > 1
    assert set(most.values()) == {1}
    assert len(passwords._address_locks) == 0
