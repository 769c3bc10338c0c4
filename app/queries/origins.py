"""From where somebody looked for people today, in cells of the grid."""

from app import db, times

MOST_CELLS = 10  # a day


def admit(user_id: int, cell: int) -> bool:
    """Whether they may look from there, or show themselves there: it is one of today's first cells."""
    today = times.from_now()[:10]
    db.run(
        "DELETE FROM origins WHERE user_id = :user_id AND day < :today",
        user_id=user_id,
        today=today,
    )
    db.run(
        """
        INSERT INTO origins (user_id, day, cell)
        SELECT :user_id, :today, :cell
        WHERE (SELECT count(*) FROM origins WHERE user_id = :user_id AND day = :today) < :most
        ON CONFLICT (user_id, day, cell) DO NOTHING
        """,
        user_id=user_id,
        today=today,
        cell=cell,
        most=MOST_CELLS,
    )
    return is_admitted(user_id, cell)


def is_admitted(user_id: int, cell: int) -> bool:
    found = db.one(
        """
        SELECT 1 AS found
        FROM origins
        WHERE user_id = :user_id
          AND day = :today
          AND cell = :cell
        """,
        user_id=user_id,
        today=times.from_now()[:10],
        cell=cell,
    )
    return found is not None
