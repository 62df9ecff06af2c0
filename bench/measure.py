"""Run one program; return its wall time, processor time, peak memory and output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """`wall_s` from start to end of the process; `peak_bytes` is its maximum resident set.

    `status` is None after a timeout.
    """

    status: int | None
    wall_s: float
    cpu_s: float
    peak_bytes: int
    stdout: str
    stderr: str

    def json_line(self, stream: str) -> dict[str, object]:
        """Return the last line of `stdout` or `stderr` that is a JSON object; empty if there is none."""
        for line in reversed(getattr(self, stream).splitlines()):
            if line.startswith("{"):
                return dict(json.loads(line))
        return {}


def run(command: Sequence[str], limit_s: float = 600, environment: Mapping[str, str] | None = None) -> Run:
    """Run the command to its end, or for `limit_s` seconds."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        timer = threading.Timer(limit_s, lambda: os.killpg(process.pid, signal.SIGKILL))
        timer.start()
        _, state, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        late = not timer.is_alive()
        timer.cancel()
        status = os.waitstatus_to_exitcode(state)
        process.returncode = status
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    scale = 1 if sys.platform == "darwin" else 1024
    return Run(
        None if late else status,
        wall,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * scale,
        texts[0],
        texts[1],
    )


def read_into_page_cache(path: Path) -> None:
    """Read a file once, so that every following program finds it in memory."""
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass
