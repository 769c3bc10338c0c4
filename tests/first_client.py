"""The public client of the first server, as far as it talks REST: what it sends, and what it needs to read."""

import itertools
import json
import uuid
from typing import Any

from tests.people import PASSWORD, Answer, InProcess, Remote

_numbers = itertools.count(1)
# Every property of its user object; those that were never set are null.
PROPERTIES = (
    "id username name gender age birthday interested_in bio photo_url location latitude longitude "
    "created_at last_active distance_km"
).split()


class FirstClient:
    """One installation of the app, with the user who signed in to it."""

    def __init__(self, server: InProcess | Remote, username: str | None = None) -> None:
        self.server = server
        self.username = username or f"Иван Петров {next(_numbers)}й"
        self.device_id = str(uuid.uuid4())

    def register(self) -> Answer:
        return self._send("POST", "/register", {"username": self.username, "password": PASSWORD})

    def log_in(self) -> Answer:
        credentials = {"username": self.username, "password": PASSWORD}
        answer = self._send("POST", "/login", credentials | {"device_id": self.device_id})
        tokens = answer.json
        self.id = int(tokens["user_id"])
        self.access, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        return answer

    def refresh(self) -> Answer:
        """Store the new access token only, and keep the refresh token for ever."""
        body = {"user_id": self.id, "refresh_token": self.refresh_token}
        answer = self._send("POST", "/refresh", body)
        if answer.status == 200:
            self.access = answer.json["access_token"]
        return answer

    def save(self, **changed: Any) -> Answer:
        """Save the whole form of the profile: what GET /me gave, changed by the user."""
        me = self.get("/me").json
        form = {name: me[name] for name in PROPERTIES} | changed
        form["gender"] = form["gender"] or "unknown"
        form["interested_in"] = form["interested_in"] or "unknown"
        return self._call("PUT", "/me", form)

    def search(self, last_seen_id: int | None = None, **criteria: Any) -> Answer:
        """Ask for a page of the feed. The first one has `last_seen_id` without a value."""
        query = {
            "gender": "male",
            "min_age": 30,
            "max_age": 32,
            "max_distance_km": 10,
            "latitude": 55.75,
            "longitude": 37.61,
            "interested_in": "female",
            "last_seen_id": "" if last_seen_id is None else last_seen_id,
            "page_size": 20,
        } | criteria
        parameters = "&".join(f"{name}={value}" for name, value in query.items())
        return self.get(f"/profiles/search?{parameters}")

    def swipe(self, target_id: int, action: str) -> Answer:
        return self._call("POST", "/swipe", {"target_id": target_id, "action": action})

    def send(self, chat_id: int, receiver_id: int, content: str) -> Answer:
        message = {
            "id": 0,
            "sender_id": self.id,
            "receiver_id": receiver_id,
            "chat_id": chat_id,
            "content": content,
            "is_read": False,
            "created_at": None,
        }
        return self._call("POST", "/messages/send", message)

    def get(self, path: str) -> Answer:
        return self._call("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Any = ...) -> Answer:
        return self._send(method, path, body, {"Authorization": f"Bearer {self.access}"})

    def _send(
        self, method: str, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> Answer:
        data = None if body is ... else json.dumps(body).encode()
        return self.server.send(method, path, data, headers)
