"""Measure whether a hunt finds every listed value in the cases of a folder.

All cases are searched in one mixed file, packed and in UTF-16.

    python bench/recall.py FOLDER [--every N] [--misses]

`FOLDER` holds cases as read by `bench/accuracy.py`. The list is every N-th (default: tenth) distinct address,
name and hash in the expectations. All raw lines are in one file, three times: unchanged, behind the syslog
header of a relay, and record after record in the order of the cases; each plain, as `.gz` and in UTF-16. It
prints, for each, the expected values, the missed ones, and devices that were blamed though the expectation of
the line does not name them.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import hunt
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.sets.lists import load_lists
from lamsach.logs.opening.inputs import find_logs
from lamsach.model import Event, Identity, Match

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.accuracy import cases
from bench.event_cases import is_binary

ADDRESS_KEYS = ("src_ip", "dst_ip", "client_ip", "upstream_ip", "answer_ip", "answers")
NAME_KEYS = ("qname", "url_domain", "sni", "answers")
HASH_KEYS = ("md5", "sha1", "sha256")
PACKINGS = ("plain", "gz", "utf-16")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the mixed file.

    Its text, its case, and every value of the case's expectation that is in the line.
    """

    text: str
    case: str
    values: frozenset[str]
    addresses: frozenset[str]


@dataclass(slots=True)
class Recall:
    """Result of a hunt: expected and missed pairs of line and value, wrongly blamed devices and lines."""

    wanted: int = 0
    missed: list[tuple[str, str]] = field(default_factory=list)
    blamed: list[tuple[str, str]] = field(default_factory=list)


class Recorder(Matcher):
    """A matcher that records the values found on each line, and the machines attributed to it."""

    def record(self, matches: list[Match]) -> list[Match]:
        for match in matches:
            self.recorded.setdefault(match.event.line, set()).add(match.indicator.value)
            self.devices.setdefault(match.event.line, set()).add(match.event.device_ip)
        return matches

    def event(self, event: Event, text: str) -> list[Match]:
        return self.record(super().event(event, text))

    def line(self, event: Event, text: str) -> list[Match]:
        return self.record(super().line(event, text))

    def rest_of_line(self, event: Event, text: str, passed: Collection[str]) -> list[Match]:
        return self.record(super().rest_of_line(event, text, passed))

    recorded: dict[int, set[str]]
    devices: dict[int, set[str | None]]


def expected_values(expected: Mapping[str, object]) -> tuple[set[str], set[str]]:
    """Return the addresses, names and hashes of an expectation in canonical form, and the addresses alone."""
    values: set[str] = set()
    for key in (*ADDRESS_KEYS, *NAME_KEYS, *HASH_KEYS):
        stated = expected.get(key)
        for value in stated if isinstance(stated, list) else [stated]:
            text = str(value).strip().rstrip(".").lower() if value is not None else ""
            canonical = _address(text) or (text if _is_name(text) or key in HASH_KEYS else "")
            if canonical:
                values.add(canonical)
    return values, {value for value in values if _address(value)}


def _address(text: str) -> str | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


def _is_name(text: str) -> bool:
    labels = text.split(".")
    return len(labels) > 1 and all(label.replace("-", "a").replace("_", "a").isalnum() for label in labels)


def lines_of(folder: Path, *, framed: bool) -> Iterator[Line]:
    """Yield the lines of all cases; `framed`: lines without a header of their own behind one."""
    for path in sorted(folder.glob("*.jsonl")):
        for case in cases(path):
            if is_binary(case) or not isinstance(case.get("expected"), dict):
                continue
            values, addresses = expected_values(case["expected"])  # type: ignore[arg-type]
            raw = [str(line) for line in case["raw"]]  # type: ignore[attr-defined]
            if framed:
                raw = [str(case["raw_syslog"])] if "raw_syslog" in case else [_framed(line) for line in raw]
            for text in raw:
                present = {value for value in values if _is_in(value, text.lower())}
                yield Line(text.replace("\n", " "), str(case["id"]), frozenset(present), frozenset(addresses))


def _is_in(value: str, text: str) -> bool:
    """Report whether the value is in the line, not only within a longer one."""
    position = text.find(value)
    while position >= 0:
        before, after = text[position - 1 : position], text[position + len(value) : position + len(value) + 2]
        longer = (
            after[:1].isalnum()
            or after[:1] == "-"
            or (after[:1] == "." and after[1:].isalpha() and not _address(value))
        )
        if not (before.isalnum() or (before in ("-", ".") and before)) and not longer:
            return True
        position = text.find(value, position + 1)
    return False


def _framed(line: str) -> str:
    return line if line.startswith("<") else f"<134>Mar 14 09:26:53 relay1 {line}"


def list_of(lines: Sequence[Line], every: int) -> list[str]:
    """Return every n-th distinct value in the lines."""
    return sorted({value for line in lines for value in line.values})[::every]


def recall(lines: Sequence[Line], values: Sequence[str], packing: str, folder: Path) -> Recall:
    """Hunt for the values in a file of these lines."""
    listed = folder / "list.txt"
    listed.write_text("\n".join(values), encoding="utf-8")
    text = "".join(f"{line.text}\n" for line in lines)
    log = folder / ("mixed.log.gz" if packing == "gz" else "mixed.log")
    data = text.encode(
        "utf-16" if packing == "utf-16" else "utf-8", "surrogatepass" if packing != "gz" else "replace"
    )
    log.write_bytes(gzip.compress(data) if packing == "gz" else data)
    loaded = load_lists([str(listed)])
    matcher = Recorder(loaded.compiled)
    matcher.recorded, matcher.devices = {}, {}
    rules = Rules(lambda _event: Identity(), lambda _event: None, ZoneInfo("UTC"))
    hunt(loaded.compiled, find_logs([str(log)], on_problem=lambda _problem: None), matcher, rules, threads=1)
    log.unlink()
    result = Recall()
    accepted = {value for value in values if _is_listed(loaded.compiled, value)}
    for number, line in enumerate(lines, 1):
        for value in line.values & accepted:
            result.wanted += 1
            if value not in matcher.recorded.get(number, set()):
                result.missed.append((f"{line.case} {value}", line.text[:300]))
        for device in matcher.devices.get(number, set()):
            if device is not None and device not in line.addresses and line.values & accepted:
                result.blamed.append((f"{line.case} {device}", line.text[:300]))
    return result


def _is_listed(compiled: CompiledSet, value: str) -> bool:
    """Report whether the list's reader accepted the value; it refuses internal addresses."""
    found = compiled.by_address(value) if _address(value) else compiled.by_names((value,))
    return any(item.value == value for item in (*found, *compiled.by_digest(value)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--every", type=int, default=10, help="which share of the values is listed (default: every tenth)"
    )
    parser.add_argument("--misses", action="store_true", help="list what was missed and who was blamed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for framed in (False, True):
            lines = list(lines_of(arguments.folder, framed=framed))
            values = list_of(lines, arguments.every)
            for packing in PACKINGS:
                result = recall(lines, values, packing, Path(temporary))
                found = result.wanted - len(result.missed)
                print(
                    f"{'behind a header' if framed else 'as they are':16} {packing:8} {len(lines):5} "
                    f"lines {len(values):5} values"
                    f"  found {found:5} of {result.wanted:5}  blamed wrongly {len(result.blamed):4}"
                )
                if arguments.misses and packing == "plain":
                    for kind, items in (("missed", result.missed), ("blamed", result.blamed)):
                        for what, text in items:
                            print(f"  {kind}: {what}: {text}")


if __name__ == "__main__":
    main()
