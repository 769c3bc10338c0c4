"""What tests stand on."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage.config import CoverageConfig
from flask import Flask
from redis import Redis

import dev
from app import config, create_app, migrate
from tests import limits, programs
from tests.people import InProcess, Person
from tests.sockets import Socket
from tests.town import Town, eventually


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long",
        action="store_true",
        help="let the tests with faults and load run for many minutes",
    )


def pytest_configure() -> None:
    """Have coverage tell greenlets apart in the processes that we start. Not in this one, which has none: it would give
    a greenlet to each thread, and when two threads end at once, Python 3.11 may turn in a loop without end (a traced
    function within a pending call tries to make the pending calls before it goes on)."""
    if measured := os.environ.get("COVERAGE_PROCESS_CONFIG"):
        config = CoverageConfig.deserialize(measured)
        config.concurrency = ["gevent", "thread"]
        os.environ["COVERAGE_PROCESS_CONFIG"] = config.serialize()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Valkey of our own."""
    processes = dev.Processes()
    command, url = dev.redis_command(processes.folder)
    processes.start("redis", command, {})
    with Redis.from_url(url) as client:
        eventually(lambda: Path(url.removeprefix("unix://")).exists() and client.ping())
    yield url
    processes.stop()


@pytest.fixture
def curl() -> str:
    """The program with which the documents call the routes."""
    return programs.find("curl")


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> dict[str, Any]:
    path = str(tmp_path / "dating.db")
    return config.load(
        limits.NONE | {"DATABASE_PATH": path, "REDIS_URL": redis_url, "BCRYPT_COST": "4"}
    )


@pytest.fixture
def app(settings: dict[str, Any]) -> Iterator[Flask]:
    """The app in this process, on a database file of its own."""
    migrate.migrate(settings["DATABASE_PATH"])
    app = create_app(settings)
    yield app
    app.extensions["connections"].close()
    app.extensions["bell"].redis.close()


@pytest.fixture
def server(app: Flask) -> InProcess:
    return InProcess(app)


@pytest.fixture
def person(server: InProcess) -> Callable[..., Person]:
    """Makes people: `person()`, `person("anna", device_id="tablet")`."""
    return lambda *args, **kwargs: Person(server, *args, **kwargs)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Town]:
    """The real processes, shared by all tests that only talk to them."""
    town = Town(tmp_path_factory.mktemp("town"), redis_url)
    yield town
    town.stop()


@pytest.fixture(scope="session")
def watched_town(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Town]:
    """Another one, whose ws answers `/state`."""
    town = Town(tmp_path_factory.mktemp("watched"), redis_url, ws_app="tests.ws.apps:watched()")
    yield town
    town.stop()


@pytest.fixture
def single_town(tmp_path: Path, redis_url: str) -> Iterator[Town]:
    """Real processes with one of ws, which then holds all sockets."""
    town = Town(tmp_path, redis_url, WS_CONCURRENCY="1")
    yield town
    town.stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., Socket]]:
    """Opens sockets that are closed after the test: `connect(anna)`, `connect(anna, after=7)`."""
    opened: list[Socket] = []

    def open_socket(person: Person, after: int | None = None) -> Socket:
        url = person.post("/ws/start")["url"]
        opened.append(Socket(url if after is None else f"{url}&after={after}"))
        return opened[-1]

    yield open_socket
    for socket in opened:
        socket.close()
