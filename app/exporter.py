"""Serves the metrics of one service. A process of its own, so that a scrape delays no request and meets no fork:
gunicorn's configuration starts it, and it ends when the service's last process has."""

import logging
import logging.config
import os
import runpy
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

RETRY_SECONDS = 1

log = logging.getLogger("metrics")


class WalSize(Collector):
    """Of the database's write-ahead log, when it is asked for."""

    def __init__(self, database: str) -> None:
        self._path = f"{database}-wal"

    def collect(self) -> Iterator[GaugeMetricFamily]:
        size = os.path.getsize(self._path) if os.path.exists(self._path) else 0
        yield GaugeMetricFamily(
            "dating_database_wal_bytes", "The database's write-ahead log", value=size
        )


def main(host: str, port: str, folder: str, database: str) -> None:
    """Serve what the workers write to the folder; our input names those that ended, and its end means all did."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
    ):  # they are for the service, and we outlive it
        signal.signal(number, signal.SIG_IGN)
    configuration = runpy.run_path(str(Path(__file__).with_name("logs.py")))["configuration"]
    logging.config.dictConfig(configuration(os.environ.get("LOG_FORMAT", ""), "info"))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, folder)
    registry.register(WalSize(database))
    threading.Thread(target=serve, args=[host, int(port), registry], daemon=True).start()
    for pid in sys.stdin:
        mark_process_dead(int(pid), folder)
    shutil.rmtree(folder, ignore_errors=True)


def serve(host: str, port: int, registry: CollectorRegistry) -> None:
    """Take the port as soon as it can be had; the service itself does not depend on it."""
    is_told = False
    while True:
        try:
            start_http_server(port, host, registry)
            return
        except OSError as error:
            if not is_told:
                log.error(
                    "no metrics on %s port %d (%s): free it, or set METRICS_PORT",
                    host,
                    port,
                    error.strerror,
                )
            is_told = True
        time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
