"""The values that a STIX pattern compares with (STIX 2.1 section 9), by its comparisons.

Every value of a pattern is taken, also where the pattern wants several things together (AND, FOLLOWEDBY, WITHIN, REPEATS): a log line shows
one of them. What is not checked then is told, as one refusal of the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lamsach.indicators import refusals
from lamsach.indicators.extract import Found
from lamsach.indicators.fields import stated_type
from lamsach.indicators.records import read_text, shortened
from lamsach.indicators.refusals import Refused
from lamsach.model import IndicatorType

OBSERVABLES = {
    "ipv4-addr": IndicatorType.IP,
    "ipv6-addr": IndicatorType.IP,
    "domain-name": IndicatorType.DOMAIN,
    "url": IndicatorType.URL,
}
"""The observables whose `value` is an indicator."""

_TEXT = r"'(?:[^'\\]|\\.)*'"
_COMPARISON = re.compile(
    rf"(?<![a-z0-9-])(?P<object>[a-z0-9-]{{2,40}}):(?P<path>[\w.*\[\]'-]{{1,200}}?)\s{{0,20}}(?P<not>NOT\s{{1,20}})?"
    rf"(?P<operator>!=|=|IN\b|LIKE\b|MATCHES\b|ISSUBSET\b|ISSUPERSET\b)\s{{0,20}}"
    rf"(?P<value>{_TEXT}|\(\s*{_TEXT}(?:\s*,\s*{_TEXT})*\s*\))",
    re.DOTALL,
)
_ONE_TEXT = re.compile(_TEXT, re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ORDER = re.compile(r"\b(?:FOLLOWEDBY|WITHIN|REPEATS)\b|\][\s)]{0,20}AND[\s(]{0,20}\[")
_IS_FIELD = re.compile(
    r"value|.*_refs?(?:\[[\d*]+\])?\.value|.*request_header.*[Hh]ost'?|.*request_value|.*\.url'?"
)
MAX_PATTERN = 1024 * 1024


def hash_type(name: str) -> IndicatorType | None:
    """The type of a hash by STIX's name for the algorithm (`SHA-256`, `'SHA256'`, `MD5`), or None for one that is not taken."""
    found = stated_type(name.strip("'\""))[0]
    return found if found in (IndicatorType.MD5, IndicatorType.SHA1, IndicatorType.SHA256) else None


def pattern_values(pattern: str) -> Iterator[Found]:
    """The values of a pattern in order; for a pattern without any, one Refused."""
    found = narrowed = False
    for match in _COMPARISON.finditer(pattern[:MAX_PATTERN]):
        kind, taken = _kind(match["object"], match["path"])
        if not taken:
            narrowed |= match["object"] != "file" and not match["path"].endswith("type")
            continue
        found = True
        texts = [_ESCAPED.sub(r"\1", text[1:-1]) for text in _ONE_TEXT.findall(match["value"])]
        if match["not"] or match["operator"] == "!=":
            yield from (Refused(refusals.NEGATED, shortened(text)) for text in texts)
        elif match["operator"] == "MATCHES":
            yield from (Refused(refusals.UNREAD_PATTERN, shortened(text)) for text in texts)
        else:
            for text in map(_like, texts) if match["operator"] == "LIKE" else texts:
                yield from read_text(text, kind)
    if not found:
        yield Refused(refusals.UNREAD_PATTERN, shortened(pattern))
    elif _ORDER.search(_ONE_TEXT.sub("''", pattern[:MAX_PATTERN])) or (narrowed and " AND " in pattern):
        yield Refused(refusals.CONDITION, shortened(pattern))


def _like(text: str) -> str:
    """What stands fast of a LIKE (section 9.6.1: `%` is any text): what goes on behind it, and the names below a name, are covered anyway."""
    return text.removeprefix("%.").removeprefix("%").rstrip("%")


def _kind(observable: str, path: str) -> tuple[IndicatorType | None, bool]:
    """The type that an object path promises, and whether it promises any value at all."""
    if observable in OBSERVABLES:
        return (OBSERVABLES[observable] if path == "value" else None), _IS_FIELD.fullmatch(path) is not None
    if observable in ("file", "artifact", "process") and "hashes" in path:
        known = hash_type(path.rpartition("hashes")[2].strip(".[]'"))
        return known, known is not None
    return None, observable == "network-traffic" and _IS_FIELD.fullmatch(path) is not None
