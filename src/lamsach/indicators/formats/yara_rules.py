"""YARA rules (https://yara.readthedocs.io/): the hashes that a rule's meta section or condition names. Its strings are no indicators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar

from lamsach.indicators import refusals
from lamsach.indicators.base import ListFormat
from lamsach.indicators.fields import read_date
from lamsach.indicators.opening import ListSource
from lamsach.indicators.records import Entry, Facts, entries, read_text, shortened
from lamsach.model import Reference, Refusal

_RULE = re.compile(
    r"(?m)^[ \t]*(?:(?:private|global)[ \t]+){0,2}rule[ \t]+(\w{1,128})[ \t]*(?::[^{\n]{0,200})?\s{0,4}\{?"
)
_BEFORE = re.compile(
    r"\ufeff?(?:\s+|//[^\n]*\n|/\*(?:[^*]|\*(?!/)){0,100000}\*/|(?:import|include)[ \t]+\"[^\"\n]*\"){0,2000}"
)
_META = re.compile(r"(?<!\w)(\w{1,64})\s*=\s*\"((?:[^\"\\]|\\.){0,2000})\"")
_HASH_KEY = re.compile(
    r"(?:.*_)?(?:hash(?:es)?|md5|sha_?1|sha_?256|sample|reference_(?:hash|sample)|original_sample)(?:_?\w{0,20})?",
    re.IGNORECASE,
)
# hash.sha256(0, filesize) == "2cf2..."
_CONDITION = re.compile(r"\bhash\.(?:md5|sha1|sha256)\([^()]{0,80}\)\s*==\s*\"([0-9a-fA-F]{32,64})\"")
_HEX = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-zA-Z])")
_SECTION = re.compile(r"\s*(meta|strings|condition|variables)\s*:")
_SECTION_WITHIN = re.compile(r"(?<![\w$#@!])(?:meta|strings|condition|variables)\s{0,8}:")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"")
_LONGEST_RULE = 64 * 1024
"""How long a line is at most that is looked through for sections."""


class YaraRules(ListFormat):
    """A file of rules; `row` is the line, the threat is what the rule says of the malware, or its name."""

    name: ClassVar[str] = "yara"
    title: ClassVar[str] = "YARA rules"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Whether the first thing that is no comment and no import is a rule."""
        if source.encoding.binary or "condition:" not in source.text_head:
            return False
        return _RULE.match(_BEFORE.sub("", source.text_head, count=1)) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Hash by hash; a rule without any is refused, named, for the scanner."""
        rule, row, section = "", 0, ""
        said: dict[str, str] = {}
        waiting: list[tuple[int, str]] = []
        document = source.document

        def ended() -> Iterator[Entry]:
            facts = _facts(rule, said)
            for number, text in waiting:
                yield from entries(read_text(text), Reference(document, None, number), facts)
            if rule and not waiting:
                yield Refusal(Reference(document, None, row), rule, refusals.YARA_ONLY)

        for number, line in source.lines():
            if line is None:
                yield Refusal(Reference(document, None, number), "", refusals.TOO_LONG)
            elif match := _RULE.match(line):
                yield from ended()
                rule, row, section, said, waiting = match[1], number, "", {}, []
                line = line[match.end() :]
            for piece in _pieces(line or "") if rule else ():
                section = match[1] if (match := _SECTION.match(piece)) else section
                if section == "condition":
                    waiting += [(number, text) for text in _CONDITION.findall(piece)]
                for key, text in _META.findall(piece) if section == "meta" else ():
                    said.setdefault(key.lower(), text)
                    if _HASH_KEY.fullmatch(key):
                        waiting += [(number, digest) for digest in _HEX.findall(text)]
        yield from ended()


def _pieces(line: str) -> list[str]:
    """A line cut before each section that begins on it: a whole rule may stand on one line."""
    if ":" not in line or len(line) > _LONGEST_RULE:
        return [line]
    bare = _QUOTED.sub(lambda match: "\0" * len(match[0]), line)
    places = [0, *(match.start() for match in _SECTION_WITHIN.finditer(bare)), len(line)]
    return [line[start:end] for start, end in pairwise(places) if end > start]


def _facts(rule: str, said: dict[str, str]) -> Facts:
    threat = next(
        (
            said[key]
            for key in ("malware_family", "family", "malware", "threat_name", "actor")
            if said.get(key)
        ),
        rule,
    )
    source = said.get("author")
    return Facts(
        threat=shortened(threat) if threat else None,
        source=shortened(source) if source else None,
        valid_from=read_date(said.get("date", "")),
    )
