"""What nobody may write."""

import pytest

from app import config, create_app, filters, migrate
from tests.people import PASSWORD, InProcess, Person


@pytest.fixture
def strict(settings, tmp_path):
    """An app with a list of words."""
    path = tmp_path / "words.txt"
    path.write_text("# what we do not want\nSwine\nfree money\n\nстрасс\n", "utf-8")
    settings["BLOCKED_WORDS_FILE"] = str(path)
    migrate.migrate(settings["DATABASE_PATH"])
    app = create_app(settings)
    yield app
    app.extensions["connections"].close()
    app.extensions["bell"].redis.close()


@pytest.mark.parametrize(
    "text",
    [
        "swine",
        "You SWINE!",
        "ｓｗｉｎｅ",
        "free  money now",
        "Free, MONEY",
        "Страсс",
        "s\u200bw\u2060i\ufeffne",
        "sw\u00adine",
        "s\u0336w\u0336i\u0336n\u0336e\u0336",
        "swi\u0301ne",
        "swíne",
        "sw\u034fine",
        "swi\ufe0fne",
        "\U0001d4c8\U0001d4cc\U0001d4be\U0001d4c3\U0001d452",
        "ⓢⓦⓘⓝⓔ",
        "s\u20ddwine",
        "fr\u200dee money",
    ],
)
def test_a_listed_word_is_refused_however_it_is_written(strict, text):
    with strict.app_context():
        assert filters.check(text) == "has words that are not allowed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "swineherd",
        "money is free",
        "# what we do not want",
        "free",
        "?!",
        "\u0455wine",  # a Cyrillic letter that looks alike: documented as not caught
        "s w i n e",
        "sw1ne",
    ],
)
def test_what_is_not_listed_may_be_said(strict, text):
    with strict.app_context():
        assert filters.check(text) is None


def test_without_a_list_all_may_be_said(app):
    with app.app_context():
        assert filters.check("swine") is None


def test_profiles_and_messages_go_through_it_and_the_field_is_named(strict):
    server = InProcess(strict)
    anna, boris = Person(server, "anna"), Person(server, "boris")
    chat_id = anna.match(boris)
    asked = [
        ("PUT", "/me", field) for field in ("name", "gender", "interested_in", "bio", "location")
    ]
    for method, path, field in [*asked, ("POST", "/messages/send", "content")]:
        answer = anna.call(method, path, {"chat_id": chat_id, field: "a swine"})
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)
        assert b"swine" not in answer.body
    account = {"username": "clara", "password": PASSWORD}
    for more in ({"username": "swine"}, {"bio": "swine"}):
        answer = Person.post_json(server, "/register", account | more)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, *more)
    assert (
        anna.call(
            "POST", "/reports", {"user_id": boris.id, "category": "other", "comment": "swine"}
        ).status
        == 201
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_list_that_cannot_be_read_stops_the_start(tmp_path, content):
    path = tmp_path / "words.txt"
    if content:
        path.write_bytes(content)
    with pytest.raises(config.BadSetting, match="BLOCKED_WORDS_FILE must be a file of UTF-8 text"):
        config.load({"BLOCKED_WORDS_FILE": str(path)})
