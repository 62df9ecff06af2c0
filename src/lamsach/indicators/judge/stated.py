"""Statements of rows, cells, records and comments about their values, put to the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from lamsach.documents.headings import plain_key
from lamsach.indicators.judge.exceptions import BLAMES, DETECTS, FLAGS, VERDICT_KEYS, Said
from lamsach.indicators.judge.loop import decide, withheld
from lamsach.indicators.judge.references import host_of
from lamsach.indicators.judge.rule import NAMES, Rule, Scope, any_case
from lamsach.indicators.judge.tables import REMOVED, Cell
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values.names import suffixes
from lamsach.indicators.values.records import whole_value
from lamsach.indicators.values.refusals import Refused

_JUDGING = (
    VERDICT_KEYS
    | FLAGS
    | BLAMES
    | {DETECTS, "status", "note", "comment", "category", "tag", "label", "type", "ghi chu"}
)
"""Keys of a record whose text may say it."""
_AROUND = " \t()[]{}<>-–—:;,|*_`\"'#"
_MAY_JUDGE = any_case(
    r"\W{0,4}(?:rec|res|our|part|trust|norm|n.{1,3}n |l.{1,3}u l|white|allow|safe|excep|exclu"
    r"|do not|not |no b|ngo|lo|da|cho|kh|ben|legit|good|known|non|false|fp|h.{1,3}p |ch.{1,3}nh"
    r"|l.{1,3}nh|d|\u0111|c.{1,3}nh|b.{1,3}o |vict|infect|n.{1,3}n |m.{1,3}y |ip n)"
)
"""How the words begin that judge a value, with or without accents: most cells begin otherwise."""
_LONGEST = 40
"""How many characters a cell has at most that is nothing but a verdict."""


def takes_back(keys: Iterable[str]) -> bool:
    """Return whether the headings of a table are those of a list of what its source took back."""
    return {plain_key(key) for key in keys} >= REMOVED


def action_column(headings: Mapping[int, str]) -> int | None:
    """Column of what is done with a row's values; None where the table is no list with an expiry."""
    keys = {place: plain_key(text) for place, text in headings.items()}
    if not any("expir" in key for key in keys.values()):
        return None
    return next((place for place, key in keys.items() if key == "action"), None)


def judging_columns(headings: Mapping[int, str]) -> dict[int, str]:
    """The columns whose cells judge their row's values: the plain keys of their headings by their places."""
    keys = {place: plain_key(text) for place, text in headings.items()}
    return {place: key for place, key in keys.items() if key in VERDICT_KEYS | FLAGS | BLAMES | {DETECTS}}


@lru_cache(4096)
def said(text: str, heading: str = "") -> Rule | None:
    """Rule of a cell that is only a verdict (`whitelist`) or answers its heading (`fp`: `yes`)."""
    return decide(Scope.SAID, Said(plain_key(text), heading))


def row_rule(cells: Mapping[int, str], judging: Mapping[int, str]) -> Rule | None:
    """Rule by which a row's other cells judge its values, or None. `judging` as of `judging_columns`."""
    for place, cell in cells.items():
        if len(cell) > _LONGEST or (place not in judging and _MAY_JUDGE.match(cell) is None):
            continue
        if (rule := said(_first_part(cell), judging.get(place, ""))) is not None:
            return rule
    return None


def line_rule(token: str, line: str) -> Rule | None:
    """Rule by which a line judges its one value: `good.example (legitimate)`; None where more is said."""
    if len(line) > len(token) + _LONGEST:
        return None
    rest = line.replace(token, "", 1).strip(_AROUND)
    return said(rest) if len(rest) > 1 else None


def _first_part(cell: str) -> str:
    """`Hợp lệ - không chặn`: what is before the dash says it all."""
    return re.split(r"\s[-–—]\s|[,;(]", cell, maxsplit=1)[0]


def record_rule(record: Mapping[Any, Any]) -> Rule | None:
    """The rule by which a record with named keys judges its values, or None."""
    if (rule := decide(Scope.RECORD, record)) is not None:
        return rule
    for name, text in record.items():
        if isinstance(text, (str, bool)) and len(str(text)) <= _LONGEST:
            key = plain_key(str(name))
            if key in _JUDGING and (rule := said(str(text), key)) is not None:
                return rule
    return None


def in_cell(found: Iterable[Found], **what: Any) -> list[Found]:
    """The values of a cell, as refused ones where a rule says so; `what` are further fields of `Cell`."""
    return [
        item
        if isinstance(item, Refused)
        else withheld(item, decide(Scope.CELL, Cell(item[0], item[1], **what), item[0]))
        for item in found
    ]


def struck_out(found: Iterable[Found]) -> list[Found]:
    """The values of a text that its author struck out, as refused ones."""
    return in_cell((item for item in found if not isinstance(item, Refused)), struck=True)


def describing(text: str) -> list[Found]:
    """The values that the lines of a text are nothing but, as refused ones: they describe what is listed."""
    return in_cell([item for line in text.split("\n") for item in whole_value(line)], describes=True)


_COMMENTS_READ = 60
"""How many comment lines are searched for the publisher's name."""


class Publishers:
    """The sites that a list's own comments name: `# (c) Example Lists - lists.example`."""

    def __init__(self) -> None:
        self._sites: set[str] = set()
        self._comments = 0

    def comment(self, text: str) -> None:
        """Take note of a comment line."""
        self._comments += 1
        if self._comments <= _COMMENTS_READ:
            self._sites.update(site for item in scan(text) if (site := _site(item)) is not None)

    def beside(self, found: list[Found]) -> list[Found]:
        """Refuse links of a publisher's site among several values of a row without headings."""
        if len(found) < 2:
            return found
        said = in_cell(found, sites=self._sites)
        kept = any(not isinstance(item, Refused) for item in said)
        return said if kept else found


def _site(item: Found) -> str | None:
    kind, value = (item.type, item.value) if isinstance(item, Refused) else item
    return suffixes().registered(host_of(kind, value)) if value is not None and kind in NAMES else None
