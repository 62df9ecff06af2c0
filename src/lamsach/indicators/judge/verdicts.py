"""Verdicts that rows, cells, records and comments state about their values, applied by the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from lamsach.documents.headings import plain_key
from lamsach.indicators.judge.exceptions import BLAMES, DETECTS, FLAGS, VERDICT_KEYS, Statement
from lamsach.indicators.judge.loop import apply_rule, decide
from lamsach.indicators.judge.references import host_of
from lamsach.indicators.judge.rule import NAMES, Rule, Scope, any_case
from lamsach.indicators.judge.tables import REMOVED, Cell, Row
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values.names import suffixes
from lamsach.indicators.values.records import whole_value
from lamsach.indicators.values.refusals import Refused

JUDGING = VERDICT_KEYS | FLAGS | BLAMES | {DETECTS}
"""Plain keys of the headings of columns whose cells judge their row's values."""
_JUDGING = JUDGING | {"status", "note", "comment", "category", "tag", "label", "type", "ghi chu"}
"""Keys of a record whose text may be a verdict."""
_AROUND = " \t()[]{}<>-–—:;,|*_`\"'#"
_MAY_JUDGE = any_case(
    r"\W{0,4}(?:rec|res|our|part|trust|norm|n.{1,3}n |l.{1,3}u l|white|allow|safe|excep|exclu"
    r"|do not|not |no b|ngo|lo|da|cho|kh|ben|legit|good|known|non|false|fp|h.{1,3}p |ch.{1,3}nh"
    r"|l.{1,3}nh|d|\u0111|c.{1,3}nh|b.{1,3}o |vict|infect|n.{1,3}n |m.{1,3}y |ip n)"
)
"""First letters of verdict words, with or without accents; most cells begin otherwise."""
_MAX_LENGTH = 40
"""Maximum length of a cell that is nothing but a verdict."""


@lru_cache(4096)
def statement_rule(text: str, heading: str = "") -> Rule | None:
    """Return the rule for a cell that is a verdict (`whitelist`) or answers its heading (`fp`: `yes`)."""
    return decide(Scope.STATEMENT, Statement(plain_key(text), heading))


def row_rule(cells: Mapping[int, str], judging: Mapping[int, str]) -> Rule | None:
    """Return the rule by which a row's other cells judge its values; `judging`: keys of judging columns."""
    for place, cell in cells.items():
        if len(cell) > _MAX_LENGTH or (place not in judging and _MAY_JUDGE.match(cell) is None):
            continue
        # Hợp lệ - không chặn    Máy nạn nhân tại đơn vị
        verdict = re.split(r"\s[-–—]\s|[,;(]|\s(?:tại|của|thuộc|at|in)\s", cell, maxsplit=1)[0]
        if (rule := statement_rule(verdict, judging.get(place, ""))) is not None:
            return rule
    return None


def line_rule(token: str, line: str) -> Rule | None:
    """Return the rule by which a short line judges its one value: `good.example (legitimate)`."""
    if len(line) > len(token) + _MAX_LENGTH:
        return None
    rest = line.replace(token, "", 1).strip(_AROUND)
    return statement_rule(rest) if len(rest) > 1 else None


def record_rule(record: Mapping[Any, Any]) -> Rule | None:
    """Return the rule by which a record with named keys judges its values, or None."""
    action = record.get("action", record.get("Action"))
    expires = isinstance(action, str) and any("expir" in str(key).lower() for key in record)
    row = Row(record.keys() >= REMOVED, action if expires else "")
    if (row.withdraws or row.action) and (rule := decide(Scope.ROW, row)) is not None:
        return rule
    for name, text in record.items():
        if isinstance(text, (str, bool)) and len(str(text)) <= _MAX_LENGTH:
            key = plain_key(str(name))
            if key in _JUDGING and (rule := statement_rule(str(text), key)) is not None:
                return rule
    return None


def judge_cell(found: Iterable[Found], **context: Any) -> list[Found]:
    """Judge the values of a cell; `context` holds further fields of `Cell`."""
    return [
        item
        if isinstance(item, Refused)
        else apply_rule(item, decide(Scope.CELL, Cell(item[0], item[1], **context), item[0]))
        for item in found
    ]


def refuse_struck(found: Iterable[Found]) -> list[Found]:
    """Refuse the values of a text that its author struck out."""
    return judge_cell((item for item in found if not isinstance(item, Refused)), struck=True)


def refuse_described(text: str) -> list[Found]:
    """Refuse the values of a text whose lines are nothing but values: they describe what is listed."""
    return judge_cell([item for line in text.split("\n") for item in whole_value(line)], describes=True)


_MAX_COMMENTS = 60
"""Number of comment lines that are searched for the publisher's name."""


class Publishers:
    """Sites that a list's own comments name: `# (c) Example Lists - lists.example`."""

    def __init__(self) -> None:
        self._sites: set[str] = set()
        self._comments = 0

    def comment(self, text: str) -> None:
        """Read a comment line."""
        self._comments += 1
        if self._comments <= _MAX_COMMENTS:
            self._sites.update(site for item in scan(text) if (site := _site(item)) is not None)

    def refuse_own(self, found: list[Found]) -> list[Found]:
        """Refuse links of a publisher's site among several values of a row without headings."""
        if len(found) < 2:
            return found
        judged = judge_cell(found, sites=self._sites)
        accepted = any(not isinstance(item, Refused) for item in judged)
        return judged if accepted else found


def _site(item: Found) -> str | None:
    kind, value = (item.type, item.value) if isinstance(item, Refused) else item
    return suffixes().registered(host_of(kind, value)) if value is not None and kind in NAMES else None
