"""Measure the share of expected values that the log formats read correctly, over a folder of cases.

    python bench/accuracy.py FOLDER [--failures] [--format STEM]... [--timezone ZONE]

Each `FOLDER/<stem>.jsonl` holds one case a line: `raw` (the lines of one file), optionally `raw_syslog` (the
same line behind a syslog header), and `expected`; or a binary input, see `bench/event_cases.py`. Each is
written to a file of its own and read as `lamsach logs read` reads it. Addresses compare by value, names
without case and trailing dot, times to the second, `timestamp_local` as the clock of the zone. Of several
events in a file, the best match counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

from lamsach.logs.opening.inputs import find_logs
from lamsach.logs.reading.events import read_events
from lamsach.model import Event

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import event_cases

# expected key -> the event's fields, one of which must hold the value
FIELDS: Mapping[str, tuple[str, ...]] = {
    "src_ip": ("source_ip",),
    "client_ip": ("source_ip", "device_ip"),
    "dst_ip": ("destination_ip",),
    "upstream_ip": ("destination_ip",),
    "src_port": ("source_port",),
    "dst_port": ("destination_port",),
    "qname": ("domain",),
    "url_domain": ("domain",),
    "sni": ("domain",),
    "url": ("url",),
    "url_path": ("url",),
    "src_mac": ("device_mac", "source_mac"),
    "mac": ("device_mac",),
    "host": ("device_name", "observer"),
    "device_host": ("observer",),
    "hostname": ("device_name",),
    "user": ("user",),
    "answer_ip": ("answers",),
    "answers": ("answers",),
    "md5": ("hashes",),
    "sha1": ("hashes",),
    "sha256": ("hashes",),
    "timestamp": ("time",),
    "timestamp_local": ("time",),
}
ADDRESSES = frozenset({"src_ip", "dst_ip", "client_ip", "upstream_ip", "answer_ip"})


def read(lines: list[str], zone: ZoneInfo, folder: Path) -> list[Event]:
    """Return the events of a file with these lines."""
    path = folder / "case.log"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    events: list[Event] = []
    for log_file in find_logs([str(path)], on_problem=lambda problem: None):
        events += [found for found in read_events(log_file, timezone=zone) if isinstance(found, Event)]
    return events


def same(key: str, wanted: object, event: Event, zone: ZoneInfo) -> bool:
    """Compare the event's value with the expected one."""
    return any(_equal(key, wanted, getattr(event, field), zone) for field in FIELDS[key])


def _equal(key: str, wanted: object, found: object, zone: ZoneInfo) -> bool:
    if isinstance(found, tuple):
        values = wanted if isinstance(wanted, list) else [wanted]
        return all(any(_equal("src_ip", value, item, zone) for item in found) for value in values)
    if found is None:
        return False
    if isinstance(found, datetime):
        time = datetime.fromisoformat(str(wanted))
        time = time if time.tzinfo else time.replace(tzinfo=zone)
        return abs(found - time) < timedelta(seconds=1)
    if key in ADDRESSES:
        try:
            return ip_address(str(wanted)) == ip_address(str(found))
        except ValueError:
            pass
    if key == "url":
        return str(wanted) == str(found)
    return str(wanted).rstrip(".").casefold() == str(found).rstrip(".").casefold()


def score(
    case: Mapping[str, object], lines: list[str], zone: ZoneInfo, folder: Path
) -> dict[str, tuple[bool, object]]:
    """Return for each compared key whether it is right, and the value read."""
    expected: Mapping[str, object] = case["expected"]  # type: ignore[assignment]
    keys = [key for key in expected if key in FIELDS]
    events = read(lines, zone, folder) or [Event()]
    best = max(events, key=lambda event: sum(same(key, expected[key], event, zone) for key in keys))
    return {
        key: (
            same(key, expected[key], best, zone),
            [getattr(best, field) for field in FIELDS[key]] + [best.format],
        )
        for key in keys
    }


def cases(path: Path) -> Iterator[Mapping[str, object]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--failures", action="store_true", help="list what was read wrong")
    parser.add_argument("--format", action="append", help="only this file stem; may be repeated")
    parser.add_argument("--timezone", default="UTC", help="assumed for lines that state none (default: UTC)")
    arguments = parser.parse_args()
    zone = ZoneInfo(arguments.timezone)
    rows: dict[str, list[int]] = {}
    for path in sorted(arguments.folder.glob("*.jsonl")):
        if arguments.format and path.stem not in arguments.format:
            continue
        for row, name, fits, failure in compared(path, zone):
            counts = rows.setdefault(row, [0, 0])
            counts[0] += fits
            counts[1] += 1
            if not fits and arguments.failures:
                print(f"  {name}: {failure}")
    rows["all"] = [sum(counts[0] for counts in rows.values()), sum(counts[1] for counts in rows.values())]
    for row, (right, total) in rows.items():
        print(f"{row:28} {right:5} of {total:5}  {100 * right / total if total else 100:6.1f} %")


def compared(path: Path, zone: ZoneInfo) -> Iterator[tuple[str, str, bool, str]]:
    """Yield every comparison of a file of cases: row of the table, case and key, whether it fits, finding."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for case in cases(path):
            if event_cases.is_binary(case):
                row = event_cases.row_of(case, path.stem)
                for key, fits, wanted, found in event_cases.compared(
                    case, path.parent, folder, zone, same, frozenset(FIELDS)
                ):
                    yield row, f"{case['id']} {key}", fits, f"wanted {wanted!r}, read {found!r}"
                continue
            variants = {"raw": list(case["raw"])}  # type: ignore[call-overload]
            if "raw_syslog" in case:
                variants["raw_syslog"] = [str(case["raw_syslog"])]
            for variant, lines in variants.items():
                for key, (fits, found) in score(case, lines, zone, folder).items():
                    wanted = case["expected"][key]  # type: ignore[index]
                    yield (
                        path.stem,
                        f"{case['id']} {variant} {key}",
                        fits,
                        f"wanted {wanted!r}, read {found!r}",
                    )


if __name__ == "__main__":
    main()
