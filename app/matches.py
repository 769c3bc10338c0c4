"""Two likes that met become a chat."""

from app.events import Event, match_frame, record
from app.queries import chats, messages

MATCH = "It's a match! 🎉"


def match(user_id: int, peer_id: int) -> tuple[int, list[Event]]:
    """The chat of the two, and both their events when it is new."""
    chat = chats.insert(user_id, peer_id)
    if chat is None:
        return chats.find_with(user_id, peer_id)["id"], []
    message = messages.insert(chat["id"], None, None, MATCH)
    chats.update_last_message(chat["id"], message["id"])
    first, second = sorted((user_id, peer_id))
    return chat["id"], [
        record(first, match_frame(chat["id"], second, MATCH)),
        record(second, match_frame(chat["id"], first, MATCH)),
    ]
