"""Statements about the password hashes of all users."""

from app import db


def max_cost(limit: int) -> int:
    """Return the highest bcrypt cost in use, at most `limit`; 0 if there is none."""
    row = db.one(
        """
        SELECT coalesce(max(CAST(substr(password_hash, 5, 2) AS INTEGER)), 0) AS cost
        FROM users
        WHERE password_hash LIKE '$2_$__$%'
          AND CAST(substr(password_hash, 5, 2) AS INTEGER) <= :limit
        """,
        limit=limit,
    )
    assert row is not None  # noqa: S101
    return row["cost"]
