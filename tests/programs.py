"""Programs of the machine that some tests need."""

import os
import shutil

import pytest


def find(*names: str) -> str:
    """Return the path of the first that is there. Skip the test without one, and fail it in CI."""
    found = next(filter(None, map(shutil.which, names)), None)
    if not found and not os.environ.get("CI"):
        pytest.skip(f"{names[0]} is not on PATH (Debian: apt-get install {names[0]})")
    assert found, f"{names[0]} is not on PATH"
    return found
