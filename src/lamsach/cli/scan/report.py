"""`--report`: a scan's summary for the portal's page of the fleet.

What cannot be sent now waits and goes with the next one; the portal counts none twice.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path

from lamsach.cli.scan.send import KEPT, waiting_folder
from lamsach.errors import OutputError
from lamsach.results.upload import Reporter
from lamsach.scanner.findings import Result
from lamsach.scanner.report.fleet import fleet_record

MOST_BYTES = 100_000


def report_result(
    result: Result,
    portal: tuple[str, str],
    records: list[dict[str, object]],
    reporter: Reporter | None = None,
) -> None:
    """Send this scan's summary and those that wait, the oldest first.

    Raises OutputError; what was not taken waits on.
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
    for old in waiting[:-KEPT]:
        old.unlink(missing_ok=True)
    to = reporter or Reporter(*portal)
    problem = None
    for path in waiting[-KEPT:]:
        data = _kept(path)
        refused = to.report(data) if data else None
        with suppress(OSError):
            path.unlink()
        problem = refused or problem
    if problem is not None:
        raise OutputError("The portal did not take the summary.", f"{to.url} {problem}".strip())


def _kept(path: Path) -> bytes:
    """A summary that waits; empty for one that was damaged on the way, which is dropped."""
    with suppress(OSError, ValueError):
        data = path.read_bytes()
        if len(data) <= MOST_BYTES and isinstance(json.loads(data), dict):
            return data
    return b""
