"""How gunicorn runs the web service. Nothing of ours is imported before the fork and gevent's patches."""

import runpy

settings = runpy.run_path("app/config.py")["load"]()

bind = f"0.0.0.0:{settings['PORT']}"
workers = settings["WEB_CONCURRENCY"]
worker_class = "gevent"
keepalive = 30
graceful_timeout = 20
limit_request_field_size = 16380  # so that an oversized token is answered by us
control_socket_disable = True
