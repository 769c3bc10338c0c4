"""Which usernames may be registered, and which are one."""

import pytest

from app import names
from tests.people import PASSWORD, Person


@pytest.mark.parametrize("same", ["Иван Петров", " иван петров ", "ИВАН ПЕТРОВ"])
def test_names_with_spaces_that_are_one_belong_to_one_user(server, same):
    account = {"username": "Иван Петров", "password": PASSWORD}
    assert Person.post_json(server, "/register", account).status == 201
    again = Person.post_json(server, "/register", account | {"username": same})
    assert (again.status, again.json["code"]) == (409, "username_taken")
    assert Person.post_json(server, "/login", account | {"username": same}).status == 200


@pytest.mark.parametrize(
    "username",
    [
        "a  b",
        "a\u00a0b",
        "a\u3000b",
        "a\u200bb",
        "24",
        "１２３",
        "1 2",
        "p\u0430ypal",
        "\u0430dmin",
        "Ivan Иванов",
        "ADMIN",
        "ａｄｍｉｎ",
        "System",
        "support",
        "moderator",
        "Deleted User",
        "deleted_user",
        "Администратор",
        "Удалённый пользователь",
        "ádmin",
    ],
)
def test_misleading_usernames_are_refused(server, username):
    answer = Person.post_json(server, "/register", {"username": username, "password": PASSWORD})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "username")


@pytest.mark.parametrize(
    "username", ["anna2", "2anna", "東京タワー", "김철수", "naïve", "o'neil", "Admina", "мария_1"]
)
def test_usernames_of_one_script_are_taken(server, username):
    answer = Person.post_json(server, "/register", {"username": username, "password": PASSWORD})
    assert answer.status == 201


@pytest.mark.parametrize("name", ["Anna Maria", "STRASSE Weg", "Straße weg", "İ b", "ς Σ", "ﬁ x"])
def test_names_with_spaces_keep_the_key_of_an_import(name):
    key = names.login_key(name)
    assert key == names.login_key(key) == names.login_key(f" {name.upper().lower()} ")
