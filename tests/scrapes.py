"""What Prometheus would read, and a town where it can."""

import urllib.request
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import dev
from app import metrics
from tests.town import Town, eventually, free_port


class Scrape:
    """The samples at one moment."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.samples = [sample for family in families for sample in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        """Of all samples with that name and these labels, 0 where there is none."""
        return sum(self.each(name, **labels))

    def each(self, name: str, **labels: str) -> list[float]:
        return [
            one.value
            for one in self.samples
            if one.name == name and labels.items() <= one.labels.items()
        ]

    def labels(self, name: str, label: str) -> set[str]:
        return {one.labels[label] for one in self.samples if one.name == name}


def here() -> Scrape:
    """Of this process."""
    return Scrape(metrics.registry.collect())


def scrape(port: int) -> Scrape:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return Scrape(text_string_to_metric_families(answer.read().decode()))


def free_pair() -> int:
    """A port that is free, as the next one is."""
    return next(port for port in iter(free_port, None) if dev.is_free(port + 1))


class Counted(Town):
    """A town that is counted, and whose temporary files are its own; `scrape_web` and `scrape_ws` read it."""

    def __init__(self, folder: Path, redis_url: str, **settings: str) -> None:
        self.port, self.temporary = free_pair(), folder / "tmp"
        self.temporary.mkdir(parents=True)
        super().__init__(
            folder,
            redis_url,
            **{"METRICS_PORT": str(self.port), "TMPDIR": str(self.temporary)} | settings,
        )

    def scrape_web(self):
        return scrape(self.port)

    def scrape_ws(self):
        return scrape(self.port + 1)

    def workers(self, name):
        """Their pids, once all are there that shall be."""
        return eventually(
            lambda: (pids := set(map(int, self.serving(name)))) and len(pids) == 2 and pids
        )

    def serving(self, name):
        """The pids of those who have spoken to Redis."""
        return (self.scrape_web() if name == "web" else self.scrape_ws()).labels(
            "dating_redis_link_up", "pid"
        )

    def ask_all(self, person):
        """Have each worker of `web` serve somebody."""
        eventually(lambda: person.post("/ws/start") and len(self.serving("web")) == 2)
