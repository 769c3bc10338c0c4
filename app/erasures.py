"""Deleting the many rows of a deleted account, after the transaction that deleted the account itself.

That transaction notes the account in `erasures`. When a process ends before all rows are gone, a later deletion or the
next `flask migrate`, and so the next start, goes on.
"""

import logging
from functools import partial

from app import batches, db, times
from app.db import transaction
from app.queries import account

FAILURES = (db.Busy, db.engine.Error, db.Unusable)
STALE_MINUTES = 10  # an older erasure is no longer under way in any process
_log = logging.getLogger(__name__)


def finish(user_id: int) -> None:
    """Delete what is left of a deleted account. Errors are logged: the account is deleted whatever happens here."""
    try:
        _sweep(user_id)
    except FAILURES as error:
        _log.warning("some rows of deleted user %d are left for later: %s", user_id, error)


def finish_stale() -> None:
    """Finish the erasures that were interrupted, as far as their age tells. Errors are logged."""
    try:
        unfinished = account.unfinished(times.from_now(minutes=-STALE_MINUTES))
    except FAILURES as error:
        _log.warning("interrupted deletions are left for later: %s", error)
        return
    for user_id in unfinished:
        finish(user_id)


def finish_all() -> None:
    for user_id in account.unfinished(times.from_now()):
        finish(user_id)


def _sweep(user_id: int) -> None:
    for sweep in account.SWEEPS:
        batches.run(partial(account.find, sweep, user_id), partial(account.change, sweep, user_id))
    with transaction():
        account.finish(user_id)
