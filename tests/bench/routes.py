"""Time on the server for each route, on a town of any size: `python -m tests.bench.routes --help`."""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from app import config, create_app, db, migrate
from tests import limits
from tests.people import InProcess, Person

NOW = "2026-11-23T07:06:30.403Z"
ROUTES = [
    ("GET", "/ping", None),
    ("GET", "/me", None),
    ("GET", "/chats", None),
    ("GET", "/chat/messages/{chat}", None),
    ("GET", "/followers", None),
    ("GET", "/profiles/search", None),
    ("GET", "/profiles/search?gender=male&min_age=25&max_age=35&max_distance_km=20", None),
    ("POST", "/messages/send", {"chat_id": "{chat}", "content": "hi"}),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--people", type=int, default=100_000, help="22 swipes, 1 chat and 10 messages for each"
    )
    parser.add_argument("--times", type=int, default=300, help="how often each route is asked")
    parser.add_argument(
        "--redis-url", default="redis://localhost:6379/0", help="for the news of what is sent"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "town.db"))
        settings = config.load(
            limits.NONE
            | {"DATABASE_PATH": path, "BCRYPT_COST": "4", "REDIS_URL": options.redis_url}
        )
        migrate.migrate(path)
        server = InProcess(create_app(settings))
        viewer = Person(server)
        viewer.put_me(latitude=55.75, longitude=37.62)
        fill(path, options.people)
        chat_id = viewer.get("/chats")[0]["id"]
        for method, route, body in ROUTES:
            measure(viewer, method, route, body, chat_id, options.times)


def fill(path: str, people: int) -> None:
    conn, chance = db.connect(path), random.Random(7)  # noqa: S311
    conn.execute("BEGIN")
    insert(conn, "users", (user(number, chance) for number in range(2, people + 1)))
    pairs = {(1, peer) for peer in range(2, min(102, people))}
    pairs |= {two for two in couples(people, people, chance) if two[0] < two[1]}
    swipes = set(couples(people * 22, people, chance)) - {(1, peer) for peer in range(people + 1)}
    insert(
        conn,
        "swipes",
        ({"user_id": a, "target_id": b, "action": "like", "created_at": NOW} for a, b in swipes),
    )
    chats = [
        {"id": n, "user1_id": a, "user2_id": b, "created_at": NOW}
        for n, (a, b) in enumerate(sorted(pairs), 1)
    ]
    insert(conn, "chats", iter(chats))
    insert(conn, "messages", (message(chance.choice(chats), chance) for _ in range(people * 10)))
    conn.execute(
        "UPDATE chats SET last_message_id = coalesce((SELECT max(id) FROM messages WHERE chat_id = chats.id), 0)"
    )
    conn.execute(
        """
        INSERT INTO discovery (user_id, birthday, gender, interested_in, is_pictured, latitude, longitude, x, y, z,
                               cell_5, cell_24, cell_120, cell_600)
        SELECT id, birthday, words(gender), words(interested_in), 0,
               grid_latitude(latitude, longitude), grid_longitude(latitude, longitude),
               grid_vector(latitude, longitude, 0), grid_vector(latitude, longitude, 1),
               grid_vector(latitude, longitude, 2), grid_cell(latitude, longitude, 0),
               grid_cell(latitude, longitude, 1), grid_cell(latitude, longitude, 2), grid_cell(latitude, longitude, 3)
        FROM users
        WHERE id > 1
        """
    )
    conn.execute("COMMIT")
    conn.close()


def couples(count: int, people: int, chance: random.Random) -> Iterator[tuple[int, int]]:
    for _ in range(count):
        a, b = chance.randint(1, people), chance.randint(1, people)
        if a != b:
            yield a, b


def user(number: int, chance: random.Random) -> dict:
    born = f"{chance.randint(1960, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    words = {
        "gender": chance.choice(["male", "female"]),
        "interested_in": "female",
        "bio": "bio " * 10,
    }
    place = {"latitude": 55 + chance.random(), "longitude": 37 + chance.random(), "birthday": born}
    name = {
        "id": number,
        "username": f"u{number}",
        "canonical": f"u{number}",
        "name": f"Name {number}",
    }
    return name | words | place | {"password_hash": "none", "created_at": NOW, "last_active": NOW}


def message(chat: dict, chance: random.Random) -> dict:
    ends = chance.sample([chat["user1_id"], chat["user2_id"]], 2)
    read = int(chance.random() < 0.8)
    sent = {
        "chat_id": chat["id"],
        "sender_id": ends[0],
        "receiver_id": ends[1],
        "content": "hello " * 8,
    }
    return sent | {"is_read": read, "created_at": NOW}


def insert(conn: db.engine.Connection, table: str, rows: Iterator[dict]) -> None:
    for number, row in enumerate(rows, 1):
        columns = ", ".join(row)
        conn.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )
        if number % 50_000 == 0:
            print(f"\r{table}: {number}", end="", flush=True)
    print(f"\r{table}: done      ")


def measure(
    viewer: Person, method: str, route: str, body: dict | None, chat_id: int, times: int
) -> None:
    taken = []
    sent = body and json.loads(json.dumps(body).replace('"{chat}"', str(chat_id)))
    for _ in range(times):
        started = time.perf_counter()
        answer = viewer.call(method, route.format(chat=chat_id), sent)
        taken.append((time.perf_counter() - started) * 1000)
        assert answer.status < 300, answer
    taken.sort()
    print(
        f"{taken[times // 2]:8.2f} ms median {taken[times * 99 // 100]:8.2f} ms p99   {method} {route}"
    )


if __name__ == "__main__":
    main()
