"""Access tokens (JWT, HS256) and refresh tokens (`session.counter.HMAC`); neither is stored."""

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import jwt
import msgspec
from flask import current_app
from msgspec import Meta, Struct

from app import times
from app.fields import Id
from app.queries import sessions, settings

ACCESS_LIFETIME = timedelta(minutes=15)
LEEWAY = timedelta(seconds=10)  # clocks of two hosts differ
MAX_CLOCK_SETBACK = timedelta(days=1)
MAX_TOKEN_LENGTH = 4096  # ours have some 300 characters; the first server's refresh tokens more
_ISSUER = _AUDIENCE = "dating-backend"
_REQUIRED = ["sub", "sid", "iat", "exp", "iss", "aud", "typ"]


class Claims(Struct):
    """What an access token says. `iat` and `exp`: unix seconds."""

    sub: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,17}$")]
    sid: Id
    iat: int
    exp: int
    typ: Literal["access"]

    def is_of_now(self) -> bool:
        """Tell whether the token was not made in the future.

        One that was made just before the clock was set back looks like that. It has exactly the
        lifetime that tokens get here, and is accepted up to a day ahead.
        """
        has_our_lifetime = self.exp - self.iat == ACCESS_LIFETIME.total_seconds()
        tolerated = MAX_CLOCK_SETBACK if has_our_lifetime else LEEWAY
        return self.iat <= times.now().timestamp() + tolerated.total_seconds()


def pair(session: dict[str, Any]) -> dict[str, str | int]:
    """The tokens of a session, and when they end."""
    now = times.now().replace(microsecond=0)  # a JWT counts whole seconds
    claims = {
        "sub": str(session["user_id"]),
        "sid": session["id"],
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFETIME).timestamp()),
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "typ": "access",
    }
    return {
        "access_token": jwt.encode(claims, secret(), algorithm="HS256"),
        "access_expires": times.text(now + ACCESS_LIFETIME),
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "refresh_token": _refresh_token(session["id"], session["counter"]),
        "refresh_expires": session["expires_at"],
    }


def read_access(token: str) -> tuple[int, int] | None:
    """The user and the session that a valid access token names."""
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    try:
        claims = jwt.decode(
            token,
            secret(),
            algorithms=["HS256"],
            issuer=_ISSUER,
            audience=_AUDIENCE,
            leeway=LEEWAY,
            options={"require": _REQUIRED, "strict_aud": True, "verify_iat": False},
        )
        valid = msgspec.convert(claims, Claims)
    except (jwt.InvalidTokenError, msgspec.ValidationError):
        return None
    return (int(valid.sub), valid.sid) if valid.is_of_now() else None


def read_refresh(token: str) -> tuple[int, int] | None:
    """The session and the counter that a refresh token of ours, or an imported one, names."""
    if len(token) > MAX_TOKEN_LENGTH:
        return None
    found = re.match(r"([0-9]{1,18})\.([0-9]{1,18})\.", token)
    if found:
        session_id, counter = int(found[1]), int(found[2])
        genuine = _refresh_token(session_id, counter)
        return (
            (session_id, counter) if hmac.compare_digest(genuine.encode(), token.encode()) else None
        )
    imported = sessions.find_imported(hashlib.sha256(token.encode()).hexdigest())
    return imported and (imported["id"], 0)


def _refresh_token(session_id: int, counter: int) -> str:
    mac = hmac.digest(secret().encode(), f"refresh:{session_id}:{counter}".encode(), "sha256")
    return f"{session_id}.{counter}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def secret() -> str:
    """JWT_SECRET, or else the one that was made with the database."""
    if not current_app.config["JWT_SECRET"]:
        current_app.config["JWT_SECRET"] = settings.find("jwt_secret")
    return current_app.config["JWT_SECRET"]
