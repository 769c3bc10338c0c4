"""How gunicorn runs the web service. Nothing of ours is imported before the fork and gevent's patches."""

import logging
import re
import resource
import runpy
import signal

settings = runpy.run_path("app/config.py")["load"]()

bind = f"0.0.0.0:{settings['PORT']}"
workers = settings["WEB_CONCURRENCY"]
worker_class = "gevent"
keepalive = 30
graceful_timeout = 20
limit_request_field_size = 16380  # so that an oversized token is answered by us
control_socket_disable = True


def post_fork(_server, _worker):
    """A worker that is told to stop while it starts does; until it has handlers of its own, the signal was lost."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)  # a connection is an open file
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def hide_quotes(record: logging.LogRecord) -> bool:
    """gunicorn quotes what it could not read or answer, and that may hold a ticket or a token."""
    record.msg, record.args = re.sub(r"'.*'|\".*\"|\?\S*", "…", record.getMessage()), ()
    return True


logging.getLogger("gunicorn.error").addFilter(hide_quotes)
logging.basicConfig(format="[%(asctime)s] [%(process)d] [%(levelname)s] %(name)s: %(message)s")
