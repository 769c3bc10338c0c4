"""`flask demo`: a town in which somebody can look around."""

import random
import re
from datetime import UTC, datetime

import pytest

from app import create_app, migrate, times
from app.bodies import Profile, SendMessage
from app.demo.people import WORDS, make, words
from app.flask_command import FLASK
from tests.database import dump, rows
from tests.people import PASSWORD, Person
from tests.test_check import check

NOW = datetime(2026, 11, 23, 19, 6, 30, tzinfo=UTC)


def demo(app, *args, **options):
    return app.test_cli_runner().invoke(args=["demo", *args], **options)


@pytest.fixture
def password(app):
    """Everybody's, in a town of 60."""
    result = demo(app, "--people", "60")
    assert result.exit_code == 0, result.output
    return re.search(r"with the password (\S+)\n", result.output)[1]


def test_all_is_well_in_the_town(app, password):
    assert check(app) == (0, "All is well\n")


def test_somebody_known_can_look_around(app, server, password):
    for name, _ in WORDS["known"]:
        credentials = {"username": name, "password": password}
        assert Person.post_json(server, "/login", credentials).status == 200
    anna = Person.__new__(Person)
    anna.server, anna.username, anna.device_id = server, "anna", "phone"
    anna.log_in(password)
    assert anna.get("/me")["location"].endswith("Weimar")
    assert anna.get("/profiles/search?sort=near") != []
    chat = anna.get("/chats")[0]
    assert len(anna.get(f"/chat/messages/{chat['id']}")) > 1
    assert anna.get("/events?after=0")["events"][0]["type"] == "match"


def test_it_all_was_before_now(app, password):
    path, now = app.config["DATABASE_PATH"], times.from_now()
    for table, column in [
        ("users", "last_active"),
        ("swipes", "created_at"),
        ("messages", "created_at"),
    ]:
        ((first, last),) = rows(path, f"SELECT min({column}), max({column}) FROM {table}")
        assert times.from_now(days=-70) < first < last <= now
    later = "SELECT count(*) FROM messages AS one JOIN messages AS next ON next.id = one.id + 1"
    assert rows(path, f"{later} WHERE next.created_at < one.created_at") == [(0,)]


def town(settings, folder, *args):
    path = settings["DATABASE_PATH"] = str(folder / f"{len(list(folder.iterdir()))}.db")
    migrate.migrate(path)
    app = create_app(settings)
    with times.at(NOW):
        assert demo(app, "--people", "20", *args).exit_code == 0
    while app.extensions["idle_connections"]:
        app.extensions["idle_connections"].pop().close()
    found = dump(path)
    del found["settings"]
    return found | {
        "users": [tuple(v for v in row if not str(v).startswith("$2b$")) for row in found["users"]]
    }


def test_the_same_seed_is_the_same_town(settings, tmp_path):
    one, same, other = (town(settings, tmp_path, "--seed", seed) for seed in ("5", "5", "6"))
    assert one == same
    assert one != other


def test_it_refuses_a_database_with_people(app, person):
    person()
    before = dump(app.config["DATABASE_PATH"])
    result = demo(app)
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    for next_step in ("DATABASE_PATH=demo.db", f"{FLASK} migrate && {FLASK} demo"):
        assert next_step in result.output
    assert dump(app.config["DATABASE_PATH"]) == before


def test_one_may_give_the_password(app, server):
    result = demo(app, "--people", "2", "--ask", input=f"{PASSWORD}\n{PASSWORD}\n")
    assert (result.exit_code, PASSWORD in result.output) == (0, False)
    credentials = {"username": "boris", "password": PASSWORD}
    assert Person.post_json(server, "/login", credentials).status == 200


def test_a_short_password_is_refused(app):
    result = demo(app, "--ask", input="short\nshort\n")
    assert (result.exit_code, "8 characters" in result.output) == (1, True)
    assert rows(app.config["DATABASE_PATH"], "SELECT count(*) FROM users") == [(0,)]


def test_nobody_is_or_says_what_the_routes_would_refuse(app):
    with app.app_context():
        app.config["MINIMUM_AGE"] = 30
        for person in make(300, 30, random.Random(3), times.now()):
            Profile(**person.profile, birthday=person.birthday)
        pairs = [pair for topic in WORDS["topics"].values() for pair in topic] + WORDS["closings"]
        for line in [*words("openers"), *words("answers"), *sum(pairs, [])]:
            assert SendMessage(content=line, chat_id=1).content == line
            line.format(name="", quarter="")
