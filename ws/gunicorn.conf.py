"""How gunicorn runs the WebSocket service: as it runs the web service, but for this."""

import runpy

web = runpy.run_path("app/gunicorn.conf.py")
globals().update(web)

bind = f"0.0.0.0:{web['settings']['WS_PORT']}"
workers = web["settings"]["WS_CONCURRENCY"]
graceful_timeout = 8


def on_starting(server):
    web["running"].join(web["settings"]["DATABASE_PATH"])
    port = web["settings"]["METRICS_PORT"]
    web["start_exporter"](server, port and port + 1)


def post_worker_init(worker):
    web["watch_database"](worker)
    worker.wsgi.extensions["hub"].watch(worker)
