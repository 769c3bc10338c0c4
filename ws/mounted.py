"""The service inside the processes of `web`, for hosts that route to `web` alone."""

from typing import Any

from ws import PATH, create_app


def mount(worker: Any) -> None:
    """Let a worker of `web` answer PATH as well; all else stays with its app."""
    app = worker.wsgi
    service = create_app(host=app)
    rest = app.wsgi_app
    app.wsgi_app = lambda environ, start: (service if environ["PATH_INFO"] == PATH else rest)(
        environ, start
    )
    service.extensions["hub"].watch(worker)
