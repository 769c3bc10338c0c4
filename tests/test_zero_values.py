"""Go's zero values in bodies, which mean "not given"."""

import pytest

from tests.people import PASSWORD, Person


@pytest.fixture
def pair(person):
    anna, boris = person("anna"), person("boris")
    return anna, boris, anna.match(boris)


def raw(person, method, path, body):
    """Send bytes as they are."""
    headers = {"Authorization": f"Bearer {person.tokens['access_token']}"}
    return person.server.send(method, path, body, headers)


def test_register_zero_values_are_not_given(server):
    body = {"username": "anna", "password": PASSWORD, "bio": None, "photo_url": ""}
    body |= {"birthday": "", "accept_terms": None}
    assert Person.post_json(server, "/register", body).status == 201


@pytest.mark.parametrize("device_id", [None, ""])
def test_login_zero_device_is_a_device(person, device_id):
    anna = person()
    body = {"username": anna.username, "password": PASSWORD, "device_id": device_id}
    assert Person.post_json(anna.server, "/login", body).status == 200


@pytest.mark.parametrize("user_id", [0, "", "0", None])
def test_refresh_zero_user_is_not_given(person, user_id):
    anna = person()
    body = {"refresh_token": anna.tokens["refresh_token"], "user_id": user_id}
    assert Person.post_json(anna.server, "/refresh", body).status == 200
    assert Person.post_json(anna.server, "/refresh", body | {"user_id": "99"}).status == 401


@pytest.mark.parametrize("user_id", [0, "", "0", None])
@pytest.mark.parametrize("device_id", ["", None])
def test_logout_zero_values_are_not_given(person, user_id, device_id):
    anna = person()
    body = {"user_id": user_id, "device_id": device_id}
    assert anna.call("POST", "/logout", body).status == 200
    assert anna.call("GET", "/me").status == 401


@pytest.mark.parametrize("body", [b"null", b" null\n", b"{}", b""])
def test_logout_empty_body_is_none(person, body):
    assert raw(person(), "POST", "/logout", body).status == 200


@pytest.mark.parametrize("path", ["/ws/start", "/logout-all"])
def test_routes_without_body_ignore_null(person, path):
    assert raw(person(), "POST", path, b"null").status == 200


def test_send_zero_values_are_not_given(pair):
    anna, boris, chat_id = pair
    message = {"id": 0, "sender_id": 0, "is_read": False, "created_at": None, "client_id": None}
    for ids in (
        {"chat_id": chat_id, "receiver_id": 0},
        {"chat_id": 0, "receiver_id": boris.id},
        {"chat_id": None, "receiver_id": boris.id},
        {"chat_id": "", "receiver_id": boris.id},
        {"chat_id": chat_id, "receiver_id": None},
    ):
        sent = anna.post("/messages/send", message | ids | {"content": "hi"})
        assert (sent["chat_id"], sent["receiver_id"]) == (chat_id, boris.id)
    nowhere = message | {"chat_id": 0, "receiver_id": 0, "content": "hi"}
    assert anna.call("POST", "/messages/send", nowhere).status == 422


@pytest.mark.parametrize("receiver_id", [0, None, ""])
def test_reads_zero_receiver_is_not_given(pair, receiver_id):
    anna, boris, chat_id = pair
    message = boris.write(chat_id, "hi")
    body = {"chat_id": chat_id, "receiver_id": receiver_id}
    assert anna.post("/messages/read", body | {"message_ids": [message["id"]]}) == {"status": "ok"}
    assert anna.post("/chat/read", body) is True


@pytest.mark.parametrize("field", ["chat_id", "message_ids"])
@pytest.mark.parametrize("value", [0, "", None, [], [0]])
def test_required_fields_have_no_zero_values(pair, field, value):
    anna, _, chat_id = pair
    body = {"chat_id": chat_id, "message_ids": [1]} | {field: value}
    answer = anna.call("POST", "/messages/read", body)
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize("body", [{"target_id": 0, "action": "like"}, {"target_id": 2}])
def test_swipe_fields_are_required(pair, body):
    assert pair[0].call("POST", "/swipe", body).status == 422


@pytest.mark.parametrize("value", [True, False, [], {}, "x", 1.5, -1])
def test_other_bad_values_are_refused(pair, value):
    anna, _, chat_id = pair
    body = {"chat_id": chat_id, "receiver_id": value, "content": "hi"}
    assert anna.call("POST", "/messages/send", body).status == 422
