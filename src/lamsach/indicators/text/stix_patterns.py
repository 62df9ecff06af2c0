"""Values in the comparisons of a STIX pattern (STIX 2.1 section 9).

Every value is accepted, also where the pattern requires several together (AND, FOLLOWEDBY, WITHIN, REPEATS,
START and STOP), as a log line shows one of them. The unchecked condition is reported as one refusal of the
pattern. No expression of a pattern (MATCHES) is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lamsach.indicators.tables.fields import stated_type
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import read_text, shorten
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGESTS, ROWS, STATED_ONLY

OBSERVABLES = {
    "ipv4-addr": IndicatorType.IP,
    "ipv6-addr": IndicatorType.IP,
    **{row.stix.removesuffix(":value"): row.type for row in ROWS if row.stix.endswith(":value")},
}
"""Observables whose `value` is an indicator."""

# [network-traffic:extensions.'http-request-ext'.request_header.'Host' NOT IN ('a.example')] START t'2026'
_STEP = r"(?:[\w-]{1,250}|'[^'\\\n]{1,250}'|\"[^\"\\\n]{1,250}\")"
_TEXT = r"[thb]?'(?:[^'\\]|\\.)*+(?:'|\\?\Z)"
_LITERAL = rf"(?:{_TEXT}|[-+]?\d[\d.]*+|true\b|false\b)"
_TOKEN = re.compile(
    rf"(?:\b(?P<before>NOT|EXISTS)\s+)?"
    rf"(?P<path>[a-z0-9_-]{{2,250}}:{_STEP}(?:\.{_STEP}|\[[\d*]{{1,10}}\]){{0,50}})"
    rf"(?:\s*(?P<negation>NOT\b)?\s*(?P<operator>[!=<>]{{1,2}}|(?:IN|LIKE|MATCHES|ISSUBSET|ISSUPERSET)\b)"
    rf"\s*(?P<values>\((?:[\s,]*+{_LITERAL})*+|{_LITERAL})?)?"
    rf"|(?P<text>{_TEXT})|(?P<word>[A-Za-z][A-Za-z0-9_]*+)|(?P<mark>[\[\]])",
    re.DOTALL,
)
_TEXTS = re.compile(r"([thb]?)'((?:[^'\\]|\\.)*+)('|\\?\Z)", re.DOTALL)
"""Kind, contents and end of a text, which an unfinished pattern may lack."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_EQUAL = {"=": False, "==": False, "!=": True, "<>": True}
"""Whether an operator negates."""
_ORDERED = frozenset({"FOLLOWEDBY", "WITHIN", "REPEATS", "START", "STOP"})
_IS_FIELD = re.compile(
    r"value|.*_refs?(?:\[[\d*]+\])?\.value|.*request_header.*[Hh]ost'?|.*request_value|.*\.url'?"
)
_NETWORK = re.compile(r"(\d{1,3})\.(?:(\d{1,3})\.(?:(\d{1,3})\.)?)?%")
_EXPRESSION = re.compile(
    r"(?:\^|\\A)?(?:\(\^\|\\\.\)|\(\?:\^\|\\\.\)|\(\.\*\\\.\)\?|\.\*\\\.)?"
    r"(?P<literal>(?:https\?:\\?/\\?/)?(?:[\w:/-]|\\?\.|\\[/:-])+)(?:\$|\\Z)?"
)
MAX_PATTERN = 1024 * 1024


class _Comparison(NamedTuple):
    """A path, the texts it is compared with (none for numbers), and its observation's number."""

    path: str
    operator: str
    negated: bool
    texts: list[str]
    observation: int


class _Pattern(NamedTuple):
    """Comparisons of a pattern, observations joined by AND, whether it requires an order or is cut."""

    comparisons: list[_Comparison]
    joined: set[int]
    conditional: bool


def hash_type(name: str) -> IndicatorType | None:
    """Return a hash's type by STIX's name of the algorithm (`SHA-256`, `'SHA256'`, `MD5`), or None."""
    found = stated_type(name.strip("'\""))[0]
    return found if found in DIGESTS else None


def pattern_values(pattern: str) -> Iterator[Found]:
    """Yield the values of a pattern in order; one Refused for a pattern without any."""
    parsed = _parse(pattern)
    found = False
    accepted: dict[int, set[str]] = {}
    narrowed: set[int] = set()
    hashed = {
        comparison.observation for comparison in parsed.comparisons if ":hashes" in comparison.path
    } & parsed.joined
    for comparison in parsed.comparisons:
        observable, _, path = comparison.path.partition(":")
        kind, promises = _kind(observable, path)
        if not promises or not comparison.texts:
            if observable != "file" and not path.endswith("type"):
                narrowed.add(comparison.observation)
            continue
        if kind is IndicatorType.FILE_NAME and comparison.observation in hashed:
            continue
        found = True
        yield from _values(comparison, kind)
        if observable in OBSERVABLES or observable == "network-traffic":
            accepted.setdefault(comparison.observation, set()).add(comparison.path)
    if not found:
        yield Refused(refusals.UNREAD_PATTERN, shorten(pattern))
        return
    multiple = {number for number, paths in accepted.items() if len(paths) > 1}
    if parsed.conditional or parsed.joined & (narrowed | multiple):
        yield Refused(refusals.CONDITION, shorten(pattern))


def _parse(pattern: str) -> _Pattern:
    """Parse the comparisons of a pattern; unbalanced brackets are tolerated."""
    comparisons: list[_Comparison] = []
    joined: set[int] = set()
    conditional = len(pattern) > MAX_PATTERN
    last = ""
    observation = depth = 0
    for token in _TOKEN.finditer(pattern[:MAX_PATTERN]):
        if token["path"]:
            comparisons.append(_comparison(token, observation))
        elif token["mark"] == "[":
            depth, observation = depth + 1, observation + 1
        elif token["mark"] == "]":
            depth = max(0, depth - 1)
        elif token["word"] == "AND" and depth:
            joined.add(observation)
        elif token["word"] == "AND" or token["word"] in _ORDERED:
            conditional = True
        last = token["values"] or token["text"] or ""
    conditional |= any(end != "'" for _, _, end in _TEXTS.findall(last))
    return _Pattern(comparisons, joined, conditional)


def _comparison(token: re.Match[str], observation: int) -> _Comparison:
    operator = token["operator"] or ""
    negated = (token["before"] == "NOT") ^ (token["negation"] is not None) ^ _EQUAL.get(operator, False)
    parts = _TEXTS.findall(token["values"] or "") if token["before"] != "EXISTS" else ()
    texts = [_ESCAPED.sub(r"\1", text) for kind, text, end in parts if not kind and end == "'"]
    operator = "=" if operator in _EQUAL else operator
    return _Comparison(token["path"], operator, negated, texts, observation)


def _values(comparison: _Comparison, kind: IndicatorType | None) -> Iterator[Found]:
    for text in comparison.texts:
        if comparison.negated:
            yield Refused(refusals.NEGATED, shorten(text))
            continue
        plain = _plain(comparison.operator, text, kind)
        if plain is None:
            yield Refused(refusals.UNREAD_PATTERN, shorten(text))
            continue
        found = read_text(plain, kind)
        values = (item for item in found if not isinstance(item, Refused))
        if comparison.operator == "ISSUPERSET" and any(kind is IndicatorType.NETWORK for kind, _ in values):
            yield Refused(refusals.UNREAD_PATTERN, shorten(text))
        else:
            yield from found


def _plain(operator: str, text: str, kind: IndicatorType | None) -> str | None:
    """Return the value that a text means, or None when an expression means more than a value covers."""
    if operator in ("=", "IN", "ISSUBSET", "ISSUPERSET"):
        return text
    if operator == "LIKE":
        return _like(text, kind)
    if operator == "MATCHES" and (match := _EXPRESSION.fullmatch(text[:2000])) is not None:
        return re.sub(r"\\(.)", r"\1", match["literal"].replace("https?:", "http:"))
    return None


def _like(text: str, kind: IndicatorType | None) -> str | None:
    """Return the fixed part of a LIKE (section 9.6.1: `%` is any text, `_` any letter).

    Longer paths and names below a name are covered anyway.
    """
    if (parts := _NETWORK.fullmatch(text)) is not None:
        numbers = [part for part in parts.groups() if part is not None]
        return ".".join([*numbers, *["0"] * (4 - len(numbers))]) + f"/{8 * len(numbers)}"
    plain = text.removeprefix("%.").removeprefix("%").rstrip("%")
    if "%" in plain and kind is not IndicatorType.URL:
        return None
    return None if "_" in plain and kind in (IndicatorType.DOMAIN, IndicatorType.IP) else plain


def _kind(observable: str, path: str) -> tuple[IndicatorType | None, bool]:
    """Return the type that an object path promises, and whether it promises any value at all."""
    if (observable, path) == ("file", "name"):
        return IndicatorType.FILE_NAME, True
    if observable in OBSERVABLES:
        return (OBSERVABLES[observable] if path == "value" else None), _IS_FIELD.fullmatch(path) is not None
    if observable in ("file", "artifact", "process") and "hashes" in path:
        known = hash_type(path.rpartition("hashes")[2].strip(".[]'\""))
        return known, known is not None
    stated = stated_type(path.rpartition(".")[2].strip("'\""))[0]
    if observable == "network-traffic" and stated in STATED_ONLY:  # it has no standard path
        return stated, True
    return None, observable == "network-traffic" and _IS_FIELD.fullmatch(path) is not None
