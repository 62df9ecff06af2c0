"""`lamsach serve` as a process of its own on a fresh folder, as an administrator starts it.

And a person's browser without one.
"""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.poll import until
from tests.ports import free_port

MAIN = ("-c", "from lamsach.cli import main; main()")
"""The command line, under any name of the environment."""


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without the portal's settings, and with these."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_", "DJANGO_"))}
    return {**kept, "LANG": "C.UTF-8", **more}


def page_of(address: str) -> bytes:
    """Return the served page; nothing while nobody answers."""
    try:
        with urllib.request.urlopen(address) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def alive(address: str, still: Callable[[], bool], said: Callable[[], str]) -> None:
    """Wait until the portal answers, as long as its process lives `still`.

    A failure says what the process has `said`.
    """
    assert until(lambda: page_of(f"{address}/alive"), every=0.1, still=still, why=said) == b"ok\n"


class Served:
    """A portal on a data folder: its address, its process, what it printed.

    `more` are further options, `settings` environment variables.
    """

    def __init__(self, folder: Path, *more: str, **settings: str) -> None:
        port = free_port()
        self.folder, self.address = folder, f"http://127.0.0.1:{port}"
        self._log = folder.with_suffix(".log").open("w+")
        command = [sys.executable, *MAIN, "serve", "--data", str(folder), "--port", str(port), *more]
        environment = clean_environment(**{"LAMSACH_MFA": "no", **settings})
        self.process = subprocess.Popen(command, env=environment, stderr=self._log)

    def said(self) -> str:
        """Return the command's output so far."""
        return Path(self._log.name).read_text("utf-8")

    def set_up_link(self) -> str | None:
        """The link that works once, if the command printed one."""
        found = re.search(r"http://\S+/accounts/set-up/\S+", self.said())
        return found[0] if found else None

    def wait(self) -> None:
        """Until the portal answers."""
        alive(self.address, lambda: self.process.poll() is None, self.said)

    def end(self) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


class Visitor:
    """A visitor's session, with cookies and hidden fields, as a browser without scripts does."""

    def __init__(self, address: str) -> None:
        self._address = address
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.status = 0
        self.url = ""

    def _open(self, request: Any) -> str:
        try:
            answer = self._opener.open(request)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            self.status, self.url = answer.status, answer.geturl()
            return str(answer.read().decode())

    def get(self, path: str) -> str:
        """The page at a path or address."""
        return self._open(urllib.parse.urljoin(self._address, path))

    def post(self, path: str, **fields: str) -> str:
        """Fill in the form of the page there and send it; the page that follows."""
        page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, page[:2000]
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return self._open(urllib.request.Request(self.url, data, headers={"Referer": self.url}))
