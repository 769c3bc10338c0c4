"""Changes of many rows in short transactions, so that no other writer waits long."""

import time
from collections.abc import Callable

from app.db import transaction

BATCH_ROWS = 1000  # about 10 ms of the write lock
PAUSE_SECONDS = (
    0.01  # between two batches, for other processes, which ask for the lock every 1 or 2 ms
)


def run(find: Callable[[int], list[int]], change: Callable[[list[int]], object]) -> None:
    """Change all rows that `find` names, a batch at a time. `find` runs outside of the transaction.

    It is called with the largest number of rows to name, and must not name a row again that was changed.
    """
    while ids := find(BATCH_ROWS):
        with transaction():
            change(ids)
        if len(ids) < BATCH_ROWS:
            return
        time.sleep(PAUSE_SECONDS)
