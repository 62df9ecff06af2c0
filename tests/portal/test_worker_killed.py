"""A worker killed in the middle of sending: every letter goes out at most once, and none is lost."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

LETTERS = 240
QUEUE = f"""
import sys
from pathlib import Path
from lamsach.portal.server import start
start(Path(sys.argv[1]))
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from lamsach.portal.mail.letters import Draft, queue
queue(Draft("plain", f"n{{i}}@unit.example", str(i), {{"subject": "S", "text": "T"}}) for i in range({LETTERS}))
"""


class Receiver:
    """Remembers to whom a letter came."""

    def __init__(self) -> None:
        self.to: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.to += envelope.rcpt_tos
        return "250 OK"


def wait(until: Callable[[], bool]) -> None:
    for _ in range(600):
        if until():
            return
        time.sleep(0.02)
    raise AssertionError("it never came")


def test_letters_of_a_killed_worker_go_out_once(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    receiver = Receiver()
    controller = Controller(receiver, hostname="127.0.0.1", port=port)
    controller.start()
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("LAMSACH_", "DATABASE_"))
    }
    environment = {
        **clean,
        "LAMSACH_DATA": str(tmp_path),
        "LAMSACH_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
        "LAMSACH_MAIL_PER_MINUTE": "100000",
    }
    subprocess.run([sys.executable, "-c", QUEUE, str(tmp_path)], env=environment, check=True)

    def states() -> Counter[str]:
        with closing(sqlite3.connect(tmp_path / "lamsach.sqlite3", timeout=20)) as database:
            return Counter(state for (state,) in database.execute("SELECT state FROM mail_letter"))

    def worker() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "lamsach.portal.worker"], env=environment)

    try:
        for enough in (30, 110):
            victim = worker()
            wait(lambda enough=enough: len(receiver.to) >= enough)  # type: ignore[misc]
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            with closing(sqlite3.connect(tmp_path / "lamsach.sqlite3", timeout=20)) as database, database:
                database.execute(
                    "UPDATE mail_letter SET lease_until = '2000-01-01' WHERE lease_until IS NOT NULL"
                )
        last = worker()
        wait(lambda: not set(states()) & {"queued", "claimed", "handing"})
        last.terminate()
        last.wait(timeout=20)
    finally:
        controller.stop()
    assert max(Counter(receiver.to).values()) == 1
    assert states()["sent"] + states()["uncertain"] == LETTERS
    assert states()["sent"] <= len(receiver.to) <= LETTERS
    assert states()["uncertain"] <= 2
