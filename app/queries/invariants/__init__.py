"""What must hold of all rows, beyond the schema; each a statement that finds those of which it does not hold."""

from app import db
from app.db import Row
from app.queries.invariants import chats, people, safety, times
from app.queries.invariants.invariant import Invariant

ALL = [*times.INVARIANTS, *people.INVARIANTS, *chats.INVARIANTS, *safety.INVARIANTS]


def find(invariant: Invariant, most: int) -> list[Row]:
    """The first `most` of the rows: `{"id", "rows"}`, in each of them how many there are in all."""
    return db.every(
        f"""
        SELECT id, count(*) OVER () AS rows
        FROM ({invariant.broken})
        ORDER BY id
        LIMIT :most
        """,  # noqa: S608
        most=most,
    )


def strays() -> list[Row]:
    """Rows whose foreign key leads nowhere, by table: `{"name", "rows", "first"}`, ids in a list of JSON."""
    return db.every(
        """
        SELECT "table" AS name, count(*) AS rows, json_group_array(rowid) AS first
        FROM pragma_foreign_key_check
        GROUP BY "table"
        ORDER BY "table"
        """
    )
