"""What gunicorn and the `flask` command load."""

import os

import click

from app import config, create_app, local_redis
from app.flask_command import FLASK

settings = config.load()
command = click.get_current_context(silent=True)  # None in gunicorn
if command:
    command.find_root().info_name = FLASK
    if not (os.environ.get("REDIS_URL") or os.environ.get("REDIS_ADDR")):
        redis_url = local_redis.find(settings["DATABASE_PATH"])
        settings["REDIS_URL"] = redis_url or settings["REDIS_URL"]

app = create_app(settings)
