"""Wine and the bundles for the tests under it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STARTS_WITHIN_S = 600
RUNS_AT_MOST_S = 600


def shared_bundle(folder: Path, make: Callable[[], dict[str, bytes]]) -> Path:
    """Return an unpacked bundle shared by all test processes; the first one makes it."""
    try:
        folder.mkdir()
    except FileExistsError:
        for _ in range(STARTS_WITHIN_S):
            if (folder / "whole").exists():
                break
            time.sleep(1)
        return folder
    for name, data in make().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (folder / "whole").touch()
    return folder


class Wine:
    """A fresh Windows of its own, and the bundle in it."""

    def __init__(self, prefix: Path, bundle: Path) -> None:
        self.prefix, self.bundle = prefix, bundle
        self.drive = prefix / "drive_c"
        self.variables = {
            **os.environ,
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d",
            "LC_ALL": "C.UTF-8",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a Windows program."""
        return subprocess.run(
            ["wine", *words],
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=RUNS_AT_MOST_S,
            check=False,
        )

    def scanner(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the scanner."""
        return self.run(str(self.bundle / "python/python.exe"), "-X", "utf8", "-m", "lamsach_scanner", *words)

    def python(self, bundle: str, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a module by the Python of an unpacked or installed bundle."""
        return self.run(f"{bundle}/python/python.exe", "-X", "utf8", "-m", module, *words)

    def until(self, done: Callable[[], bool], seconds: float = 60) -> bool:
        """Wait for something that Windows does in the background; return whether it happened."""
        for _ in range(int(seconds * 5)):
            if done():
                return True
            time.sleep(0.2)
        return done()

    def check(self, *words: str) -> Any:
        """Return the results of some of `wine_checks`."""
        ran = self.run(
            str(self.bundle / "python/python.exe"), "-X", "utf8", str(HERE / "wine_checks.py"), *words
        )
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def restart(self) -> None:
        """End this Windows; the next program starts it again."""
        subprocess.run(["wineserver", "-k"], env=self.variables, check=False)
        subprocess.run(["wineserver", "-w"], env=self.variables, check=False, timeout=60)
        self.run("wineboot", "-r")
