"""Text: one value a line with comments, several values a line, hosts files, filter lists, or an advisory in
running text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.loop import decide, withheld
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.numbers import is_dump
from lamsach.indicators.judge.rule import Scope
from lamsach.indicators.judge.stated import said
from lamsach.indicators.judge.unlisted import Account
from lamsach.indicators.tables.fields import field_of
from lamsach.indicators.text.broken_lines import Unbroken
from lamsach.indicators.text.documents import defangs, has_sentences
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused, canonical_values, plain_value
from lamsach.indicators.values.records import (
    Entry,
    Facts,
    Plain,
    entries,
    is_shaped,
    read_text,
    shortened,
    whole_entry,
)
from lamsach.model import Indicator, Reference, Refusal

_COMMENT_LINE = re.compile(r"\s*(?:#|;|//(?!\S+\.\S)|!|--(?:\s|$)|\[Adblock)")
_TRAILING_COMMENT = re.compile(r"\s(?:#|;|//)\s*")
_HOSTS_LINE = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]+(?=\S*[A-Za-z_])", re.ASCII)
# dnsmasq(8): address=/evil.example/0.0.0.0, server=/evil.example/
_DNSMASQ_LINE = re.compile(r"(?:address|server|local)=/([^/\s]+)/\S*")
# (\.|^)evil\.example$    (^|\.)evil\.example$    (Pi-hole)
_EXPRESSION_LINE = re.compile(r"\((?:\\\.\|\^|\^\|\\\.)\)((?:[\w-]{1,63}\\\.){1,10}[\w-]{2,63})\$?")
_STATED = re.compile(r"[\w.-]{1,40}=")
"""A setting (`key=0f4c..`), of which the name says what its value is."""
_NO_WORDS = re.compile(r"[\W_]*")


def _read_quickly(source: ListSource) -> Iterator[Entry | Plain]:
    """Read line by line, `row` is the line; lines that are nothing but a canonical value come plain."""
    document = source.document
    marks = defangs([source.text_head])
    marked = marks and (source.prose or has_sentences(source.text_head))
    prose = Prose(advisory=source.prose, defangs=marked, marks=marks)
    broken = Unbroken()
    plain_line, threat = True, prose.threat
    for number, line in source.lines():
        if plain_line and line is not None and broken.waiting is None and (plain := plain_value(line)):
            yield plain[0], plain[1], threat, document, number
            continue
        for first, whole in broken.push(number, line):
            yield from _entries(whole, Reference(document, None, first), prose, shapeless=not source.prose)
        plain_line, threat = prose.plain, prose.threat
    for first, whole in broken.end():
        yield from _entries(whole, Reference(document, None, first), prose, shapeless=not source.prose)


def _entries(line: str | None, reference: Reference, prose: Prose, *, shapeless: bool) -> Iterator[Entry]:
    """Read a line that is no plain value. `shapeless`: a text without a value's shape is a refusal."""
    if line is None:
        yield Refusal(reference, "", refusals.TOO_LONG)
    elif not line or line.isspace():
        return
    elif _COMMENT_LINE.match(line) and not defangs([line]):
        prose.heading(line.strip(" \t#;/!-"))
        yield from entries(Account().rest([line], ()), reference)
    elif prose.plain and (plain := plain_value(line)) is not None:
        yield Indicator(plain[0], plain[1], prose.threat, None, reference)
    else:
        found = read_line(line.strip(), reference, prose)
        if (rule := decide(Scope.COMMAND, line.strip())) is not None:
            found = (withheld(item, rule) for item in found)
        yield from (item for item in found if shapeless or is_shaped(item))


def read_line(line: str, reference: Reference, prose: Prose | None = None) -> Iterator[Entry]:
    """Yield what one line without a comment mark at its start says."""
    prose = prose or Prose()
    if match := _HOSTS_LINE.match(line):
        yield from entries(Account().rest([match[0]], ()), reference)
        line = line[match.end() :]
    elif match := _DNSMASQ_LINE.fullmatch(line):
        line = match[1]
    elif match := _EXPRESSION_LINE.fullmatch(line):
        line = match[1].replace("\\", "")
    if match := _TRAILING_COMMENT.search(line):
        found = _values(line[: match.start()].strip(), prose)
        if any(not isinstance(item, Refused) for item in found):
            threat = shortened(line[match.end() :]) or prose.threat
            rule = said(line[match.end() :])
            found = [withheld(item, rule) for item in found]
            yield from entries(found, reference, Facts(threat=threat))
            yield from entries(Account().rest([line[match.end() :]], ()), reference)
            return
    if _NO_WORDS.fullmatch(line):
        prose.follow(line)
        return
    found = _values(line, prose)
    is_heading = field_of(line) is not None and all(
        isinstance(item, Refused) and item.type is None for item in found
    )
    if not is_heading:
        yield from entries(found, reference, prose.facts, line if " " in line else "")


def _values(line: str, prose: Prose) -> list[Found]:
    if " " not in line and "\t" not in line:
        found = read_text(line)
        if all(isinstance(item, Refused) and item.type is None for item in found):
            prose.heading(line)
            return found
        if (
            prose.plain
            and not _STATED.match(line)
            and "/[" not in line
            and "](" not in line
            and "'" not in line
            and not is_dump(line)
        ):
            return found
    found = prose.line(line)
    if found:
        return found
    try:
        return list(canonical_values(line))
    except Refused as refused:
        refused.value = refused.value or shortened(line, refusals.VALUE_KEPT)
        return [refused]


TEXT = ListFormat(
    "text",
    "Text, one value a line or running text",
    lambda source: True,
    lambda source: map(whole_entry, _read_quickly(source)),
    text=True,
    quick=_read_quickly,
)
"""Any text. It is the last of the registry: what nothing else recognises is read so."""
