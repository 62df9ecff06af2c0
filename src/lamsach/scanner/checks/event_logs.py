"""Windows event logs (`*.evtx`): records of any channel with a listed value.

Read by the `evtx` library (MIT). Sysmon 1, 3 and 22, Security 4688 and 5156, PowerShell 4104 are the usual
ones; the texts of all channels are searched.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from lamsach.scanner.checks.context import Context
from lamsach.scanner.extract import hits
from lamsach.scanner.findings import Area, Finding, Level
from lamsach.scanner.safe_open import Skipped, open_regular

MAGIC = b"ElfFile\0"
FILE_BYTES = 1 << 30
_RECORDS = 2_000_000
_FOUND_PER_FILE = 1000
_QUICK = (
    "Microsoft-Windows-Sysmon%4Operational.evtx",
    "Security.evtx",
    "Microsoft-Windows-PowerShell%4Operational.evtx",
    "Microsoft-Windows-DNS-Client%4Operational.evtx",
    "System.evtx",
)


def check_event_logs(context: Context) -> None:
    """Search the machine's own event logs, if there is a list."""
    if not context.windows or not context.index.count:
        return
    windows = Path(os.environ.get("SystemRoot", r"C:\Windows"))  # noqa: SIM112
    folder = windows / "System32" / "winevt" / "Logs"
    try:
        files = sorted(folder.glob("*.evtx"))
    except OSError:
        files = []
    if not files:
        context.skip(str(folder), "no_right")
    for file in files:
        if context.options.mode != "quick" or file.name in _QUICK:
            search_event_log(context, str(file))


def search_event_log(context: Context, path: str) -> None:
    """Search one file. A damaged part is reported, the rest is still searched."""
    import evtx

    try:
        descriptor, status = open_regular(path)
    except Skipped as skipped:
        context.skip(path, skipped.reason)
        return
    with os.fdopen(descriptor, "rb") as stream:
        if status.st_size > FILE_BYTES:
            context.skip(path, "too_large")
            return
        try:
            records = evtx.PyEvtxParser(stream).records_json()
        except (RuntimeError, OSError, ValueError):
            context.skip(path, "damaged")
            return
        found = 0
        for record in _each(context, path, records):
            context.counts.events += 1
            found += _search(context, path, record)
            if found >= _FOUND_PER_FILE:
                context.skip(path, "too_many")
                return


def _each(context: Context, path: str, records: Any) -> Iterator[dict[str, Any]]:
    """Yield every record; after a bad chunk the library raises, then continues."""
    damaged = False
    for number in range(_RECORDS):
        if number % 256 == 0:
            context.control.check()
        try:
            yield next(records)
        except StopIteration:
            return
        except (RuntimeError, OSError, ValueError):
            if not damaged:
                context.skip(path, "damaged")
            damaged = True


def _search(context: Context, path: str, record: dict[str, Any]) -> int:
    text = record.get("data", "")
    found = hits(_unescaped(text), context.index)
    if not found:
        return 0
    moment = _moment(record.get("timestamp"))
    event, channel = _what(text)
    for hit in found:
        values: dict[str, str | int] = {
            "event": event,
            "channel": channel,
            "record": int(record.get("event_record_id", 0)),
            "place": hit.place,
        }
        context.findings.append(
            Finding(
                Area.EVENTS,
                Level.SUSPICIOUS,
                "listed_event",
                path,
                values,
                _shown(text),
                hit.value,
                hit.threat,
                time=moment,
            )
        )
    return len(found)


def _unescaped(text: str) -> str:
    return (
        text.replace("\\r\\n", " ")
        .replace("\\n", " ")
        .replace("\\t", " ")
        .replace('\\"', '"')
        .replace("\\\\", "\\")
    )


def _what(text: str) -> tuple[int, str]:
    try:
        system = json.loads(text)["Event"]["System"]
        number = system["EventID"]
        number = number.get("#text", 0) if isinstance(number, dict) else number
        return int(number), str(system.get("Channel", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return 0, ""


def _shown(text: str) -> str:
    try:
        event = json.loads(text)["Event"]
        data = event.get("EventData") or event.get("UserData") or {}
        return json.dumps(data, ensure_ascii=False)[:2000]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text[:2000]


def _moment(stated: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(stated).replace(" UTC", "+00:00"))
    except ValueError:
        return None
