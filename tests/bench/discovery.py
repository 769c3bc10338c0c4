"""Time on the server for a page of 20, from 10^4 to 10^6 people: `python -m tests.bench.discovery --help`."""

import argparse
import os
import random
import tempfile
import time
from pathlib import Path

import click
from flask import Flask
from tabulate import tabulate

from app import config, create_app, db
from app.queries import search
from tests import limits
from tests.bench import town
from tests.people import InProcess, Person
from tests.walks import link

SEARCHES = {
    "by id": "/profiles/search",
    "near": "/profiles/search?sort=near",
    "active": "/profiles/search?sort=active",
    "one in 10,000": "/profiles/search?gender=rare",
    "one in 10,000, near": "/profiles/search?gender=rare&sort=near",
}

IN_ORDER = ("by id", "near", "active")  # of which a viewer has swiped the first 10,000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--times", type=int, default=200, help="how often each page is asked for")
    parser.add_argument("--redis-url", default="redis://localhost:6379/0")
    options = parser.parse_args()
    table = []
    for people in options.people:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "town.db"))
            town.build(path, people)
            os.sync()  # what is still to be written would be in the way
            table += measure(path, people, options)
    print(
        tabulate(
            table,
            ["people", "where", "search", "p50 ms", "p99 ms", "rows read", "found"],
            floatfmt=".2f",
        )
    )


def measure(path: str, people: int, options: argparse.Namespace) -> list[tuple]:
    found = limits.NONE | {
        "DATABASE_PATH": path,
        "BCRYPT_COST": "4",
        "REDIS_URL": options.redis_url,
    }
    app = create_app(config.load(found))
    server = InProcess(app)
    viewer = Person(server, "viewer")
    give_swipes(app, viewer.id)
    rows = []
    for where, (latitude, longitude) in {
        "densest": town.cities()[0],
        "country": (20.0, 100.0),
    }.items():
        with_limits = {"pref_distance_km": 50} if where == "densest" else {"pref_distance_km": 500}
        viewer.put_me(
            latitude=latitude,
            longitude=longitude,
            gender="male",
            interested_in="female",
            **with_limits,
        )
        for name, path in SEARCHES.items():
            viewer.put_me(interested_in=None if "rare" in path else "female")
            rows.append((people, where, name, *ask(viewer, path, options.times)))
    for name in IN_ORDER:
        viewer = Person(server, name.replace(" ", ""))
        latitude, longitude = town.cities()[0]
        viewer.put_me(latitude=latitude, longitude=longitude, gender="male", interested_in="female")
        swipe_in_order(app, viewer, SEARCHES[name], min(town.VIEWER_SWIPES, people // 100))
        rows.append(
            (
                people,
                "densest",
                f"{name}, all swiped so far",
                *ask(viewer, SEARCHES[name], options.times, 0),
            )
        )
    return rows


def swipe_in_order(app: Flask, viewer: Person, path: str, swipes: int) -> None:
    """The viewer swipes all whom the pages show."""
    with click.progressbar(length=swipes, label=f"swipes, {path}") as done:
        while path and done.pos < swipes:
            answer = viewer.call("GET", path)
            swiped = [
                {"me": viewer.id, "them": user["id"], "now": town.NOW} for user in answer.json
            ]
            with app.app_context(), db.transaction():
                for swipe in swiped:
                    db.run("INSERT INTO swipes VALUES (NULL, :me, :them, 'dislike', :now)", **swipe)
            done.update(len(swiped))
            path = link(answer)


def give_swipes(app: Flask, viewer_id: int) -> None:
    """The viewer made the 10,000 swipes of the first one."""
    with app.app_context():
        db.run(
            "UPDATE swipes SET user_id = :me WHERE user_id = 1 AND target_id <> :me", me=viewer_id
        )


def ask(
    viewer: Person, path: str, times: int, most_seen: int = 5000
) -> tuple[float, float, int, int]:
    taken, read, found, scan = [], [], [], search.scan

    def counted(*args):
        seen = scan(*args)
        read[-1] += seen.scanned
        return seen

    search.scan = counted
    chance = random.Random(5)  # noqa: S311
    for _ in range(times):
        read.append(0)
        after = f"{'&' if '?' in path else '?'}last_seen_id={chance.randint(0, most_seen)}"
        started = time.perf_counter()
        answer = viewer.call("GET", path + after)
        taken.append((time.perf_counter() - started) * 1000)
        found.append(len(answer.json))
        assert answer.status == 200, answer
    search.scan = scan
    taken.sort()
    return (
        taken[times // 2],
        taken[times * 99 // 100],
        sorted(read)[times // 2],
        sorted(found)[times // 2],
    )


if __name__ == "__main__":
    main()
