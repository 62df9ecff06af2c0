"""Cases whose input is a whole binary file and whose expectation is a list of events: `file` (or `pcap`) and `expected.events`.

Each expected event is compared with the event of the file that fits it best; an event explains one expectation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from lamsach.logs.opening import find_logs
from lamsach.logs.reading import read_events
from lamsach.model import Event

Same = Callable[[str, object, Event, ZoneInfo], bool]
FILE_KEYS = ("file", "pcap")


def path_of(case: Mapping[str, object]) -> str | None:
    """The binary file of a case, relative to its folder; None for a case of lines."""
    return next((str(case[key]) for key in FILE_KEYS if key in case and "raw" not in case), None)


def compared(
    case: Mapping[str, object], folder: Path, zone: ZoneInfo, same: Same, keys: frozenset[str]
) -> Iterator[tuple[str, bool, object, object]]:
    """For every expected value that is compared: its key, whether it is right, what was wanted, the event that fits best."""
    events: list[Event] = []
    for log_file in find_logs([str(folder / (path_of(case) or ""))], on_problem=lambda problem: None):
        events += [item for item in read_events(log_file, timezone=zone) if isinstance(item, Event)]
    expected: Mapping[str, object] = case["expected"]  # type: ignore[assignment]
    if "records" in expected:
        yield "records", len(events) == expected["records"], expected["records"], len(events)
    for wanted in expected["events"]:  # type: ignore[attr-defined]
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
