"""Listed values in any part of each format's sample lines are sighted, or the reason is known."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.run import hunt
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.logs.events.ends import is_internal
from lamsach.logs.formats import FORMATS
from lamsach.logs.reading.events import read_events
from lamsach.model import Event, Identity, Indicator, IndicatorType, Match
from tests.logs.builders import logs

from . import reference

DATA = Path(__file__).parents[1] / "logs" / "formats" / "data"
NAME, ADDRESS, DIGEST = "planted-c2.example", "203.0.113.250", "a1" * 32
KINDS = {NAME: IndicatorType.DOMAIN, ADDRESS: IndicatorType.IP, DIGEST: IndicatorType.SHA256}
# values of each kind, as a person reads them
_PLACES = {
    ADDRESS: re.compile(r"(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-]*\w)", re.ASCII),
    NAME: re.compile(
        r"(?<![\w.:/@\\-])(?:[a-z][\w-]{0,40}\.){1,4}(?:example|xyz|lan)(?![\w-]|\.\w)", re.ASCII
    ),
    DIGEST: re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])"),
}
_MOST_PLACES = 8
every_case = pytest.mark.parametrize(
    "log",
    [pytest.param(log, id=f"{f.name}-{log.stem}") for f in FORMATS
     for log in sorted((DATA / f.name).glob("*.log"))],
)  # fmt: skip


class Recorder(Matcher):
    """Matcher that records reported values by line, and machines named without a field for the value."""

    reported: set[tuple[int, str]]
    blamed: set[str | None]

    def event(self, event, text):
        return self._record(super().event(event, text))

    def line(self, event, text):
        return self._record(super().line(event, text))

    def rest_of_line(self, event, text, passed):
        matches = super().rest_of_line(event, text, passed)
        if passed:
            self.blamed |= {match.event.device_ip for match in matches}
        return self._record(matches)

    def _record(self, matches: list[Match]) -> list[Match]:
        self.reported |= {(match.event.line, match.indicator.value) for match in matches}
        return matches


@pytest.fixture(scope="module")
def compiled() -> CompiledSet:
    builder = Builder()
    for value, kind in KINDS.items():
        builder.add(Indicator(kind, value))
    return builder.compiled()


def searched(compiled: CompiledSet, path: Path) -> Recorder:
    matcher = Recorder(compiled)
    matcher.reported, matcher.blamed = set(), set()
    (log_file,), _ = logs(path)
    rules = Rules(lambda _event: Identity(), lambda _event: None, ZoneInfo("UTC"))
    hunt(compiled, [log_file], matcher, rules, threads=1)
    return matcher


def planted(lines: list[str], rng: random.Random) -> Iterator[tuple[int, list[str]]]:
    """Yield the log with one value replaced by a listed one of its kind, and the number of the line."""
    places = [
        (n, value, found)
        for n, line in enumerate(lines)
        for value, pattern in _PLACES.items()
        for found in pattern.finditer(line)
    ]
    for n, value, found in rng.sample(places, min(_MOST_PLACES, len(places))):
        old = lines[n]
        yield n, [*lines[:n], old[: found.start()] + value + old[found.end() :], *lines[n + 1 :]]


def is_aside(line: str, value: str) -> bool:
    """Report whether a value is where the hunt does not search.

    In the query or path of a URL, in a comment, as the sender of the line.
    """
    before = line[: line.find(value)]
    run = re.split(r"[\s\"'<>|]", before)[-1]
    is_sender = before.count(" ") <= 5 and re.search(r"\d\d:\d\d:\d\d\S* $", before) is not None
    return line.startswith("#") or "?" in run or "/" in run or is_sender


def units_own(path: Path, value: str) -> bool:
    """Report whether a reader treats the value as an own public address, or as a part of a URL."""
    (log_file,), _ = logs(path)
    return any(
        value in f"{item.observer} {item.source_nat_ip} {item.url}"
        for item in read_events(log_file)
        if isinstance(item, Event)
    )


@every_case
def test_a_value_in_any_place_is_reported_or_the_reason_is_known(log, compiled, tmp_path):
    rng = random.Random(log.parent.name + log.stem)
    lines = log.read_text(encoding="utf-8").split("\n")
    for n, changed in planted(lines, rng):
        path = tmp_path / "planted.log"
        text = "\n".join(changed)
        path.write_text(text, encoding="utf-8")
        wanted = {v for v in reference.found(changed[n], KINDS) if not is_aside(changed[n], v)}
        matcher = searched(compiled, path)
        missed = {v for v in wanted - {value for _, value in matcher.reported} if not units_own(path, v)}
        assert missed == set(), changed[n]
        assert len(matcher.blamed - {None}) <= 1, changed[n]
        assert all(is_internal(ip) and ip in text for ip in matcher.blamed - {None}), changed[n]
