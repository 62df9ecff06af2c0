"""Containerfile and compose file: contents, and execution with a container engine."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from lamsach.portal.database import database
from tests.scanner.test_bundle import ROOT

DATA = "/var/lib/lamsach"


class Containerfile:
    """Parsed instructions of each stage: name and arguments, in order."""

    def __init__(self, text: str) -> None:
        text = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
        lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
        self.arguments = dict(words.split("=", 1) for name, words in lines if name == "ARG")
        self.stages: list[list[tuple[str, str]]] = []
        for name, words in lines:
            if name == "FROM":
                self.stages.append([])
            if self.stages:
                self.stages[-1].append((name, words))

    def all(self, name: str, stage: int = -1) -> list[str]:
        """List the arguments of all instructions of a name."""
        return [words for found, words in self.stages[stage] if found == name]

    def one(self, name: str, stage: int = -1) -> str:
        """Return the arguments of the single instruction of a name."""
        (words,) = self.all(name, stage)
        return words


@pytest.fixture(scope="module")
def image() -> Containerfile:
    return Containerfile((ROOT / "Containerfile").read_text("utf-8"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return read


def health_check(image: Containerfile) -> list[str]:
    words: list[str] = json.loads(re.sub(r"^.*?CMD ", "", image.one("HEALTHCHECK")))
    return words


def test_the_image_runs_the_portal_without_root_on_one_volume(image: Containerfile) -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", image.one("USER"))
    assert json.loads(image.one("VOLUME")) == [DATA]
    command = json.loads(image.one("ENTRYPOINT")) + json.loads(image.one("CMD"))
    options = dict(zip(command[2::2], command[3::2], strict=True))
    assert command[:2] == ["lamsach", "serve"]
    assert options == {"--data": DATA, "--host": "0.0.0.0", "--port": image.one("EXPOSE")}
    names = [name for name, _ in image.stages[-1]]
    assert set(names[names.index("USER") :]) <= {
        "USER",
        "VOLUME",
        "EXPOSE",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    assert image.all("COPY") == [
        "--from=build /opt/lamsach /opt/lamsach"
    ]  # compilers and sources stay behind


def test_all_that_is_installed_is_locked(image: Containerfile) -> None:
    installs = [part for run in image.all("RUN", 0) for part in run.split("&&") if "pip install" in part]
    assert len(installs) == 4
    for install in installs:
        words = set(install.split())
        assert words >= {"--only-binary", ":all:", "--require-hashes"} or words >= {"--no-index", "--no-deps"}
    pins = subprocess.run(
        ["sh", "-c", re.search(r"awk .*?>", image.all("RUN", 0)[1])[0].rstrip(">")],  # type: ignore[index]
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.findall(r"^([a-z0-9-]+)==", pins, re.MULTILINE) == ["psycopg", "psycopg-binary"]
    assert pins in (ROOT / "requirements-dev.lock").read_text()
    assert pins.count("--hash=sha256:") > 2


def is_sent(name: str, rules: list[str]) -> bool:
    """Return whether the build context contains a file, by the last rule that matches it or its folder."""
    included = True
    for rule in rules:
        pattern = rule.removeprefix("!")
        paths = [name, *(str(folder) for folder in Path(name).parents if str(folder) != ".")]
        if any(fnmatch(part, pattern) or pattern == f"**/{Path(part).name}" for part in paths):
            included = rule.startswith("!")
    return included


def test_what_is_copied_is_there_and_nothing_else_is_sent(image: Containerfile) -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    copied = [word for words in image.all("COPY", 0) for word in words.split()[:-1]]
    assert {"src", "requirements.lock", "pyproject.toml"} <= set(copied)
    for word in copied:
        assert (ROOT / word).exists(), word
        assert is_sent(f"{word}/a.py" if word == "src" else word, rules), word
    for name in (
        ".venv/bin/python",
        ".git/config",
        "lamsach-data/secret-key",
        "tests/a.py",
        "key.pem",
        "src/a/__pycache__/b.pyc",
    ):
        assert not is_sent(name, rules), name


class Answer(http.server.BaseHTTPRequestHandler):
    """Server of `/ready` with a given status."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(type(self).status if self.path == "/ready" else 404)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Do nothing."""


def test_the_health_check_sees_a_portal_that_is_not_ready(image: Containerfile) -> None:
    program, *words = health_check(image)
    assert program.startswith("/opt/lamsach/")  # no shell, no curl in the image
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        words = [word.replace(f"127.0.0.1:{image.one('EXPOSE')}", address) for word in words]
        assert any(address in word for word in words)
        for status in (200, 503):
            Answer.status = status
            ran = subprocess.run(
                [shutil.which("python3") or "python3", *words], capture_output=True, check=False
            )
            assert (ran.returncode == 0) is (status == 200)
        server.shutdown()


def test_the_compose_file_says_what_the_image_needs(image: Containerfile, compose: dict[str, Any]) -> None:
    portal, base = compose["services"]["portal"], compose["services"]["database"]
    assert (ROOT / portal["build"]["dockerfile"]).is_file()
    for service in (portal, base):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in compose["volumes"]
    assert "cap_add" not in portal
    assert portal["healthcheck"]["test"] == ["CMD", *health_check(image)]
    assert portal["volumes"] == [f"data:{DATA}"]
    assert any(mount.startswith("/tmp") for mount in portal["tmpfs"])
    (port,) = portal["ports"]
    assert port == f"127.0.0.1:8000:{image.one('EXPOSE')}"
    assert "ports" not in base
    assert set(base["networks"]) == {
        name for name, net in compose["networks"].items() if net and net.get("internal")
    }


def test_the_portal_is_pointed_at_the_database_that_is_there(compose: dict[str, Any]) -> None:
    portal, base = compose["services"]["portal"], compose["services"]["database"]

    def filled(text: str) -> str:
        """Substitute variables as compose does, with a given password and defaults."""
        return re.sub(
            r"\$\{(\w+):(\?|-)([^}]*)\}", lambda match: "s3cret" if match[2] == "?" else match[3], text
        )

    settings = database(filled(portal["environment"]["DATABASE_URL"]), Path(DATA))
    given = {name: filled(value) for name, value in base["environment"].items()}
    assert (settings["HOST"], settings["PORT"]) == ("database", "5432")
    assert (settings["NAME"], settings["USER"]) == (given["POSTGRES_DB"], given["POSTGRES_USER"])
    assert settings["PASSWORD"] == given["POSTGRES_PASSWORD"] == "s3cret"
    assert portal["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert base["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    documented = re.findall(r"^\| `(\w+)`", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE)
    assert set(portal["environment"]) <= set(documented)


def engine() -> str:
    """Find a working container engine, or skip the test, in CI too."""
    for name in ("podman", "docker"):
        if (
            shutil.which(name)
            and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0
        ):
            return name
    pytest.skip("no container engine answers")


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Poll a container; return the last result."""
    end = time.monotonic() + seconds
    while not (result := done()) and time.monotonic() < end:
        time.sleep(0.5)
    return result


def ready(host: str, port: int) -> bool:
    """Return whether a portal is ready."""
    try:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        connection.request("GET", "/ready", headers={"Host": "127.0.0.1"})
        return connection.getresponse().status == 200
    except OSError:
        return False


@pytest.fixture
def running() -> Iterator[Callable[..., str]]:
    """Build and start the image as the compose file would; provide a function that runs the engine."""
    program = engine()

    def call(*words: str) -> str:
        ran = subprocess.run([program, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
        return (ran.stdout + ran.stderr if words[0] == "logs" else ran.stdout).strip()

    options = os.environ.get("LAMSACH_BUILD_OPTIONS", "").split()
    call("build", "-q", "-t", "lamsach-test", "-f", "Containerfile", *options, ".")
    try:
        words = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
        call("run", "-d", "--name", "lamsach-test", *words, "-p", "127.0.0.1::8000", "lamsach-test")
        yield call
    finally:
        subprocess.run([program, "rm", "-f", "-v", "lamsach-test"], capture_output=True, check=False)
        subprocess.run([program, "rmi", "-f", "lamsach-test"], capture_output=True, check=False)


@pytest.mark.container
def test_the_image_builds_and_runs(running: Callable[..., str]) -> None:
    place = urlsplit(f"//{running('port', 'lamsach-test', '8000')}")

    assert until(lambda: ready(place.hostname or "", place.port or 0), 120), running("logs", "lamsach-test")
    assert running("exec", "lamsach-test", "id", "-u") == "10001"
    written = running(
        "exec", "lamsach-test", "sh", "-c", "touch /opt/lamsach/x /etc/x 2>/dev/null || echo refused"
    )
    assert written == "refused"
    assert "lamsach.sqlite3" in running("exec", "lamsach-test", "ls", DATA)
    assert running("exec", "lamsach-test", "lamsach", "--version").startswith("lamsach ")
    assert "set-up" in running("logs", "lamsach-test") or "accounts" in running("logs", "lamsach-test")
    running("exec", "lamsach-test", *health_check(Containerfile((ROOT / "Containerfile").read_text("utf-8"))))


@pytest.mark.container
def test_the_compose_file_runs_portal_and_database() -> None:
    """Needs the engine's compose program, the image `postgres:17` from the internet, and a free port 8000."""
    program = [engine(), "compose", "--project-name", "lamsach-test"]
    if subprocess.run([*program, "version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("the engine has no compose program")

    def call(*words: str) -> str:
        environment = {**os.environ, "POSTGRES_PASSWORD": "letters-and-digits"}
        ran = subprocess.run(
            [*program, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]
        return ran.stdout

    try:
        call("up", "-d")
        assert until(lambda: ready("127.0.0.1", 8000), 300), call("logs")
        assert "lamsach.sqlite3" not in call("exec", "-T", "portal", "ls", DATA)
    finally:
        call("down", "-v")
