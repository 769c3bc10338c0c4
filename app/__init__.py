"""The REST service: a synchronous WSGI app."""

# The parts are imported inside create_app(): gunicorn's files import modules of this package before the fork and
# before gevent patches the standard library, and `ws` needs few of them.

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask, Response

__version__ = "0.1.0"  # of both services

LARGEST_BODY = 64 * 1024


def create_app(settings: "dict[str, Any] | None" = None) -> "Flask":
    """The app with these settings, by default those of the environment. Raises config.BadSetting."""
    from flask import Flask

    from app import (
        access_log,
        bell,
        check,
        commands,
        config,
        cors,
        db,
        demo,
        error_reports,
        filters,
        forwarded,
        health,
        json,
        limits,
        moderation,
        problems,
    )
    from app.blueprints import (
        IdConverter,
        account,
        auth,
        chats,
        discovery,
        messages,
        profiles,
        realtime,
        safety,
        sessions,
        swipes,
        system,
    )

    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(settings or config.load(), MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.json = json.Provider(app)
    app.url_map.converters["id"] = IdConverter
    app.url_map.merge_slashes = False
    for part in (
        error_reports,
        access_log,
        forwarded,
        cors,
        db,
        bell,
        problems,
        limits,
        filters,
        health,
    ):
        part.init_app(app)
    for blueprint in (
        account,
        auth,
        sessions,
        profiles,
        discovery,
        swipes,
        chats,
        messages,
        safety,
        realtime,
        system,
    ):
        app.register_blueprint(blueprint.bp)
    app.after_request(_keep_private)
    for command in (
        commands.migrate,
        commands.backup,
        commands.restore,
        check.check,
        demo.demo,
        moderation.moderate,
    ):
        app.cli.add_command(command)
    return app


def _keep_private(response: "Response") -> "Response":
    response.headers["Cache-Control"] = "no-store"
    return response
