"""A town for benchmarks: people in 40 cities whose sizes follow Zipf's law, and in the country around them."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from math import cos, radians

import click

from app import db, grid, migrate, times
from app.words import words

NOW = "2026-11-23T07:06:30.403Z"
THREE_DAYS = 3 * 86_400  # on the average that long ago people were last here
CITIES, IN_THE_COUNTRY, SPREAD = 40, 0.03, 0.07  # SPREAD in degrees
SWIPES, VIEWER_SWIPES = 20, 10_000


def build(path: str, people: int) -> None:
    """A database of so many people with 20 swipes each, but the first, who is the viewer, with 10,000."""
    migrate.migrate(path)
    conn, chance = db.connect(path), random.Random(7)  # noqa: S311
    conn.execute("PRAGMA synchronous = OFF")
    conn.execute("PRAGMA cache_size = -500000")
    indexes = conn.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for index in indexes:
        conn.execute(f"DROP INDEX {index['name']}")
    conn.execute("BEGIN")
    with click.progressbar(_users(people, chance), people, "people") as users:
        _insert(conn, "users", users)
    with click.progressbar(_cards(conn), people, "places") as cards:
        _insert(conn, "discovery", cards)
    with click.progressbar(_swipes(people, chance), people * SWIPES, "swipes") as swipes:
        _insert(conn, "swipes", swipes)
    conn.execute("COMMIT")
    with click.progressbar(indexes, label="indexes") as left:
        for index in left:
            conn.execute(index["sql"])
    conn.close()


def cities() -> list[tuple[float, float]]:
    """Where they are, the largest first."""
    chance = random.Random(11)  # noqa: S311
    return [(chance.uniform(-40, 60), chance.uniform(-170, 170)) for _ in range(CITIES)]


def _users(people: int, chance: random.Random) -> Iterator[dict]:
    now = datetime.now(UTC)
    places, weights = cities(), [1 / rank for rank in range(1, CITIES + 1)]
    for number in range(1, people + 1):
        gender = chance.choice(["male", "female"])
        wanted = gender if chance.random() < 0.1 else {"male": "female", "female": "male"}[gender]
        if chance.random() < IN_THE_COUNTRY:
            latitude, longitude = chance.uniform(-40, 60), chance.uniform(-170, 170)
        else:
            north, east = chance.choices(places, weights)[0]
            latitude = north + chance.gauss(0, SPREAD)
            longitude = east + chance.gauss(0, SPREAD) / cos(radians(north))
        year = chance.randint(1966, 2007)
        yield {
            "id": number,
            "username": f"u{number}",
            "canonical": f"u{number}",
            "password_hash": "none",
            "name": f"Name {number}",
            "bio": "bio " * 20,
            "gender": "rare" if number % 10_000 == 77 else gender,
            "interested_in": wanted if chance.random() < 0.9 else None,
            "birthday": f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            "pref_min_age": max(18, 2026 - year - chance.randint(3, 15)),
            "pref_max_age": 2026 - year + chance.randint(3, 15),
            "pref_distance_km": chance.choice([None, 25, 50, 100]),
            "latitude": latitude,
            "longitude": longitude,
            "created_at": NOW,
            "last_active": times.text(now - timedelta(seconds=chance.expovariate(1 / THREE_DAYS))),
        }


def _cards(conn: db.engine.Connection) -> Iterator[dict]:
    for user in conn.execute("SELECT * FROM users"):
        point = grid.snap(user["latitude"], user["longitude"])
        same = ("birthday", "pref_min_age", "pref_max_age", "pref_distance_km")
        numbers = (grid.cell(*point, size) for size in grid.SIZES_KM)
        yield (
            {"user_id": user["id"], "is_pictured": 0, "active_since": user["last_active"]}
            | {name: user[name] for name in same}
            | {name: words(user[name]) for name in ("gender", "interested_in")}
            | point._asdict()
            | dict(zip("xyz", point.vector(), strict=True))
            | dict(zip(("cell_5", "cell_24", "cell_120", "cell_600"), numbers, strict=True))
        )


def _swipes(people: int, chance: random.Random) -> Iterator[dict]:
    for number in range(1, people + 1):
        count = min(VIEWER_SWIPES if number == 1 else SWIPES, people // 2)
        for target in sorted({chance.randint(2, people) for _ in range(count)} - {number}):
            yield {"user_id": number, "target_id": target, "action": "dislike", "created_at": NOW}


def _insert(conn: db.engine.Connection, table: str, rows: Iterable[dict]) -> None:
    rows = iter(rows)
    first = next(rows)
    sql = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join(f':{name}' for name in first)})"
    conn.execute(sql, first)
    conn.executemany(sql, rows)
