"""What the import of older databases does with photos and with "unknown", and that its people can save their form."""

import shutil

import bcrypt
import pytest

from app import create_app, migrate
from tests.database import rows, run
from tests.people import PASSWORD, InProcess, Person
from tests.test_migrate import FIRST, migrate_to

BAD = ["javascript:alert(1)", "/uploads/1.jpg", "https://?", "http://[::1", 'https://x.example/"']
GOOD = "https://x.example/1.jpg"


@pytest.fixture
def path(tmp_path):
    return str(shutil.copy(FIRST, tmp_path / "dating.db"))


def give_photos(path):
    for user_id, photo in enumerate([*BAD, GOOD], start=1):
        quoted = photo.replace("'", "''")
        run(path, f"UPDATE users SET photo_url = '{quoted}' WHERE id = {user_id}")


@pytest.mark.parametrize("schema", [0, 5, 6])
def test_bad_photos_are_set_aside(path, tmp_path, monkeypatch, schema):
    if schema:
        scripts = tmp_path / "scripts"
        scripts.mkdir()
        migrate_to(schema, path, scripts, monkeypatch)
    give_photos(path)
    if schema == 6:
        run(path, "UPDATE discovery SET is_pictured = 1 WHERE user_id <= 6")
    migrate.migrate(path)
    assert rows(path, "SELECT photo_url FROM users WHERE id <= 6 ORDER BY id") == [
        *[(None,)] * len(BAD),
        (GOOD,),
    ]
    pictured = "SELECT user_id FROM discovery WHERE is_pictured = 1 AND user_id <= 6"
    assert rows(path, pictured) == [(6,)]
    kept = "SELECT row_id, json_extract(original, '$.photo_url') FROM set_aside"
    assert rows(path, f"{kept} WHERE original LIKE '%photo_url%' ORDER BY row_id") == list(
        enumerate(BAD, start=1)
    )


@pytest.mark.parametrize("schema", [0, 6])
def test_activity_in_the_future_is_dropped(path, tmp_path, monkeypatch, schema):
    if schema:
        scripts = tmp_path / "scripts"
        scripts.mkdir()
        migrate_to(schema, path, scripts, monkeypatch)
        run(path, "UPDATE discovery SET active_since = '2099-01-01T00:00:00.000Z'")
    run(path, "UPDATE users SET last_active = '2099-01-01T00:00:00.000Z'")
    migrate.migrate(path)
    sql = (
        "SELECT DISTINCT last_active, active_since FROM users JOIN discovery ON user_id = users.id"
    )
    assert rows(path, sql) == [(None, None)]


@pytest.mark.parametrize("schema", [0, 6])
def test_unknown_is_unset(path, tmp_path, monkeypatch, schema):
    if schema:
        scripts = tmp_path / "scripts"
        scripts.mkdir()
        migrate_to(schema, path, scripts, monkeypatch)
    run(path, "UPDATE users SET gender = 'unknown', interested_in = ' Unknown ' WHERE id = 1")
    if schema:
        run(
            path,
            "UPDATE discovery SET gender = ' unknown ', interested_in = ' unknown ' WHERE user_id = 1",
        )
    migrate.migrate(path)
    assert rows(path, "SELECT gender, interested_in FROM users WHERE id = 1") == [(None, None)]
    assert rows(path, "SELECT gender, interested_in FROM discovery WHERE user_id = 1") == [
        (" ", " ")
    ]


NAMES = ["24", "admin", "Deleted User", "two  spaces", "Straße Weg", "p\u0430ypal"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_cannot_be_registered_still_log_in(path, settings, name):
    password = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
    run(path, f"UPDATE users SET username = '{name}', password = '{password}' WHERE id = 1")
    settings["DATABASE_PATH"] = path
    migrate.migrate(path)
    app = create_app(settings)
    assert Person(InProcess(app), name).id == 1
    app.extensions["connections"].close()
    app.extensions["bell"].redis.close()


ODD = {
    "bio": "x" * 5000,
    "name": "line\nbreak" * 30,
    "gender": "a" * 40,
    "interested_in": "  spaces  ",
    "location": "\u202ethere" * 90,
    "birthday": "2020-02-03 00:00:00",
    "photo_url": "/uploads/1.jpg",
    "latitude": "0",
    "longitude": "0",
}


def test_an_imported_form_can_be_saved(path, settings):
    password = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode()
    values = ", ".join(f"{field} = '{value}'" for field, value in ODD.items())
    run(path, f"UPDATE users SET password = '{password}', {values} WHERE id = 1")
    settings["DATABASE_PATH"] = path
    migrate.migrate(path)
    app = create_app(settings)
    anna = Person(InProcess(app), "anna")
    me = anna.get("/me")
    assert (me["bio"], me["name"], me["photo_url"]) == (ODD["bio"], ODD["name"], None)
    assert anna.put_me(**me) == anna.patch_me(**me) == anna.get("/me") == me
    for written in ("2020-02-03", "2020-02-03 00:00:00", "2020-02-03T00:00:00+03:00"):
        assert anna.put_me(birthday=written) == me
    for field in ("latitude", "longitude"):
        assert anna.put_me(**{field: me[field]}) == me
    changed = anna.put_me(**me | {"location": "here"})
    assert changed == me | {"location": "here"}
    for field, value in (("bio", "y" * 5000), ("birthday", "2020-02-04")):
        answer = anna.call("PUT", "/me", {field: value})
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)
    app.extensions["connections"].close()
    app.extensions["bell"].redis.close()
