"""Client of the simulated portals' processes."""

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
    """A portal. `off`: lead of its clock over true time."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.off = folder, timedelta()
        furnish(folder)
        incoming, self._ask = os.pipe()
        self._answers, outgoing = os.pipe()
        self.ends = incoming, outgoing
        self._in, self._out = os.fdopen(self._ask, "w"), os.fdopen(self._answers)

    def send(self, moment: datetime, calls: Iterable[Call]) -> None:
        """Request calls at a time of the portal's own clock; `receive` returns the results."""
        self._in.write(json.dumps([moment.isoformat(), list(calls)]) + "\n")
        self._in.flush()

    def receive(self) -> list[Any]:
        """Return the results of the last request."""
        line = self._out.readline()
        assert line, "the portal died"
        answer = json.loads(line)
        assert isinstance(answer, list), answer["failed"]
        return answer

    def ask(self, moment: datetime, *calls: Call) -> list[Any]:
        """Run calls at a true time and return the results."""
        self.send(moment + self.off, calls)
        return self.receive()

    def one(self, moment: datetime, name: str, /, **arguments: Any) -> Any:
        """Run a call and return its result."""
        return self.ask(moment, (name, arguments))[0]

    def end(self) -> None:
        """Close the connection."""
        self._in.close()
        self._out.close()


@contextmanager
def running(
    portals: Iterable[Portal], certificate: Path | None = None, postgresql: str = ""
) -> Iterator[None]:
    """Run the portals' processes. `postgresql`: address of the server with their databases."""
    listed = list(portals)
    variables = {"LAMSACH_OUTGOING_NETWORKS": "127.0.0.0/8", "DATABASE_URL": postgresql}
    if certificate is not None:
        variables["SSL_CERT_FILE"] = str(certificate)
    environment = clean_environment(**variables)
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(ROOT / "src"), environment.get("PYTHONPATH", "")))
    )
    command = [sys.executable, "-W", "ignore", "-m", "tests.federation.office"]
    for portal in listed:
        command += [str(portal.folder), *map(str, portal.ends)]
    ends = [end for portal in listed for end in portal.ends]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, pass_fds=ends)
    for end in ends:
        os.close(end)
    try:
        yield
    finally:
        for portal in listed:
            portal.end()
        assert process.wait() == 0
