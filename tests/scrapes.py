"""What Prometheus would read."""

import urllib.request
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

import dev
from app import metrics
from tests.town import free_port


class Scrape:
    """The samples at one moment."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.samples = [sample for family in families for sample in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        """Of all samples with that name and these labels, 0 where there is none."""
        return sum(self.each(name, **labels))

    def each(self, name: str, **labels: str) -> list[float]:
        return [one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items()]

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
