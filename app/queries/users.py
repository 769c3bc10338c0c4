"""People: accounts, and profiles as they and others see them."""

from typing import Any

from app import db, grid, times
from app.db import Row
from app.queries import gate

# What others are shown of `them`, for `public`.
PUBLIC = """them.id, them.username, them.name, them.gender, them.birthday, them.interested_in, them.bio,
               them.photo_url, them.location, them.created_at,
               CASE them.hide_activity WHEN 0 THEN them.last_active END AS last_active"""

# How far `card`, their row of discovery, is from `mine`.
CHORD2 = """((card.x - mine.x) * (card.x - mine.x) + (card.y - mine.y) * (card.y - mine.y)
                + (card.z - mine.z) * (card.z - mine.z))"""


def insert(
    username: str, canonical: str, password_hash: str, profile: dict[str, Any]
) -> int | None:
    """The new id, or None when the name is taken. `profile` has `bio`, `photo_url`, `birthday`, `terms_accepted_at`."""
    row = db.one(
        """
        INSERT INTO users (username, canonical, password_hash, bio, photo_url, birthday, created_at, terms_accepted_at)
        VALUES (:username, :canonical, :password_hash, :bio, :photo_url, :birthday, :now, :terms_accepted_at)
        ON CONFLICT (canonical) DO NOTHING
        RETURNING id
        """,
        username=username,
        canonical=canonical,
        password_hash=password_hash,
        **profile,
        now=times.from_now(),
    )
    return row and row["id"]


def exist() -> bool:
    """Whether there is anybody, or ever was."""
    return db.one("SELECT 1 AS found FROM users LIMIT 1") is not None


def find_login(canonical: str) -> Row | None:
    return db.one(
        """
        SELECT id, password_hash
        FROM users
        WHERE canonical = :canonical
        """,
        canonical=canonical,
    )


def find_password_hash(user_id: int) -> str | None:
    row = db.one("SELECT password_hash FROM users WHERE id = :user_id", user_id=user_id)
    return row and row["password_hash"]


def replace_password_hash(user_id: int, old: str, new: str) -> bool:
    """Whether the hash was still the old one."""
    changed = db.run(
        """
        UPDATE users
        SET password_hash = :new
        WHERE id = :user_id
          AND password_hash = :old
        """,
        user_id=user_id,
        old=old,
        new=new,
    )
    return changed == 1


def find_target(target_id: int, user_id: int) -> Row | None:
    """Return `{"is_unmatched"}` of a user who may be swiped: whether the two had a match."""
    return db.one(
        f"""
        SELECT {gate.UNMATCHED} AS is_unmatched
        FROM users AS them
        WHERE them.id = :target_id
          AND {gate.OPEN}
        """,  # noqa: S608
        target_id=target_id,
        **gate.params(user_id),
    )


def is_deleted(user_id: int, since: str) -> bool:
    """Return whether the account was deleted after `since`."""
    row = db.one(
        "SELECT 1 AS found FROM users WHERE id = :user_id AND deleted_at > :since",
        user_id=user_id,
        since=since,
    )
    return row is not None


def find_birthday(user_id: int) -> str | None:
    row = db.one("SELECT birthday FROM users WHERE id = :user_id", user_id=user_id)
    return row and row["birthday"]


def find_own(user_id: int) -> Row:
    """All of my profile; I exist, since my session does."""
    found = db.one(
        """
        SELECT id, username, name, gender, birthday, interested_in, bio, photo_url, location,
               latitude, longitude, pref_min_age, pref_max_age, pref_distance_km, created_at, last_active,
               hide_activity, NULL AS distance_km
        FROM users
        WHERE id = :user_id
        """,
        user_id=user_id,
    )
    assert found is not None  # noqa: S101
    return _with_age(found)


def id_exists(user_id: int) -> bool:
    """Return whether this id was ever given to a user, also to one who is deleted or banned."""
    row = db.one("SELECT 1 AS found FROM users WHERE id = :user_id", user_id=user_id)
    return row is not None


def find_public(target_id: int, user_id: int) -> Row | None:
    """A profile as I see it: of grown-ups alone, and so of those alone who gave a birthday, but in a chat."""
    found = db.one(
        f"""
        SELECT {PUBLIC}, {CHORD2} AS chord2
        FROM users AS them
        JOIN discovery AS card ON card.user_id = them.id
        JOIN discovery AS mine ON mine.user_id = :user_id
        WHERE them.id = :target_id
          AND (them.birthday <= :latest_birthday
               OR them.id = :user_id
               OR EXISTS (
                   SELECT 1
                   FROM chats
                   WHERE user1_id = :user1_id
                     AND user2_id = :user2_id
                     AND hidden_at IS NULL))
          AND {gate.OPEN}
        """,  # noqa: S608
        target_id=target_id,
        user1_id=min(user_id, target_id),
        user2_id=max(user_id, target_id),
        **gate.params(user_id),
    )
    return found and public(found)


def public(row: Row) -> Row:
    """A row of someone else's profile without what is theirs alone; `row` has their birthday, for the age, and the
    square of the chord between us."""
    shown = {
        name: value for name, value in _with_age(row).items() if name not in ("chord2", "like_id")
    }
    return shown | {
        "birthday": None,
        "latitude": None,
        "longitude": None,
        "distance_km": grid.band(row["chord2"]),
        "last_active": times.unless_ahead(row["last_active"]),
    }


def update(user_id: int, fields: dict[str, Any]) -> None:
    """Set just these columns, all of them names of columns of ours."""
    assignments = ", ".join(f"{column} = :{column}" for column in fields)
    sql = f"UPDATE users SET {assignments} WHERE id = :user_id AND deleted_at IS NULL"  # noqa: S608
    db.run(sql, user_id=user_id, **fields)


def touch(user_id: int) -> None:
    """Note that they are here, at most once a minute, and again after the clock was set back."""
    db.run(
        """
        UPDATE users
        SET last_active = :now
        WHERE id = :user_id
          AND coalesce(last_active, '') NOT BETWEEN :minute_ago AND :minute_ahead
          AND deleted_at IS NULL
        """,
        user_id=user_id,
        now=times.from_now(),
        minute_ago=times.from_now(minutes=-1),
        minute_ahead=times.from_now(minutes=1),
    )


def _with_age(row: Row) -> Row:
    birthday = row["birthday"]
    if birthday is None:
        return row | {"age": 0}
    return row | {"age": times.age(birthday), "birthday": f"{birthday}T00:00:00Z"}
