"""The worker with short deadlines, so that tests of them take seconds."""

from app import client_socket
from app.gunicorn_worker import Worker

client_socket.HEAD_SECONDS = 1.0
client_socket.PAUSE_SECONDS = 1.0
client_socket.GRACE_SECONDS = 2.0
client_socket.WRITE_PAUSE_SECONDS = 1.0

OPTIONS = "--worker-class tests.quick_worker.QuickWorker --keep-alive 1"


class QuickWorker(Worker):
    """The same class under a name that gunicorn finds here."""
