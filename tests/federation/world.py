"""Processes of the simulated portals: a folder, a clock that is off, and a restore for each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.portal.serve_process import clean_environment
from tests.portal.template import furnish

ROOT = Path(__file__).parents[2]
Call = tuple[str, dict[str, Any]]


class Portal:
    """One portal. `off`: by how much its clock is ahead of the true one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.off = folder, timedelta()
        furnish(folder)
        come, self._ask = os.pipe()
        self._told, go = os.pipe()
        self.ends = come, go
        self._in, self._out = os.fdopen(self._ask, "w"), os.fdopen(self._told)

    def send(self, moment: datetime, calls: Iterable[Call]) -> None:
        """Ask for calls at a moment of the portal's own clock; `receive` gives the answer."""
        self._in.write(json.dumps([moment.isoformat(), list(calls)]) + "\n")
        self._in.flush()

    def receive(self) -> list[Any]:
        """Return the answers of the others."""
        line = self._out.readline()
        assert line, "the portal died"
        answer = json.loads(line)
        assert isinstance(answer, list), answer["failed"]
        return answer

    def ask(self, moment: datetime, *calls: Call) -> list[Any]:
        """Both; the true moment is given."""
        self.send(moment + self.off, calls)
        return self.receive()

    def one(self, moment: datetime, name: str, /, **arguments: Any) -> Any:
        """One call."""
        return self.ask(moment, (name, arguments))[0]

    def end(self) -> None:
        """Ask nothing any more."""
        self._in.close()
        self._out.close()


@contextmanager
def running(
    portals: Iterable[Portal], certificate: Path | None = None, postgresql: str = ""
) -> Iterator[None]:
    """The portals' processes, while they are asked.

    `postgresql`: the address of a server that holds their databases.
    """
    held = list(portals)
    more = {"LAMSACH_OUTGOING_NETWORKS": "127.0.0.0/8", "DATABASE_URL": postgresql}
    if certificate is not None:
        more["SSL_CERT_FILE"] = str(certificate)
    environment = clean_environment(**more)
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(ROOT / "src"), environment.get("PYTHONPATH", "")))
    )
    command = [sys.executable, "-W", "ignore", "-m", "tests.federation.office"]
    for one in held:
        command += [str(one.folder), *map(str, one.ends)]
    ends = [end for one in held for end in one.ends]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=ends)
    for end in ends:
        os.close(end)
    try:
        yield
    finally:
        for one in held:
            one.end()
        assert process.wait() == 0
