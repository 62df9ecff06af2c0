"""The portals of the simulation as processes, each with a folder, a clock that is off, and a way to be stopped and put back from a backup."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.portal.serving import clean_environment
from tests.portal.template import furnish

ROOT = Path(__file__).parents[2]
Call = tuple[str, dict[str, Any]]


class Portal:
    """One portal. `off`: by how much its clock is ahead of the true one."""

    def __init__(self, folder: Path, certificate: Path | None = None) -> None:
        self.folder, self.off = folder, timedelta()
        furnish(folder)
        more = {"LAMSACH_OUTGOING_NETWORKS": "127.0.0.0/8"}
        if certificate is not None:
            more["SSL_CERT_FILE"] = str(certificate)
        environment = clean_environment(**more)
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(ROOT / "src"), environment.get("PYTHONPATH", "")))
        )
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.federation.office", str(folder)],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.calls = 0

    def send(self, moment: datetime, calls: Iterable[Call]) -> None:
        """Ask for calls at a moment of the portal's own clock; `receive` gives the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([moment.isoformat(), list(calls)]) + "\n")
        self._process.stdin.flush()

    def receive(self) -> list[Any]:
        """What they gave."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the portal died"
        answer = json.loads(line)
        assert isinstance(answer, list), answer["failed"]
        self.calls += 1
        return answer

    def ask(self, moment: datetime, *calls: Call) -> list[Any]:
        """Both; the true moment is given."""
        self.send(moment + self.off, calls)
        return self.receive()

    def one(self, moment: datetime, name: str, /, **arguments: Any) -> Any:
        """One call."""
        return self.ask(moment, (name, arguments))[0]

    def put_back(self, moment: datetime, file: Path) -> None:
        """Put the portal back from a backup, as an administrator does who has stopped it, and start it again."""
        from lamsach.portal.backup import restore

        self.one(moment, "closed")
        restore(file, self.folder)
        for before in self.folder.parent.glob(f"{self.folder.name}.before-*"):
            shutil.rmtree(before)
        self.ask(moment, ("closed", {}), ("put_back", {}))

    def end(self) -> float:
        """End the process; the processor time that it took, in seconds."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        _pid, _status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = 0
        return usage.ru_utime + usage.ru_stime
