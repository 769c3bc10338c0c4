"""How gunicorn runs the web service. It imports only modules that need nothing but the standard library: the rest comes
after the fork and gevent's patches."""

import logging
import logging.config
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress

from gunicorn import glogging

from app import logs, running, sqlite_safety
from app.config import load

settings = load()
_, MAX_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)
if MAX_FILES == resource.RLIM_INFINITY:
    MAX_FILES = 1_000_000

bind = f"0.0.0.0:{settings['PORT']}"
workers = settings["WEB_CONCURRENCY"] if sqlite_safety.is_safe() else 1
worker_class = "app.gunicorn_worker.Worker"
worker_connections = min(20_000, MAX_FILES * 9 // 10)  # each is an open file; some files are not
keepalive = 5  # seconds; an idle connection holds a slot
graceful_timeout = 20
limit_request_field_size = 16380  # so that an oversized token is answered by us
# gunicorn takes these from 127.0.0.1 by default, and so from the clients of a proxy there. See app/forwarded.py.
forwarder_headers = ""
secure_scheme_headers = {}
control_socket_disable = True
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(L)s'  # where a host turns that log on: no query, which holds tickets


def on_starting(server):
    if not sqlite_safety.is_safe():
        server.log.warning(sqlite_safety.WARNING)
    running.join(settings["DATABASE_PATH"])
    start_exporter(server, settings["METRICS_PORT"])


def start_exporter(server, port):
    """Have the metrics of this service served, if at all, until it has ended; the workers write them to a folder."""
    server.exporter = None
    if port:
        folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="dating-metrics-")
        where = [settings["METRICS_HOST"], str(port), folder, settings["DATABASE_PATH"]]
        command = [sys.executable, "-P", "app/exporter.py", *where]
        server.exporter = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0)  # noqa: S603


def child_exit(server, worker):
    """What a worker had open when it ended counts no more."""
    if server.exporter:
        with suppress(BrokenPipeError):
            server.exporter.stdin.write(b"%d\n" % worker.pid)


def post_fork(_server, _worker):
    """A worker that is told to stop while it starts does; until it has handlers of its own, the signal was lost."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)  # a connection is an open file
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def post_worker_init(worker):
    watch_database(worker)
    if settings["WS_IN_WEB"]:
        from ws import mounted  # not before gevent's patches

        mounted.mount(worker)


def watch_database(worker):
    from app import connections  # not before gevent's patches

    connections.watch(worker, worker.wsgi.extensions["connections"])


def hide_quotes(record: logging.LogRecord) -> bool:
    """gunicorn quotes what it could not read or answer, and that may hold a ticket or a token."""
    record.msg, record.args = re.sub(r"'.*'|\".*\"|\?\S*", "…", record.getMessage()), ()
    return True


class logger_class(glogging.Logger):  # noqa: N801 - a setting
    """What gunicorn says goes the way of all lines."""

    def setup(self, cfg):
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logging.getLogger("gunicorn.error").addFilter(hide_quotes)
logging.config.dictConfig(logs.configuration(settings["LOG_FORMAT"], settings["LOG_LEVEL"]))
