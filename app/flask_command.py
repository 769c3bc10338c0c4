"""How the `flask` command of this installation is called, for messages and help."""

import sys
from pathlib import Path


def name() -> str:
    """Return `flask`, or its path in the virtual environment: it may not be on the user's PATH."""
    if sys.prefix == sys.base_prefix:
        return "flask"
    path, folder = Path(sys.prefix, "bin", "flask"), Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


FLASK = name()
