"""People who use the service, in this process or over HTTP, and what they get for an answer."""

import itertools
import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from flask import Flask

PASSWORD = "correct horse"
_numbers = itertools.count(1)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class InProcess:
    """The app in this process."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._client = app.test_client()

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        answer = self._client.open(path, method=method, data=body, headers=headers)
        found = Answer(answer.status_code, dict(answer.headers), answer.data)
        answer.close()  # what runs after the answer runs now
        return found


class Remote:
    """A real server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        request = urllib.request.Request(self.url + path, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())


class Person:
    """Someone with an account and a session."""

    def __init__(
        self,
        server: InProcess | Remote,
        username: str | None = None,
        device_id: str = "phone",
        birthday: str | None = "1995-05-05",
    ) -> None:
        self.server, self.username, self.device_id = (
            server,
            username or f"person{next(_numbers)}",
            device_id,
        )
        account = {"username": self.username, "password": PASSWORD, "birthday": birthday}
        self.post_json(server, "/register", account)
        self.log_in()

    @staticmethod
    def post_json(server: InProcess | Remote, path: str, body: Any) -> Answer:
        """What anybody may send."""
        return server.send("POST", path, json.dumps(body).encode())

    def log_in(self, password: str = PASSWORD) -> None:
        answer = self.try_log_in(password)
        assert answer.status == 200, answer

    def try_log_in(self, password: str = PASSWORD) -> Answer:
        """Start a session, if the server lets it."""
        credentials = {"username": self.username, "password": password, "device_id": self.device_id}
        answer = self.post_json(self.server, "/login", credentials)
        if answer.status == 200:
            self.tokens = answer.json
            self.id = int(self.tokens["user_id"])
        return answer

    def another_device(self, device_id: str) -> "Person":
        """The same user on another device, with a session of its own."""
        return Person(self.server, self.username, device_id)

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return self.server.send(
            method, path, None if body is None else json.dumps(body).encode(), headers
        )

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.call("POST", path, body)
        assert answer.status in (200, 201), answer
        return answer.json

    def put_me(self, **fields: Any) -> Any:
        answer = self.call("PUT", "/me", fields)
        assert answer.status == 200, answer
        return answer.json

    def patch_me(self, **fields: Any) -> Any:
        answer = self.call("PATCH", "/me", fields)
        assert answer.status == 200, answer
        return answer.json

    def like(self, other: "Person") -> Any:
        return self.post("/swipe", {"target_id": other.id, "action": "like"})

    def match(self, other: "Person") -> int:
        """The id of the chat that the two get."""
        self.like(other)
        return other.like(self)["chat_id"]

    def write(self, chat_id: int, content: str, **more: Any) -> Any:
        return self.post("/messages/send", {"chat_id": chat_id, "content": content, **more})
