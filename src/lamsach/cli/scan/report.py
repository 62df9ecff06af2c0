"""`--report`: a scan's summary for the portal's page of the fleet.

An unsent summary waits for the next one; the portal counts none twice.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path

from lamsach.cli.scan.send import MAX_WAITING, waiting_folder
from lamsach.errors import OutputError
from lamsach.results.upload import Reporter
from lamsach.scanner.findings import Result
from lamsach.scanner.report.fleet import fleet_record

MAX_BYTES = 100_000


def report_result(
    result: Result,
    portal: tuple[str, str],
    records: list[dict[str, object]],
    reporter: Reporter | None = None,
) -> None:
    """Send this scan's summary and the waiting ones, the oldest first.

    Raises OutputError; refused summaries wait.
    """
    folder = waiting_folder()
    stamp = result.started.strftime("%Y%m%d-%H%M%S")
    fresh = folder / f"{stamp}-{secrets.token_hex(4)}.json"
    try:
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_text(json.dumps(fleet_record(result, records)), "utf-8")
    except OSError as error:
        raise OutputError(
            "The result cannot be stored for sending.",
            f"{folder} ({error.strerror})",
            "Check the rights on its folder.",
        ) from None
    waiting = sorted(folder.glob("*.json"))
    for old in waiting[:-MAX_WAITING]:
        old.unlink(missing_ok=True)
    to = reporter or Reporter(*portal)
    problem = None
    for path in waiting[-MAX_WAITING:]:
        data = _read_summary(path)
        refused = to.report(data) if data else None
        with suppress(OSError):
            path.unlink()
        problem = refused or problem
    if problem is not None:
        raise OutputError("The portal did not take the summary.", f"{to.url} {problem}".strip())


def _read_summary(path: Path) -> bytes:
    """Read a waiting summary; empty for a damaged one, which is dropped."""
    with suppress(OSError, ValueError):
        data = path.read_bytes()
        if len(data) <= MAX_BYTES and isinstance(json.loads(data), dict):
            return data
    return b""
