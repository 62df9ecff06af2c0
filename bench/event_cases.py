"""Cases whose input is binary and whose expectation is a list of events.

The input is a file, `file` or `pcap`, or its datagrams as base64, `raw_b64`; the expectation is
`expected.events` or, when only some are stated, `expected.flows_some`. Each expected event is compared with
the best matching event of the file; an event explains one expectation.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.events import read_events
from lamsach.model import Event

Same = Callable[[str, object, Event, ZoneInfo], bool]
FILE_KEYS = ("file", "pcap")


def path_of(case: Mapping[str, object]) -> str | None:
    """Return the binary file of a case, relative to its folder; None for a case of lines."""
    return next((str(case[key]) for key in FILE_KEYS if key in case and "raw" not in case), None)


def is_binary(case: Mapping[str, object]) -> bool:
    """Report whether a case's input is binary."""
    return "raw_b64" in case or path_of(case) is not None


def row_of(case: Mapping[str, object], stem: str) -> str:
    """Return the table row that a case counts for: its own format when a file of cases holds several."""
    return str(case.get("format", stem))


def _input(case: Mapping[str, object], folder: Path, temporary: Path) -> Path:
    packets = case.get("raw_b64")
    if packets is None:
        return folder / (path_of(case) or "")
    path = temporary / "case.bin"
    path.write_bytes(b"".join(b64decode(str(packet)) for packet in packets))  # type: ignore[attr-defined]
    return path


def compared(
    case: Mapping[str, object],
    folder: Path,
    temporary: Path,
    zone: ZoneInfo,
    same: Same,
    keys: frozenset[str],
) -> Iterator[tuple[str, bool, object, object]]:
    """Yield for every compared value its key, whether it is right, its expectation, the closest event."""
    events: list[Event] = []
    for log_file in find_logs([str(_input(case, folder, temporary))], on_problem=lambda problem: None):
        events += [item for item in read_events(log_file, timezone=zone) if isinstance(item, Event)]
    expected: Mapping[str, object] = case["expected"]  # type: ignore[assignment]
    if "records" in expected:
        yield "records", len(events) == expected["records"], expected["records"], len(events)
    for wanted in expected.get("events") or expected.get("flows_some") or []:  # type: ignore[attr-defined]
        names = [key for key in wanted if key in keys]
        best = max(
            events,
            key=lambda event: sum(same(key, wanted[key], event, zone) for key in names),
            default=Event(),
        )
        for key in names:
            yield key, same(key, wanted[key], best, zone), wanted[key], best
        if best in events and all(same(key, wanted[key], best, zone) for key in names):
            events.remove(best)
