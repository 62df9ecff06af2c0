"""Runs the command as where some packages are not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.cli.running import Ran, environment

_START = """
import json, sys
sys.modules.update(dict.fromkeys(json.loads(sys.argv[1])))
from lamsach.cli import main
main(sys.argv[2:])
"""


def lamsach_without(
    absent: Iterable[str],
    *arguments: object,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Ran:
    """The command in a process of its own, for which these top-level modules do not exist."""
    ended = subprocess.run(
        [sys.executable, "-c", _START, json.dumps(sorted(absent)), *map(str, arguments)],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment(variables),
    )
    return Ran(ended.returncode, ended.stdout.decode(), ended.stderr.decode().splitlines())
