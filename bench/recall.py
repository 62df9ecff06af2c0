"""Measure whether a hunt finds every listed value in the cases of a folder.

All cases are searched in one mixed file, packed and in UTF-16.

    python bench/recall.py FOLDER [--every N] [--misses]

`FOLDER` holds cases as `bench/accuracy.py` reads them. The list is every N-th (default: tenth) distinct
address, name and hash that the expectations name. All raw lines are in one file, three times: as they are,
behind the syslog header of a relay, and one record after another as the cases come; each plain, as `.gz` and
in UTF-16. Printed are, for each, the values that should have been found on a line, those that were not, and
the devices that were blamed though the expectation of the line names them nowhere.
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

    Its text, its case, and every value that the case's expectation names and the line shows.
    """

    text: str
    case: str
    values: frozenset[str]
    addresses: frozenset[str]


@dataclass(slots=True)
class Recall:
    """Result of a hunt: pairs of line and value wanted and missed, wrongly blamed devices with their line."""

    wanted: int = 0
    missed: list[tuple[str, str]] = field(default_factory=list)
    blamed: list[tuple[str, str]] = field(default_factory=list)


class Recording(Matcher):
    """A matcher that records the value found on each line, and the machine it took for the line's device."""

    def remember(self, matches: list[Match]) -> list[Match]:
        for match in matches:
            self.recorded.setdefault(match.event.line, set()).add(match.indicator.value)
            self.devices.setdefault(match.event.line, set()).add(match.event.device_ip)
        return matches

    def event(self, event: Event, text: str) -> list[Match]:
        return self.remember(super().event(event, text))

    def line(self, event: Event, text: str) -> list[Match]:
        return self.remember(super().line(event, text))

    def rest_of_line(self, event: Event, text: str, passed: Collection[str]) -> list[Match]:
        return self.remember(super().rest_of_line(event, text, passed))

    recorded: dict[int, set[str]]
    devices: dict[int, set[str | None]]


def expected_values(expected: Mapping[str, object]) -> tuple[set[str], set[str]]:
    """Every address, name and hash of an expectation in canonical spelling; and the addresses alone."""
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
    """The lines of all cases; `framed`: those that bear no header of their own behind one."""
    for path in sorted(folder.glob("*.jsonl")):
        for case in cases(path):
            if is_binary(case) or not isinstance(case.get("expected"), dict):
                continue
            values, addresses = expected_values(case["expected"])  # type: ignore[arg-type]
            raw = [str(line) for line in case["raw"]]  # type: ignore[attr-defined]
            if framed:
                raw = [str(case["raw_syslog"])] if "raw_syslog" in case else [_framed(line) for line in raw]
            for text in raw:
                shown = {value for value in values if _stands(value, text.lower())}
                yield Line(text.replace("\n", " "), str(case["id"]), frozenset(shown), frozenset(addresses))


def _stands(value: str, text: str) -> bool:
    """Report whether the line shows the value, not only a longer one that holds it."""
    place = text.find(value)
    while place >= 0:
        before, after = text[place - 1 : place], text[place + len(value) : place + len(value) + 2]
        longer = (
            after[:1].isalnum()
            or after[:1] == "-"
            or (after[:1] == "." and after[1:].isalpha() and not _address(value))
        )
        if not (before.isalnum() or (before in ("-", ".") and before)) and not longer:
            return True
        place = text.find(value, place + 1)
    return False


def _framed(line: str) -> str:
    return line if line.startswith("<") else f"<134>Mar 14 09:26:53 relay1 {line}"


def list_of(lines: Sequence[Line], every: int) -> list[str]:
    """Every n-th distinct value that the lines show."""
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
    matcher = Recording(loaded.compiled)
    matcher.recorded, matcher.devices = {}, {}
    rules = Rules(lambda _event: Identity(), lambda _event: None, ZoneInfo("UTC"))
    hunt(loaded.compiled, find_logs([str(log)], on_problem=lambda _problem: None), matcher, rules, threads=1)
    log.unlink()
    result = Recall()
    taken = {value for value in values if _is_listed(loaded.compiled, value)}
    for number, line in enumerate(lines, 1):
        for value in line.values & taken:
            result.wanted += 1
            if value not in matcher.recorded.get(number, set()):
                result.missed.append((f"{line.case} {value}", line.text[:300]))
        for device in matcher.devices.get(number, set()):
            if device is not None and device not in line.addresses and line.values & taken:
                result.blamed.append((f"{line.case} {device}", line.text[:300]))
    return result


def _is_listed(compiled: CompiledSet, value: str) -> bool:
    """Report whether the list's reader took the value; it refuses addresses of one's own network."""
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
