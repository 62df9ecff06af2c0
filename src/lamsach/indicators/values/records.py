"""Entries of lists: from a value and the facts of its record to an `Indicator` or a `Refusal`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from lamsach.indicators.judge.loop import apply_rule, decide
from lamsach.indicators.judge.references import is_detection
from lamsach.indicators.judge.rule import Scope
from lamsach.indicators.judge.tables import Cell
from lamsach.indicators.text.extract import HASH_NAMED_FILE, Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.names import may_be_file_name
from lamsach.indicators.values.normalise import Refused, Value, canonical_values
from lamsach.indicators.values.refang import refang
from lamsach.model import Indicator, IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import STATED_ONLY

Entry = Indicator | Refusal
"""Entry that every reader of a list yields."""

Plain = tuple[IndicatorType, str, str | None, str, int]
"""Plain value of a long list: type, canonical value, threat, document, row."""

MAX_TEXT = 300
"""Maximum length of a threat's name or a note."""


class Facts(NamedTuple):
    """Statements of a record about its values."""

    threat: str | None = None
    source: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    confidence: int | None = None
    tlp: str | None = None

    @classmethod
    def of(cls, threat: str | None, source: str | None = None, **stated: Any) -> Facts:
        """Build facts from a record's texts, shortened; an empty one states nothing."""
        return cls(shorten(threat or "") or None, shorten(source or "") or None, **stated)


NO_FACTS = Facts()
MAX_WORDS = 200
"""Maximum length of the text around a value."""
MAX_SEARCHED = 20_000
_SHORT_ENCODED = ("aHR0", "6874", "http%")
"""Prefixes of encoded URLs without point or colon (see `lamsach.indicators.values.normalise`)."""
_SHAPED = frozenset({refusals.EMAIL, refusals.BAD_URL, refusals.OTHER_HASH, refusals.UNSUPPORTED_TYPE})
"""Refusals of values without a type."""
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_MIN_WORDS = 2
_SEVERAL = re.compile(
    r"://\S{3,300}[a-z0-9*@]https?://|[,;|][\s\"']{0,3}(?:h[tx*]{2}ps?|s?ftps?)\[?:\]?//"
    r"|[a-z0-9/]hxxps?\[?:\]?//|://[^\s\\]{3,300}\\[rn](?:\\|$)|://[^\s\\]{3,300}[a-z]:\\\w",
    re.IGNORECASE,
)
"""Places where a text continues with another URL."""


def is_shaped(item: Entry | Found) -> bool:
    """Return whether an entry or observable has a value's shape, unlike most refused texts of documents."""
    return not isinstance(item, (Refusal, Refused)) or item.type is not None or item.reason in _SHAPED


def as_indicator(item: Indicator | Plain) -> Indicator:
    """Return the item as an `Indicator`."""
    if isinstance(item, tuple):
        kind, value, threat, document, row = item
        return Indicator(kind, value, threat, None, Reference(document, None, row))
    return item


def as_entry(item: Entry | Plain) -> Entry:
    """Return the item, a plain one as an `Indicator`."""
    return item if isinstance(item, Refusal) else as_indicator(item)


def entry(found: Found, reference: Reference, facts: Facts = NO_FACTS) -> Entry:
    """Return the indicator of a value, or the refusal of a Refused."""
    if isinstance(found, Refused):
        return Refusal(reference, shorten(found.value or "", refusals.MAX_VALUE), found.reason, found.type)
    return indicator(found, reference, facts)


def refusal(reference: Reference, text: str, reason: str) -> Refusal:
    """Refuse a text that is no value."""
    return Refusal(reference, shorten(text, refusals.MAX_VALUE), reason)


def indicator(found: Value, reference: Reference | None, facts: Facts = NO_FACTS) -> Indicator:
    """Return the indicator of a value that a place lists."""
    threat, source, valid_from, valid_until, confidence, tlp = facts
    return Indicator(*found, threat, source, reference, valid_from, valid_until, confidence, tlp)


def entries(
    found: Iterable[Found], reference: Reference, facts: Facts = NO_FACTS, text: str = ""
) -> Iterator[Entry]:
    """Yield the `entry` of each item once per place, with the words of the text around it."""
    seen: set[tuple[IndicatorType | None, str | None]] = set()
    for item in found:
        key = (item.type, item.value) if isinstance(item, Refused) else item
        if key not in seen:
            seen.add(key)
            words = words_around(text, key[1] or "") if text else None
            yield entry(item, reference if words is None else replace(reference, words=words), facts)


def words_around(text: str, value: str) -> str | None:
    """Return the words around a value in the author's spelling, on one line; None if there are none."""
    whole, plain = _on_one_line(text[:MAX_SEARCHED])
    start = plain.lower().find(value.lower()[:24])
    if len(_LETTERS.findall(plain.lower().replace(value.lower(), "", 1))) < _MIN_WORDS:
        return None
    if len(whole) <= MAX_WORDS:
        return whole
    middle = max(0, start) * len(whole) // max(1, len(plain))
    first = max(0, min(middle - MAX_WORDS // 3, len(whole) - MAX_WORDS))
    piece = whole[first : first + MAX_WORDS].strip()
    return f"{'…' if first else ''}{piece}{'…' if first + MAX_WORDS < len(whole) else ''}"


@lru_cache(2)
def _on_one_line(text: str) -> tuple[str, str]:
    """Return a text on one line, as written and refanged; cached for a line's many values."""
    whole = " ".join(text.split())
    return whole, refang(whole)


def read_text(text: str, indicator_type: IndicatorType | None = None) -> list[Found]:
    """Return a cell's or line's single value or every value in it; one Refused for a text without any."""
    values: list[Found]
    if indicator_type in STATED_ONLY:
        between = _BETWEEN_FILES if indicator_type is IndicatorType.FILE_NAME else _BETWEEN_VALUES
        return [_judge_stated(part, indicator_type) for part in between.split(text.strip()) if part] or [
            Refused(refusals.NOT_A_VALUE)
        ]
    if _SEVERAL.search(text):
        return list(scan(text))
    try:
        values = [*canonical_values(text, indicator_type)]
    except Refused as refused:
        whole = refused
    else:
        return values if indicator_type is not None else [_refuse_file_name(value, text) for value in values]
    if whole.type is not None and whole.reason is not refusals.WRONG_TYPE:
        return [whole]
    found = list(scan(text))
    if found:
        return found
    whole.value = shorten(text.strip(), refusals.MAX_VALUE)
    return [whole]


def _judge_stated(text: str, kind: IndicatorType) -> Found:
    try:
        found = canonical_values(text, kind)[0]
    except Refused as refused:
        return refused
    return apply_rule(found, decide(Scope.CELL, Cell(*found), kind))


def _refuse_file_name(found: Found, text: str) -> Found:
    """Return the value, or a refusal if it is likelier a file's name and not defanged."""
    if isinstance(found, Refused) or found[0] is not IndicatorType.DOMAIN:
        return found
    if may_be_file_name(found[1], in_sentence=False) and found[1] in text.lower():
        if named := HASH_NAMED_FILE.fullmatch(found[1]):
            return canonical_values(named[1])[0]
        return Refused(refusals.FILE_NAME, found[1], found[0])
    if is_detection(text.strip()):
        return Refused(refusals.DETECTION, found[1], found[0])
    return found


def whole_value(text: str) -> list[Found]:
    """Return the value or values that a cell is nothing but, refused ones included, or an empty list."""
    if (
        len(text) < 32
        and not any(mark in text for mark in ".:")
        and "dot" not in text.lower()
        and text.isascii()
        and not text.startswith(_SHORT_ENCODED)
    ):
        return []
    try:
        return [_refuse_file_name(value, text) for value in canonical_values(text)]
    except Refused as refused:
        return [] if refused.type is None or refused.reason is refusals.UNKNOWN_SUFFIX else [refused]


_BETWEEN_VALUES = re.compile(r"\s*[|;,\n]\s*|\s+")
_BETWEEN_FILES = re.compile(r"\s*[|;,\n]\s*")
_MIN_SEVERAL, _MAX_SEVERAL = 2, 64


def several_values(text: str) -> list[Found]:
    """Return the values of a cell that only lists several (`192.0.2.7|192.0.2.8`), or an empty list."""
    parts = [part for part in _BETWEEN_VALUES.split(text.strip(), _MAX_SEVERAL) if part]
    if not _MIN_SEVERAL <= len(parts) <= _MAX_SEVERAL:
        return []
    found = [whole_value(part) for part in parts]
    return [item for items in found for item in items] if all(found) else []


def shorten(text: str, length: int = MAX_TEXT) -> str:
    """Return the text on one line, cut to a number of characters."""
    text = " ".join(text[: 4 * length].split())
    return text if len(text) <= length else text[: length - 1] + "…"
