"""`lamsach serve` as a separate process on a new folder, as an administrator starts it.

And a visitor's session without a browser.
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
"""The command line, independent of the environment's name."""


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without the portal's settings, updated by these."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("LAMSACH_", "DATABASE_", "DJANGO_"))}
    return {**kept, "LANG": "C.UTF-8", **more}


def page_of(address: str) -> bytes:
    """Fetch a page; empty without an answer."""
    try:
        with urllib.request.urlopen(address) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def alive(address: str, still: Callable[[], bool], output: Callable[[], str]) -> None:
    """Wait until the portal answers, while its process is `still` alive; failures include its `output`."""
    assert until(lambda: page_of(f"{address}/alive"), every=0.1, still=still, why=output) == b"ok\n"


class Served:
    """A portal on a data folder: address, process, output.

    `more` are further options, `settings` environment variables.
    """

    def __init__(self, folder: Path, *more: str, **settings: str) -> None:
        port = free_port()
        self.folder, self.address = folder, f"http://127.0.0.1:{port}"
        self._log = folder.with_suffix(".log").open("w+")
        command = [sys.executable, *MAIN, "serve", "--data", str(folder), "--port", str(port), *more]
        environment = clean_environment(**{"LAMSACH_MFA": "no", **settings})
        self.process = subprocess.Popen(command, env=environment, stderr=self._log)

    def output(self) -> str:
        """Output of the command so far."""
        return Path(self._log.name).read_text("utf-8")

    def set_up_link(self) -> str | None:
        """The single-use set-up link, if printed."""
        found = re.search(r"http://\S+/accounts/set-up/\S+", self.output())
        return found[0] if found else None

    def wait(self) -> None:
        """Wait until the portal answers."""
        alive(self.address, lambda: self.process.poll() is None, self.output)

    def end(self) -> int:
        """End the process gracefully; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


class Visitor:
    """A visitor's session, with cookies and hidden fields, like a browser without scripts."""

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
        """Fetch a page by path or address."""
        return self._open(urllib.parse.urljoin(self._address, path))

    def post(self, path: str, **fields: str) -> str:
        """Fill in and submit the form of a page; returns the next page."""
        page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, page[:2000]
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return self._open(urllib.request.Request(self.url, data, headers={"Referer": self.url}))
