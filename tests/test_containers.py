"""The files for containers. No engine runs here: what they say is held against what is there, and done by hand."""

import ast
import fnmatch
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import dev
from app import config
from tests.people import Remote
from tests.test_proxy import CADDYFILE
from tests.town import eventually, free_port

DOCKERFILE = (dev.ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((dev.ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


def instructions(name):
    """The arguments of each of that name; lists from their JSON."""
    found = re.findall(rf"^{name} (?:--\S+ )*(.*)$", DOCKERFILE, re.MULTILINE)
    return [json.loads(each[each.index("[") :]) if "[" in each else each.split() for each in found]


def environment():
    return dict(pair.split("=", 1) for pairs in instructions("ENV") for pair in pairs)


def command(name):
    return ["sh", "-c", dev.procfile()[name]]


def build(folder):
    """Do what COPY says."""
    for *sources, target in instructions("COPY"):
        for source in sources:
            if (dev.ROOT / source).is_dir():
                shutil.copytree(
                    dev.ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(dev.ROOT / source, folder / target)


def test_the_commands_are_those_of_the_procfile():
    assert instructions("CMD")[-1] == command("web")
    assert {name: SERVICES[name]["command"] for name in ("web", "ws")} == {
        "web": command("web"),
        "ws": command("ws"),
    }


def test_what_is_copied_may_be():
    """`.dockerignore` shuts out all, then names what may enter the image."""
    first, *rules = (dev.ROOT / ".dockerignore").read_text().split()
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    copied = {source for *sources, _ in instructions("COPY") for source in sources}
    assert (first, allowed) == ("*", copied)
    assert not any(
        fnmatch.fnmatch(name, pattern) for name in (".env", "dating.db") for pattern in allowed
    )


@pytest.mark.parametrize("name", ["web", "ws"])
def test_what_is_in_the_image_runs_and_is_healthy(tmp_path, redis_url, name):
    (tmp_path / "srv").mkdir()
    build(tmp_path / "srv")
    data = tmp_path / "data"
    data.mkdir()
    port = str(free_port())
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "REDIS_URL": redis_url,
    } | environment()
    env |= {"PORT": port, "DATABASE_PATH": env["DATABASE_PATH"].replace("/data", str(data))}
    (*_, check) = re.findall(r"^HEALTHCHECK.* CMD (.*)$", DOCKERFILE, re.MULTILINE)

    def is_healthy():
        return subprocess.run(json.loads(check), env=env, capture_output=True).returncode == 0

    assert not is_healthy()
    with (tmp_path / "log").open("w") as log:
        run = subprocess.Popen(
            SERVICES[name]["command"], env=env, cwd=tmp_path / "srv", stdout=log, stderr=log
        )
    try:
        eventually(lambda: is_healthy() or run.poll() is not None, 30)
        assert Remote(f"http://127.0.0.1:{port}").send("GET", "/readyz").status == 200
    finally:
        run.terminate()
        run.wait(30)
    assert not list((tmp_path / "srv").rglob("*.pyc")) + list((tmp_path / "srv").rglob("*.db"))


def test_what_it_installs_is_all_that_the_services_import():
    (step,) = (" ".join(step) for step in instructions("RUN") if "pip" in step)
    assert "--require-hashes -r requirements.lock" in step
    needed = (dev.ROOT / "requirements.lock").read_text()
    installed = {
        name.lower().replace("_", "-") for name in re.findall(r"^([\w.-]+)", needed, re.MULTILINE)
    }
    assert "pytest" not in installed
    owners = importlib.metadata.packages_distributions()
    files = [
        dev.ROOT / "wsgi.py",
        *(dev.ROOT / "app").rglob("*.py"),
        *(dev.ROOT / "ws").rglob("*.py"),
    ]
    for module in (
        {name for file in files for name in imported(file)}
        - set(sys.stdlib_module_names)
        - {"app", "ws"}
    ):
        assert installed & {owner.lower().replace("_", "-") for owner in owners[module]}, module


def imported(file):
    """The top-level names of the modules that it imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


def test_it_does_not_run_as_root_and_may_write_its_data():
    ((user,),) = instructions("USER")
    steps = " ".join(" ".join(step) for step in instructions("RUN"))
    assert user != "root" and f"install --directory --owner {user} /data" in steps
    assert instructions("VOLUME") == [["/data"]]
    assert Path(environment()["DATABASE_PATH"]).parent == Path("/data")
    assert all("data:/data" in SERVICES[name]["volumes"] for name in ("web", "ws"))


def test_every_setting_that_it_gives_is_one():
    known = {setting.name for setting in config.SETTINGS}
    for name in ("web", "ws"):
        assert set(SERVICES[name]["environment"]) <= known
        assert config.load(SERVICES[name]["environment"])["WS_PORT"] == int(
            SERVICES["proxy"]["ports"][0].split(":")[0]
        )
    assert set(environment()) - known == {"PYTHONDONTWRITEBYTECODE"}


def test_every_setting_that_is_told_of_is_one():
    told = re.findall(r"\b([A-Z]+_[A-Z_]+|SITE)=", (dev.ROOT / "deploy" / "README.md").read_text())
    assert len(told) > 5
    assert set(told) <= {setting.name for setting in config.SETTINGS} | {"SITE"}


def test_pings_come_more_often_than_hosts_end_what_is_silent():
    assert config.load({})["WS_PING_SECONDS"] < 55  # Heroku's, of which deploy/README.md tells


def test_only_the_proxy_can_be_reached():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert "./deploy/Caddyfile:/etc/caddy/Caddyfile:ro" in SERVICES["proxy"]["volumes"]


def test_the_proxy_asks_the_services_where_they_are():
    port = SERVICES["web"]["environment"]["PORT"]
    upstreams = dict(re.findall(r"\{\$(WEB|WS):(\S+)\}", CADDYFILE.read_text()))
    assert upstreams == {"WEB": f"web:{port}", "WS": f"ws:{port}"}
    (published,) = SERVICES["proxy"]["ports"]
    assert SERVICES["proxy"]["environment"]["SITE"] == f"${{SITE:-:{published.split(':')[1]}}}"
    assert f"{{$SITE::{published.split(':')[1]}}}" in CADDYFILE.read_text()


@pytest.mark.parametrize(
    ("name", "file"), [("web", "app/gunicorn.conf.py"), ("ws", "ws/gunicorn.conf.py")]
)
def test_a_stop_is_given_the_time_that_it_takes(name, file, monkeypatch):
    monkeypatch.chdir(dev.ROOT)
    script = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['graceful_timeout']))"
    graceful = json.loads(subprocess.check_output([sys.executable, "-c", script, file]))
    assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > graceful
