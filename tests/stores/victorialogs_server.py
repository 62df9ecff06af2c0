"""A stand-in for VictoriaLogs with the part of LogsQL used by the search.

`_time`, `_stream`, filters by regular expression, phrase and empty value joined by `or`, and the pipes
`limit` and `stats by`. The same queries were tried by hand on the program (1.112 of Debian's sources).

https://docs.victoriametrics.com/victorialogs/logsql/
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from tests.stores.loopback_server import Answered

_TIME = re.compile(r"_time:\[(\S+), (\S+)\)")
_STREAM = re.compile(r"_stream:(\{[^}]*\})")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_STATS = re.compile(r"stats by \(_time:1d offset (-?\d+)s, _stream\) count\(\) n")


@dataclass
class VictoriaLogsStandIn:
    """`rows`: records with `_time`, `_stream`, and `_msg` if present."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, method: str, path: str, body: bytes) -> Answered:
        assert (method, path) == ("POST", "/select/logsql/query")
        filters, *pipes = parse_qs(body.decode())["query"][0].split(" | ")
        found = [row for row in self.rows if _holds(filters, row)]
        for pipe in pipes:
            stats = _STATS.fullmatch(pipe)
            if stats is None:
                found = found[: int(pipe.removeprefix("limit "))]
                continue
            counts = Counter((_day(_moment(row["_time"]), int(stats[1])), row["_stream"]) for row in found)
            found = [
                {"_time": day.isoformat(), "_stream": stream, "n": str(count)}
                for (day, stream), count in counts.items()
            ]
        lines = [json.dumps(row) for row in found]
        return (
            200,
            {"Content-Type": "application/stream+json"},
            "".join(f"{line}\n" for line in lines).encode(),
        )


def _day(moment: datetime, offset: int) -> datetime:
    start_of_day = (int(moment.timestamp()) - offset) // 86400 * 86400 + offset
    return datetime.fromtimestamp(start_of_day, UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _holds(filters: str, row: dict[str, Any]) -> bool:
    """Report whether a record passes: a time, then groups of alternatives in brackets."""
    within = _TIME.match(filters)
    assert within is not None, filters
    if not _moment(within[1]) <= _moment(row["_time"]) < _moment(within[2]):
        return False
    rest = filters[within.end() :].strip()
    strings: list[str] = []
    plain = _STRING.sub(
        lambda found: strings.append(json.loads(found[0])) or f"\0{len(strings) - 1};",
        _STREAM.sub(_unescaped_name, rest),
    )
    return all(
        any(_alternative(term, row, strings) for term in group.split(" or ")) for group in _groups(plain)
    )


def _unescaped_name(found: re.Match[str]) -> str:
    return f"_stream:={json.dumps(found[1])}"


def _groups(text: str) -> list[str]:
    """Return the content of the outermost brackets."""
    groups, depth, begin = [], 0, 0
    for position, letter in enumerate(text):
        if letter == "(":
            begin = position + 1 if not depth else begin
            depth += 1
        elif letter == ")":
            depth -= 1
            if not depth:
                groups.append(text[begin:position])
    return groups


def _alternative(text: str, row: dict[str, Any], strings: list[str]) -> bool:
    return all(_term(part, row, strings) for part in text.strip("() ").split())


def _term(text: str, row: dict[str, Any], strings: list[str]) -> bool:
    name, how, number = re.fullmatch(r"(\0\d+;|\w+):([~=]?)\0(\d+);", text).groups()  # type: ignore[union-attr]
    value = str(row.get(strings[int(name[1:-1])] if name.startswith("\0") else name, ""))
    wanted = strings[int(number)]
    if how == "~":
        return _compiled(wanted).search(value) is not None
    if how == "=":
        return value == wanted
    return wanted in value if wanted else not value


@lru_cache(maxsize=1000)
def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text)
