"""What the program keeps for itself."""

from app import db


def find(name: str) -> str | None:
    row = db.one(
        """
        SELECT value
        FROM settings
        WHERE name = :name
        """,
        name=name,
    )
    return row and row["value"]
