"""Which Redis the `flask` command takes."""

import os
import tempfile
from pathlib import Path

import pytest

from app import local_redis


@pytest.fixture
def database(tmp_path):
    """A database with the link that `dev.py run` leaves."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder, "redis.sock")
        socket.touch()
        path = tmp_path / "dating.db"
        path.touch()
        Path(f"{path}-redis").symlink_to(socket)
        yield path


def test_find_beside_a_database_follows_the_link(database):
    assert local_redis.find(str(database)) == f"unix://{os.readlink(f'{database}-redis')}"


def test_find_of_a_dead_redis_is_none(database):
    os.unlink(os.readlink(f"{database}-redis"))
    assert local_redis.find(str(database)) is None


def test_find_without_a_link_is_none(database):
    os.unlink(f"{database}-redis")
    assert local_redis.find(str(database)) is None


def test_find_of_a_file_is_none(database):
    os.unlink(f"{database}-redis")
    Path(f"{database}-redis").write_text("/tmp/redis.sock")
    assert local_redis.find(str(database)) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("which", ["link", "socket"])
def test_find_of_another_user_is_none(database, which):
    link = f"{database}-redis"
    os.chown(link if which == "link" else os.readlink(link), 12345, 12345, follow_symlinks=False)
    assert local_redis.find(str(database)) is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_find_of_the_databases_user_follows_the_link(database):
    link = f"{database}-redis"
    for path in (link, os.readlink(link), database):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert local_redis.find(str(database))
