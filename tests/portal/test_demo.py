"""`lamsach demo`: the month hunted, a ministry filled, served on loopback, and nothing left behind."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_demo_can_be_logged_in_to_and_removes_everything(tmp_path: Path) -> None:
    port = free_port()
    log = (tmp_path / "log").open("w+")
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LAMSACH_", "DATABASE_"))
        },
        "TMPDIR": str(tmp_path),
        "LANG": "C.UTF-8",
        "LAMSACH_SMTP_URL": "smtp://nowhere.example",
    }
    command = [sys.executable, "-c", "from lamsach.cli import main; main()", "demo", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.DEVNULL, cwd=tmp_path)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/alive").close()
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "log").read_text("utf-8")
                time.sleep(0.2)
        said = (tmp_path / "log").read_text("utf-8")
        password = re.search(r"Mật khẩu chung: (\S+)", said)
        assert password is not None, said
        assert address in said
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        page = opener.open(f"{address}/accounts/login/").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "login": "coordinator@demo.example", "password": password[1]}
        home = opener.open(f"{address}/accounts/login/", urllib.parse.urlencode(form).encode())
        assert home.geturl() == f"{address}/office/"
        assert "150" in home.read().decode(), "150 units under the ministry"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        log.close()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("lamsach-demo-")] == []
