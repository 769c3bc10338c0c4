"""Statements about the password hashes of all users."""

from app import db


def max_cost(limit: int) -> int:
    """Return the highest bcrypt cost in use that is at most `limit`, which has two digits; else 0."""
    row = db.one(
        """
        SELECT CAST(substr(password_hash, 5, 2) AS INTEGER) AS cost
        FROM users
        WHERE substr(password_hash, 5, 2) BETWEEN '04' AND CAST(:limit AS TEXT)
          AND password_hash GLOB '$2?$[01][0-9]$*'
        ORDER BY substr(password_hash, 5, 2) DESC
        LIMIT 1
        """,
        limit=limit,
    )
    return row["cost"] if row else 0
