"""Every setting: its variable, default and meaning. Standard library only: gunicorn's files read it too."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from app import cors_origins
from app.setting_types import (
    address,
    dsn,
    flag,
    host_and_port,
    ip,
    networks,
    one_of,
    rate,
    secret,
    text_file,
    whole,
)


class BadSetting(SystemExit):
    """A setting that cannot be used; left uncaught, it ends the program with its one line."""


class Setting(NamedTuple):
    name: str
    default: str
    parse: Callable[[str], Any]
    meaning: str


SETTINGS = (
    Setting("PORT", "8088", whole(1, 65535), "where `web` listens"),
    Setting(
        "WS_PORT",
        "8089",
        whole(1, 65535),
        "where `ws` listens; unset, it takes `PORT` where that is given",
    ),
    Setting("WS_IN_WEB", "1", flag, "1: `web` serves `/ws/chat` too; 0: only `ws` does"),
    Setting(
        "WS_CONNECTIONS_PER_USER",
        "8",
        whole(1, 1000),
        "sockets of one user in one process; one more closes the oldest",
    ),
    Setting("WEB_CONCURRENCY", "2", whole(1, 256), "processes of `web`"),
    Setting("WS_CONCURRENCY", "1", whole(1, 256), "processes of `ws`"),
    Setting("DATABASE_PATH", "./dating.db", str, "the SQLite file, made at first start"),
    Setting(
        "REDIS_URL",
        "redis://localhost:6379/0",
        address("redis", "rediss", "unix"),
        "Redis or Valkey",
    ),
    Setting(
        "REDIS_ADDR", "", host_and_port, "the older way to say it, `host:port`; `REDIS_URL` wins"
    ),
    Setting(
        "WS_PUBLIC_URL",
        "",
        address("ws", "wss"),
        "how clients reach `ws`; unset: the request's host, `WS_PORT`",
    ),
    Setting(
        "CORS_ORIGINS",
        "*",
        cors_origins.parse,
        "pages and apps that may call: origins, `https://*.a.example`; `*` is any",
    ),
    Setting(
        "JWT_SECRET",
        "",
        secret,
        "signs tokens, 32 bytes or more; unset: a random one, kept in the database",
    ),
    Setting(
        "TRUSTED_PROXIES",
        "",
        networks,
        "whose `X-Forwarded-For`, `-Proto`, `-Host` count: networks, with commas",
    ),
    Setting(
        "LIMIT_REGISTER",
        "30 per hour",
        rate,
        "accounts opened from one address; 20 times as many tries",
    ),
    Setting("LIMIT_LOGIN", "60 per minute", rate, "logins tried from one address"),
    Setting(
        "LIMIT_GUESSES",
        "10 per 15 minutes",
        rate,
        "wrong passwords for one name from one address; slower after 10 addresses",
    ),
    Setting(
        "LIMIT_REFRESH",
        "120 per minute",
        rate,
        "refreshes of one session; of junk, from one address",
    ),
    Setting("LIMIT_WS_START", "60 per minute", rate, "tickets of one person"),
    Setting("LIMIT_PASSWORD", "10 per hour", rate, "changes of the password, tried by one person"),
    Setting("LIMIT_EXPORT", "3 per day", rate, "exports of one person"),
    Setting(
        "SENDS_PER_MINUTE",
        "60",
        whole(0, 1_000_000),
        "messages of one person to one chat; 0 is no limit",
    ),
    Setting(
        "LIKES_PER_DAY",
        "0",
        whole(0, 1_000_000),
        "likes that one person gives in 24 hours, also those taken back; 0 is no limit",
    ),
    Setting("CLEAR_SWIPES", "1", flag, "0: `DELETE /clear/my/swipes` is not there; for production"),
    Setting(
        "REPORTS_PER_DAY",
        "20",
        whole(0, 1_000_000),
        "reports of one person in 24 hours; 0 is no limit",
    ),
    Setting(
        "MINIMUM_AGE",
        "18",
        whole(0, 150),
        "in years; a known minor sees only the own account, else 403 `too_young`",
    ),
    Setting("REQUIRE_TERMS", "0", flag, "1: nobody registers without `accept_terms`"),
    Setting(
        "BLOCKED_WORDS_FILE",
        "",
        text_file,
        "what nobody may write: on each line a word, or words in a row",
    ),
    Setting("BCRYPT_COST", "12", whole(4, 16), "work of a password hash, as a power of two"),
    Setting(
        "EVENTS_KEEP",
        "1000",
        whole(1, 1_000_000),
        "the latest events of each person are kept, so many",
    ),
    Setting(
        "EVENTS_KEEP_DAYS", "7", whole(0, 36_500), "and those of so many days, where these are more"
    ),
    Setting(
        "LOG_FORMAT",
        "",
        one_of("json", "text"),
        "of each line; unset: text in a terminal, else a JSON object",
    ),
    Setting(
        "LOG_LEVEL",
        "info",
        one_of("debug", "info", "warning", "error"),
        "what is logged; `info`: each request",
    ),
    Setting(
        "SENTRY_DSN",
        "",
        dsn,
        "where errors are reported; needs `pip install -r requirements-sentry.txt`",
    ),
    Setting("WS_PING_SECONDS", "25", whole(1, 3600), "a ping to each socket, this often"),
    Setting(
        "WS_SILENCE_SECONDS", "35", whole(1, 3600), "a socket that is silent for so long is dead"
    ),
    Setting(
        "METRICS_PORT",
        "0",
        whole(0, 65534),
        "where Prometheus reads `web`, one further on `ws`; 0: nowhere",
    ),
    Setting(
        "METRICS_HOST",
        "127.0.0.1",
        ip,
        "the address of these two ports, which are not for the public",
    ),
)


OLD_NAMES = {"WS_IN_WEB": "WS_MOUNTED"}  # by new name; the old ones keep working


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The settings by name, parsed; an empty variable counts as unset. Raises BadSetting."""
    given = {setting.name: environ.get(setting.name, "") for setting in SETTINGS}
    for name, old_name in OLD_NAMES.items():
        given[name] = given[name] or environ.get(old_name, "")
    given["WS_PORT"] = given["WS_PORT"] or given["PORT"]
    settings = {
        setting.name: _parse(setting, given[setting.name] or setting.default)
        for setting in SETTINGS
    }
    if settings["REDIS_ADDR"] and not given["REDIS_URL"]:
        settings["REDIS_URL"] = f"redis://{settings['REDIS_ADDR']}/0"
    if settings["WS_SILENCE_SECONDS"] <= settings["WS_PING_SECONDS"]:
        raise BadSetting(
            "WS_SILENCE_SECONDS must be more than WS_PING_SECONDS, or nobody lives to answer a ping"
        )
    public, metrics = {settings["PORT"], settings["WS_PORT"]}, settings["METRICS_PORT"]
    if metrics and public & {metrics, metrics + 1}:
        raise BadSetting(
            "METRICS_PORT and the port after it must be others than PORT and WS_PORT, which are public"
        )
    return settings


def _parse(setting: Setting, value: str) -> Any:
    try:
        return setting.parse(value)
    except ValueError as error:
        shown = (
            "" if setting.parse is secret or "@" in value else f", not {value!r}"
        )  # no password in a log
        raise BadSetting(f"{setting.name} must be {error}{shown}") from None
