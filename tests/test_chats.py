"""Chats, messages and read marks."""

import pytest

from tests.database import rows


@pytest.fixture
def pair(person):
    anna, boris = person(), person()
    return anna, boris, anna.match(boris)


def events(settings, person):
    sql = "SELECT type FROM events WHERE user_id = ? AND type <> 'match' ORDER BY seq"
    return [type_ for (type_,) in rows(settings["DATABASE_PATH"], sql, [person.id])]


def test_a_message_reaches_the_other_member(pair, settings):
    anna, boris, chat_id = pair
    sent = anna.write(chat_id, " Привет!\n")
    assert sent | {"created_at": "", "id": 0} == {
        "id": 0,
        "sender_id": anna.id,
        "receiver_id": boris.id,
        "chat_id": chat_id,
        "content": " Привет!\n",
        "is_read": False,
        "created_at": "",
    }
    assert boris.get(f"/chat/messages/{chat_id}")[-1] == sent
    assert (events(settings, anna), events(settings, boris)) == ([], ["message"])


def test_a_chat_can_be_named_by_its_other_member(pair):
    anna, boris, chat_id = pair
    for address in (
        {"receiver_id": boris.id},
        {"chat_id": chat_id, "receiver_id": boris.id},
        {"chat_id": chat_id},
    ):
        assert anna.post("/messages/send", address | {"content": "hi"})["chat_id"] == chat_id


def test_the_other_member_is_checked_never_trusted(pair, person):
    anna, _, chat_id = pair
    stranger = person()
    for route, more in (
        ("/messages/send", {"content": "hi"}),
        ("/chat/read", {}),
        ("/messages/read", {"message_ids": [1]}),
    ):
        body = {"chat_id": chat_id, "receiver_id": stranger.id} | more
        answer = anna.call("POST", route, body)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, "receiver_id")


@pytest.mark.parametrize(
    "body",
    [
        {"content": ""},
        {"content": " \n\t"},
        {"content": "x" * 4001},
        {"content": "a\x00"},
        {"content": None},
        {"chat_id": 0},
        {"chat_id": None},
        {"client_id": ""},
        {"client_id": "x" * 65},
        {"receiver_id": -1},
    ],
)
def test_bad_messages_are_refused_and_nothing_is_kept(pair, body):
    anna, _, chat_id = pair
    assert (
        anna.call("POST", "/messages/send", {"chat_id": chat_id, "content": "hi"} | body).status
        == 422
    )
    assert len(anna.get(f"/chat/messages/{chat_id}")) == 1


def test_a_retried_send_is_one_message(pair, settings):
    anna, boris, chat_id = pair
    body = {"chat_id": chat_id, "content": "hi", "client_id": "a-1"}
    first, again = (
        anna.call("POST", "/messages/send", body),
        anna.call("POST", "/messages/send", body),
    )
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    assert len(boris.get(f"/chat/messages/{chat_id}")) == 2
    assert events(settings, boris) == ["message"]
    assert boris.call("POST", "/messages/send", body).status == 201


def test_a_client_id_names_one_message(pair, person):
    anna, _, chat_id = pair
    anna.write(chat_id, "hi", client_id="a-1")
    other_chat = anna.match(person())
    for body in ({"chat_id": chat_id, "content": "ho"}, {"chat_id": other_chat, "content": "hi"}):
        answer = anna.call("POST", "/messages/send", body | {"client_id": "a-1"})
        assert (answer.status, answer.json["code"]) == (409, "client_id_used")


def test_history_is_read_in_pages(pair):
    anna, boris, chat_id = pair
    ids = [anna.write(chat_id, f"{n}")["id"] for n in range(10)]

    def page(query):
        return [message["id"] for message in boris.get(f"/chat/messages/{chat_id}?{query}")]

    assert page("limit=3") == ids[-3:]
    assert page(f"limit=3&before_id={ids[5]}") == ids[2:5]
    assert page(f"limit=3&after_id={ids[5]}") == ids[6:9]
    assert page(f"limit=9&after_id={ids[5]}&before_id={ids[8]}") == ids[6:8]
    assert page(f"after_id={ids[-1]}") == []
    assert page("limit=200")[1:] == ids


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=x", "before_id=-1", "after_id=-1", "before_id=1.5"]
)
def test_bad_pages_are_refused(pair, query):
    anna, _, chat_id = pair
    assert anna.call("GET", f"/chat/messages/{chat_id}?{query}").status == 422


def test_reading_a_chat_marks_what_was_sent_to_me(pair, settings):
    anna, boris, chat_id = pair
    anna.write(chat_id, "one")
    boris.write(chat_id, "two")
    answer = boris.call("POST", "/chat/read", {"chat_id": chat_id, "receiver_id": anna.id})
    assert (answer.status, answer.json) == (200, True)
    marks = {
        message["content"]: message["is_read"] for message in anna.get(f"/chat/messages/{chat_id}")
    }
    assert (marks["one"], marks["two"]) == (True, False)
    assert boris.post("/chat/read", {"chat_id": chat_id}) is True
    assert events(settings, anna) == ["message", "read_chat"]


def test_reading_messages_marks_those_alone(pair, person, settings):
    anna, boris, chat_id = pair
    one, two = anna.write(chat_id, "one")["id"], anna.write(chat_id, "two")["id"]
    mine = boris.write(chat_id, "mine")["id"]
    clara = person()
    elsewhere = clara.write(clara.match(boris), "elsewhere")["id"]
    body = {"chat_id": chat_id, "message_ids": [one, mine, elsewhere, 999, one]}
    assert boris.post("/messages/read", body) == {"status": "ok"}
    assert [
        message["id"] for message in anna.get(f"/chat/messages/{chat_id}") if message["is_read"]
    ] == [one]
    assert {message["id"] for message in anna.get(f"/chat/messages/{chat_id}")} >= {one, two, mine}
    assert boris.get("/chats")[0]["unread_count"] == 1
    assert boris.post("/messages/read", body) == {"status": "ok"}
    assert (events(settings, anna), events(settings, clara)) == (["message", "read_messages"], [])


@pytest.mark.parametrize("ids", [[], [0], [2**63], ["1"], list(range(1, 502)), None, 5])
def test_bad_read_marks_are_refused(pair, ids):
    anna, _, chat_id = pair
    answer = anna.call("POST", "/messages/read", {"chat_id": chat_id, "message_ids": ids})
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, "message_ids")


def test_a_list_of_chats_shows_the_latest_of_each(pair, person):
    anna, boris, chat_id = pair
    boris.put_me(name="Boris", photo_url="https://img.example/2.jpg")
    fresh = {chat["id"]: chat for chat in anna.get("/chats")}[chat_id]
    assert [
        fresh[name] for name in ("last_message", "last_message_user", "is_read", "unread_count")
    ] == [
        "It's a match! 🎉",
        0,
        True,
        0,
    ]
    sent = boris.write(chat_id, "one"), boris.write(chat_id, "two")
    (chat,) = anna.get("/chats")
    assert chat == {
        "id": chat_id,
        "user1_id": anna.id,
        "user2_id": boris.id,
        "created_at": chat["created_at"],
        "last_message": "two",
        "last_message_time": sent[1]["created_at"],
        "last_message_user": boris.id,
        "is_read": False,
        "unread_count": 2,
        "is_closed": False,
        "user": {
            "id": boris.id,
            "name": "Boris",
            "photo_url": "https://img.example/2.jpg",
            "last_active": boris.get("/me")["last_active"],
        },
    }
    (theirs,) = boris.get("/chats")
    assert (theirs["is_read"], theirs["unread_count"], theirs["user"]["id"]) == (True, 0, anna.id)
    anna.post("/chat/read", {"chat_id": chat_id})
    (chat,) = anna.get("/chats")
    assert (chat["is_read"], chat["unread_count"]) == (True, 0)


def test_chats_come_by_newest_activity_in_pages(person):
    others = [person() for _ in range(3)]
    anna = person()
    others += [person() for _ in range(4)]
    chats = [anna.match(other) for other in others]
    others[2].write(chats[2], "hi")
    expected = [chats[2], *(chat for chat in reversed(chats) if chat != chats[2])]
    assert [chat["id"] for chat in anna.get("/chats")] == expected
    found, path = [], "/chats?limit=3"
    while path:
        answer = anna.call("GET", path)
        found += [chat["id"] for chat in answer.json]
        link = answer.headers.get("Link")
        path = link and link[1:].partition(">")[0]
        assert link is None or link.endswith('; rel="next"')
    assert found == expected


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=x", "before=x", "before=MS4y$", "before=eA=="]
)
def test_bad_chat_pages_are_refused(person, query):
    assert person().call("GET", f"/chats?{query}").status == 422


def test_empty_lists_are_lists(person):
    anna = person()
    for path in ("/chats", "/followers", "/profiles/search"):
        assert anna.get(path) == []
