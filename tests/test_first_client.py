"""The rows of the first client's page, replayed against the real processes."""

import random
from datetime import timedelta

import pytest

from app import times
from tests.first_client import PROPERTIES, FirstClient

CHAT = "id user1_id user2_id last_message last_message_time last_message_user is_read".split()
MESSAGE = {"id": int, "sender_id": int, "receiver_id": int, "chat_id": int, "content": str}
MESSAGE |= {"is_read": bool, "created_at": str}


@pytest.fixture
def client(town):
    """Make clients whose users are signed in."""

    def sign_up():
        client = FirstClient(town.server)
        assert client.register().status == 201
        client.log_in()
        return client

    return sign_up


@pytest.fixture
def place():
    """A place where nobody of another test is."""
    return {
        "latitude": round(random.uniform(-60, 60), 2),
        "longitude": round(random.uniform(-170, 170), 2),
    }


@pytest.fixture
def pair(client):
    """Two clients whose users have a match, and the chat's id."""
    anna, boris = client(), client()
    assert anna.swipe(boris.id, "like").json["status"] == "like"
    matched = boris.swipe(anna.id, "like").json
    assert (matched["status"], matched["content"]) == (
        "match",
        f"It's a match with user {anna.id}!",
    )
    return anna, boris, matched["chat_id"]


def man(client, place, age=31, **more):
    boris = client()
    birthday = f"{times.years_before(age)}T00:00:00Z"
    form = {"name": "Борис", "gender": "male", "birthday": birthday, "interested_in": "female"}
    assert boris.save(**form, **place, **more).status == 200
    return boris


def ids(page):
    return [user["id"] for user in page.json]


def test_register_takes_a_name_with_spaces(town):
    answer = FirstClient(town.server).register()
    assert answer.status == 201
    assert answer.json["user_id"] > 0


def test_log_in_answers_with_what_the_client_reads(client):
    anna = client()
    answer = anna.log_in()
    assert answer.status == 200
    for name in ("user_id", "access_token", "refresh_token", "access_expires"):
        assert isinstance(answer.json[name], str)


def test_refresh_takes_the_same_token_for_ever(client):
    anna = client()
    for _ in range(5):
        assert anna.refresh().status == 200
        assert anna.get("/me").status == 200


def test_refresh_takes_the_same_token_every_20_minutes(server, monkeypatch):
    """The clock comes from the past, since access tokens from the future are refused."""
    present = times.now()
    monkeypatch.setattr(times, "now", lambda: present - timedelta(minutes=20 * 12))
    anna = FirstClient(server)
    anna.register()
    anna.log_in()
    for left in reversed(range(12)):
        monkeypatch.setattr(times, "now", lambda left=left: present - timedelta(minutes=20 * left))
        assert anna.refresh().status == 200
    assert anna.get("/me").status == 200


def test_ws_start_takes_a_body_of_null(client):
    answer = client().post("/ws/start", None)
    assert answer.status == 200
    assert answer.json["session_token"]


def test_profile_is_saved_as_a_whole_before_anything_is_set(client):
    anna = client()
    before = anna.get("/me").json
    saved = anna.save()
    assert saved.status == 200
    assert set(PROPERTIES) <= set(saved.json)
    for name in set(PROPERTIES) - {"last_active"}:
        assert saved.json[name] == before[name]


def test_profile_null_leaves_what_is_stored(client, place):
    boris = man(client, place, bio="Привет")
    before = boris.get("/me").json
    saved = boris.save(bio=None, birthday=None, latitude=None, longitude=None, name=None)
    assert saved.status == 200
    for name in ("bio", "birthday", "latitude", "longitude", "name", "gender"):
        assert saved.json[name] == before[name] is not None


def test_feed_before_a_birthday_is_set_answers(client):
    anna = client()
    answer = anna.search(gender="unknown", interested_in="unknown", min_age=-1, max_age=1)
    assert (answer.status, answer.json) == (200, None)


def test_feed_pages_go_on_after_the_last_id_and_end_with_null(client, place):
    anna = client()
    men = [man(client, place) for _ in range(5)]
    man(client, place, age=40)
    found, last = [], None
    while (page := anna.search(last, page_size=2, **place)).json is not None:
        assert page.status == 200
        assert page.json != []
        found, last = found + ids(page), ids(page)[-1]
        assert len(found) <= len(men)
    assert page.status == 200
    assert found == [boris.id for boris in men]


def test_feed_ends_with_null_when_all_are_swiped(client, place):
    anna, boris = client(), man(client, place)
    assert ids(anna.search(**place)) == [boris.id]
    assert anna.swipe(boris.id, "dislike").json["status"] == "dislike"
    assert anna.search(**place).json is None


def test_swipe_back_swipes_the_earlier_user_again(client):
    anna, boris = client(), client()
    assert anna.swipe(boris.id, "dislike").json["status"] == "dislike"
    assert anna.swipe(boris.id, "like").json["status"] == "like"
    assert boris.swipe(anna.id, "like").json["status"] == "match"


def test_likes_are_a_list(client, place):
    anna, boris = client(), man(client, place)
    assert anna.get("/followers").json == []
    boris.swipe(anna.id, "like")
    assert ids(anna.get("/followers")) == [boris.id]


def test_chats_have_what_the_client_reads(pair):
    anna, boris, chat_id = pair
    (chat,) = anna.get("/chats").json
    assert set(CHAT) <= set(chat)
    assert chat["id"] == chat_id
    assert {chat["user1_id"], chat["user2_id"]} == {anna.id, boris.id}
    assert (chat["last_message"], chat["last_message_user"]) == ("It's a match! 🎉", 0)


@pytest.mark.parametrize(
    "query", ["limit=70", "before_id=&limit=30", "after_id=&limit=30", "before_id=0&limit=500"]
)
def test_history_is_oldest_first_without_a_cursor(pair, query):
    anna, boris, chat_id = pair
    sent = [anna.send(chat_id, boris.id, f"{number}").json["id"] for number in range(3)]
    answer = boris.get(f"/chat/messages/{chat_id}?{query}")
    assert answer.status == 200
    assert ids(answer)[1:] == sent


def test_history_goes_on_in_both_directions(pair):
    anna, boris, chat_id = pair
    sent = [anna.send(chat_id, boris.id, f"{number}").json["id"] for number in range(4)]
    assert ids(boris.get(f"/chat/messages/{chat_id}?before_id={sent[2]}&limit=2")) == sent[:2]
    assert ids(boris.get(f"/chat/messages/{chat_id}?after_id={sent[1]}&limit=30")) == sent[2:]


@pytest.mark.parametrize("names", ["both", "chat", "receiver"])
def test_send_answers_with_the_message(pair, names):
    anna, boris, chat_id = pair
    answer = anna.send(
        chat_id if names != "receiver" else 0,
        boris.id if names != "chat" else 0,
        "Привет!",
    )
    assert answer.status in (200, 201)
    for name, kind in MESSAGE.items():
        assert type(answer.json[name]) is kind
    assert (answer.json["receiver_id"], answer.json["content"]) == (boris.id, "Привет!")


def test_reads_answer_as_the_first_server_did(pair):
    anna, boris, chat_id = pair
    message = anna.send(chat_id, boris.id, "Привет!").json
    body = {"chat_id": chat_id, "receiver_id": anna.id}
    read = boris.post("/messages/read", body | {"message_ids": [message["id"]]})
    assert (read.status, read.json) == (200, {"status": "ok"})
    read = boris.post("/chat/read", body)
    assert (read.status, read.json) == (200, True)
    assert boris.get("/chats").json[0]["is_read"] is True


def test_log_out_ends_the_session(client):
    anna = client()
    answer = anna.post("/logout", {"user_id": anna.id, "device_id": anna.device_id})
    assert (answer.status, answer.json) == (200, {"status": "logged out"})
    assert anna.get("/me").status == 401
