"""Installation of the wheel by uv, pipx and pip (`make test-installed`, from the internet)."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.poll import until
from tests.ports import free_port
from tests.programs import require_program
from tests.scanner.test_bundle import ROOT

pytestmark = pytest.mark.installed

PYTHONS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LAMSACH_CI")
"""Variables by which an installation would find another one."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel for this platform, built from these sources."""
    out = tmp_path_factory.mktemp("dist")
    platform = f"linux-{os.uname().machine}"
    program = [
        sys.executable,
        str(ROOT / "packaging/release.py"),
        "--only",
        "wheels",
        "--platform",
        platform,
        "--out",
        str(out),
    ]
    subprocess.run(program, check=True, capture_output=True)
    (wheel_path,) = out.glob("*.whl")
    return wheel_path


def clean(**more: str) -> dict[str, str]:
    """Return the environment without the tests' own Python."""
    return {name: value for name, value in os.environ.items() if name not in PYTHONS} | more


def by_uv(wheel: Path, place: Path) -> Path:
    uv = require_program("uv", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    environment = clean(UV_TOOL_DIR=str(place / "tools"), UV_TOOL_BIN_DIR=str(place / "bin"))
    subprocess.run(
        [uv, "tool", "install", "--python", sys.executable, str(wheel)],
        env=environment,
        check=True,
        capture_output=True,
    )
    return place / "bin/lamsach"


def by_pipx(wheel: Path, place: Path) -> Path:
    pipx = require_program("pipx")
    environment = clean(PIPX_HOME=str(place / "home"), PIPX_BIN_DIR=str(place / "bin"))
    subprocess.run(
        [pipx, "install", "--python", sys.executable, str(wheel)],
        env=environment,
        check=True,
        capture_output=True,
    )
    return place / "bin/lamsach"


def by_pip(wheel: Path, place: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(place / "fresh")], check=True)
    program = [str(place / "fresh/bin/pip"), "install", "--no-compile", f"{wheel}[portal]"]
    subprocess.run(program, env=clean(), check=True, capture_output=True)
    return place / "fresh/bin/lamsach"


@pytest.mark.parametrize("way", [by_uv, by_pipx, by_pip])
def test_what_was_installed_hunts_and_shows_the_demo(
    way: Callable[[Path, Path], Path], wheel: Path, tmp_path: Path
) -> None:
    program = way(wheel, tmp_path)
    (tmp_path / "dns.log").write_text(
        "2026-11-01T10:00:00+07:00 src=10.0.0.7 dst=203.0.113.9 action=allowed\n"
    )
    (tmp_path / "list.txt").write_text("203.0.113.9\n")

    def run(*words: str) -> str:
        ran = subprocess.run(
            [program, *words],
            cwd=tmp_path,
            env=clean(HOME=str(tmp_path)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    assert run("--version").startswith("lamsach ")
    shown = run("hunt", "dns.log", "-i", "list.txt", "-o", "a.html", "-o", "a.xlsx", "-o", "a.zip")
    assert "10.0.0.7" in shown + (tmp_path / "a.html").read_text("utf-8")
    run("demo", "--once", "month")
    assert any((tmp_path / "month").iterdir())
    if way is by_pip:
        serves(program, tmp_path)


def serves(program: Path, place: Path) -> None:
    """Start the installed portal and wait until it is ready."""
    port = free_port()
    portal = subprocess.Popen(
        [program, "serve", "--data", "data", "--port", str(port)], cwd=place, env=clean(HOME=str(place))
    )

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        until(ready, still=lambda: portal.poll() is None)
    finally:
        portal.terminate()
        portal.wait()
