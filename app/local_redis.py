"""Where the `flask` command finds the Redis that `dev.py run` has started for a database."""

import os


def find(database: str) -> str | None:
    """Return the address of that Redis, or None if `dev.py run` does not run.

    It leaves a link to the Redis' socket beside the database. A link of another user is not
    followed, because the folder may be open to all.
    """
    link = f"{database}-redis"
    try:
        socket = os.readlink(link)
        # The socket is gone when `dev.py run` has ended, in whatever way.
        owners = {os.lstat(link).st_uid, os.stat(socket).st_uid}
        trusted = {os.stat(database).st_uid, os.getuid()}
    except OSError:
        return None
    return f"unix://{socket}" if owners <= trusted else None
