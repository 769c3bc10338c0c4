"""No route answers 500 for anything that Redis does, however many requests come at once."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

import dev
from app import create_app, limits
from tests.people import PASSWORD, InProcess, Person
from tests.town import Town, eventually

AT_ONCE = 16
ALLOWED = {"/refresh": {200}, "/login": {200, 503}, "/ws/start": {200, 503}, "/me": {200}}


@pytest.fixture
def valkey():
    """Yield the pid and the URL of a Valkey that a test may harm."""
    processes = dev.Processes()
    command, url = dev.redis_command(processes.folder)
    pid = processes.start("redis", command, {})
    eventually(lambda: Path(url.removeprefix("unix://")).exists())
    yield pid, url
    os.kill(pid, signal.SIGCONT)
    processes.stop()


@pytest.fixture
def services(tmp_path, valkey):
    town = Town(tmp_path, valkey[1], only=["web"])
    yield town
    town.stop()


def ask_all(people, path):
    """Return the statuses and the longest duration of requests of all people at once."""

    def ask(person):
        started = time.monotonic()
        if path == "/me":
            status = person.call("GET", path).status
        elif path == "/login":
            body = {"username": person.username, "password": PASSWORD, "device_id": "tablet"}
            status = Person.post_json(person.server, path, body).status
        elif path == "/refresh":
            body = {"refresh_token": person.tokens["refresh_token"]}
            status = Person.post_json(person.server, path, body).status
        else:
            status = person.call("POST", path).status
        return status, time.monotonic() - started

    with ThreadPoolExecutor(len(people)) as pool:
        statuses, durations = zip(*pool.map(ask, people), strict=True)
    return set(statuses), max(durations)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_no_route_answers_500_when_redis_stops(services, valkey, number):
    people = [services.person() for _ in range(AT_ONCE)]
    os.kill(valkey[0], number)
    for path, allowed in ALLOWED.items():
        for _ in range(3):
            statuses, seconds = ask_all(people, path)
            print(f"{path}: {statuses} in {seconds * 1000:.0f} ms at most")
            assert statuses <= allowed
            time.sleep(0.4)  # so that the breaker lets some through again
    os.kill(valkey[0], signal.SIGCONT)
    assert "Traceback" not in services.log.read_text()


def counters(client):
    """Return the keys of the limits, whatever the database's prefix."""
    found = client.keys(f"*:{limits.KEY_PREFIX}:*")
    assert found
    return found


FAULTS = {
    "scripts are gone": lambda client: client.script_flush(),
    "memory is full": lambda client: client.config_set("maxmemory", 1),
    "commands are forbidden": lambda client: client.acl_setuser(
        "default", enabled=True, commands=["-@all", "+ping"], nopass=True, reset=False
    ),
    "values are of another type": lambda client: [
        (client.delete(key), client.lpush(key, "x")) for key in counters(client)
    ],
    "values are no numbers": lambda client: [
        client.set(key, "x", keepttl=True) for key in counters(client)
    ],
    "values of the window before are no numbers": lambda client: [
        client.set(key + b"/-1", "x") for key in counters(client)
    ],
    "values never expire": lambda client: [client.persist(key) for key in counters(client)],
    "values are huge": lambda client: [
        client.set(key, 2**63 - 1, keepttl=True) for key in counters(client)
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_route_answers_500_whatever_redis_answers(app, settings, valkey, fault):
    rates = {name: "5 per hour" for name in settings if name.startswith("LIMIT_")}
    broken = create_app(settings | rates | {"REDIS_URL": valkey[1]})
    anna = Person(InProcess(broken), "anna")
    for _ in range(3):
        refresh(anna)
        anna.call("POST", "/ws/start")
    with Redis.from_url(valkey[1]) as client:
        FAULTS[fault](client)
    answers = []
    for _ in range(7):
        answers.append(refresh(anna))
        answers.append(anna.call("POST", "/ws/start"))
        answers.append(
            Person.post_json(anna.server, "/login", {"username": "anna", "password": "wrong horse"})
        )
        answers.append(Person.post_json(anna.server, "/register", {"username": "anna"}))
    statuses = {answer.status for answer in answers}
    assert statuses <= {200, 401, 422, 429, 503}
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert all(0 < int(answer.headers["Retry-After"]) <= 7201 for answer in refused)
    broken.extensions["connections"].close()
    broken.extensions["bell"].redis.close()


def refresh(person):
    body = json.dumps({"refresh_token": person.tokens["refresh_token"]}).encode()
    return person.server.send("POST", "/refresh", body)
