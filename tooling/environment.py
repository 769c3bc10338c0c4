"""The virtual environment, and what is installed in it: files with known hashes only."""

import hashlib
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tooling import ROOT, lock

VENV = ROOT / ".venv"
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIP = "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
INDEX = os.environ.get("PIP_INDEX_URL") or "https://{}.org/simple".format("pypi")
COMPILES = (
    "There is no wheel of gevent for Python 3.11 on macOS, so it is compiled, for some minutes. "
    "This needs Xcode's command line tools (xcode-select --install). "
    "Python 3.12 or newer needs neither."
)


def set_up(folder: Path, names: tuple[str, ...] = LOCKS) -> None:
    """Make a virtual environment of the lock files. Return at once if it exists already."""
    stale = [name for name in names if lock.is_stale(name)]
    if stale:
        sys.exit(f"{stale[0]} differs from {lock.lists(stale[0])}; run: python3 dev.py lock")
    install(folder, ["--require-hashes", *(part for name in names for part in ("-r", name))])


def install(folder: Path, arguments: list[str]) -> None:
    """Make a virtual environment with `pip install <arguments>`. Return at once if it exists."""
    stamp = folder / "installed"
    files = b"".join((ROOT / name).read_bytes() for name in arguments if not name.startswith("-"))
    wanted = hashlib.sha256(files + f"{sys.version} {folder} {PIP}".encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    import venv

    print(f"Setting up {folder}, once; this takes some seconds", flush=True)
    needs_compiler = sys.platform == "darwin" and sys.version_info < (3, 12)
    if needs_compiler:
        print(COMPILES, flush=True)
    # with_pip would need ensurepip, which Debian leaves out.
    venv.create(folder, clear=True, symlinks=True)
    with tempfile.TemporaryDirectory() as unpacked:
        pip = Path(unpacked, PIP)
        pip.write_bytes(fetch_pip())
        command = [str(folder / "bin" / "python"), f"{pip}/pip", "install"]
        if subprocess.call([*command, "--disable-pip-version-check", *arguments], cwd=ROOT):
            advice = f". {COMPILES}" if needs_compiler else ""
            sys.exit(f"Installing failed; pip says why above{advice}")
    stamp.write_text(wanted)


def fetch_pip() -> bytes:
    """Return pip's wheel from the package index. Exit unless it has the known hash."""
    page_url = f"{INDEX.rstrip('/')}/pip/"
    try:
        page = urllib.request.urlopen(page_url, timeout=30).read().decode()
        found = re.search(f'href="([^"]*{re.escape(PIP)}[^"]*)"', page)
        if not found:
            sys.exit(
                f"{PIP} is not on the package index {INDEX}; set PIP_INDEX_URL to one that has it"
            )
        wheel = urllib.request.urlopen(urllib.parse.urljoin(page_url, found[1]), timeout=60).read()
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            sys.exit(
                "No CA certificates to trust: install ca-certificates, "
                "or set SSL_CERT_FILE to a bundle of them"
            )
        sys.exit(
            f"The package index does not answer ({reason}): "
            "connect to the network, or set PIP_INDEX_URL"
        )
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        sys.exit(f"{PIP} from {INDEX} is not the file that we know; nothing was installed")
    return wheel
