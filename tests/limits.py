"""Settings under which a test may ask as often as it likes."""

from app import config

NONE = {s.name: "999999 per second" for s in config.SETTINGS if s.name.startswith("LIMIT_")} | {
    "SENDS_PER_MINUTE": "0"
}
