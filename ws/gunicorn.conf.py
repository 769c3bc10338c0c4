"""How gunicorn runs the WebSocket service. Nothing of ours is imported before the fork and gevent's patches."""

import logging
import re
import resource
import runpy
import threading

settings = runpy.run_path("app/config.py")["load"]()

bind = f"0.0.0.0:{settings['WS_PORT']}"
workers = settings["WS_CONCURRENCY"]
worker_class = "gevent"
worker_connections = 20_000
graceful_timeout = 8
control_socket_disable = True


def hide_ticket(record: logging.LogRecord) -> bool:
    """gunicorn quotes the request line of what it could not answer; a ticket stands in ours."""
    record.msg, record.args = re.sub(r"session=[^&\s'\"]*", "session=…", record.getMessage()), ()
    return True


logging.getLogger("gunicorn.error").addFilter(hide_ticket)


def post_fork(_server, _worker):
    """A socket is an open file: as many as the system allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def post_worker_init(worker):
    """gunicorn tells no socket that its worker stops; a thread of ours does."""
    threading.Thread(target=worker.wsgi.extensions["hub"].close_when_stopped, args=[worker], daemon=True).start()
