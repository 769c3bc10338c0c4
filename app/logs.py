"""How lines of the log look: a JSON object each, or text where somebody reads along in a terminal.

Standard library only: gunicorn's configuration reads it, before its workers patch that."""

import sys
from typing import Any

TEXT = {
    "()": "logging.Formatter",
    "fmt": "[%(asctime)s] [%(process)d] [%(levelname)s] [%(request_id)s] %(name)s: %(message)s",
    "defaults": {"request_id": "-"},
}
JSON = {
    "()": "pythonjsonlogger.msgspec.MsgspecFormatter",
    "fmt": "%(levelname)s %(name)s %(process)d %(message)s",
    "rename_fields": {"levelname": "level", "name": "logger"},
    "timestamp": "time",
}


def configuration(form: str, level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`. `form` is `json` or `text`; without it, text if standard error is a terminal."""
    is_text = form == "text" or (not form and sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": TEXT if is_text else JSON},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": level.upper(), "handlers": ["stderr"]},
    }
