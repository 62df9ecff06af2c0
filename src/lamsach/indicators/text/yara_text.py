"""What YARA rules name (https://yara.readthedocs.io/), line by line: the hashes of their meta sections and conditions, and the texts that they search files for.

A text of the strings section is told as refused: a rule finds it in clean programs too (pages that a sample asks whether it is online, namespaces,
authorities of certificates), and only its condition makes it a sign. Whether it is the attacker's address is for an analyst to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from lamsach.indicators.tables.fields import read_date
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Facts, read_text, shortened
from lamsach.indicators.values.refusals import Refused

RULE = re.compile(
    r"(?m)^[ \t]*(?:(?:private|global)[ \t]+){0,2}rule[ \t]+(\w{1,128})[ \t]*(?::[^{\n]{0,200})?\s{0,4}\{?"
)
_META = re.compile(r"(?<!\w)(\w{1,64})\s*=\s*\"((?:[^\"\\]|\\.){0,2000})\"")
_STRING = re.compile(r"\$\w{0,64}\s*=\s*\"((?:[^\"\\]|\\.){4,2000})\"")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_HASH_KEY = re.compile(
    r"(?:.*_)?(?:hash(?:es)?|md5|sha_?1|sha_?256|sample|reference_(?:hash|sample)|original_sample)(?:_?\w{0,20})?",
    re.IGNORECASE,
)
# hash.sha256(0, filesize) == "2cf2..."
_CONDITION = re.compile(r"\bhash\.(?:md5|sha1|sha256)\([^()]{0,80}\)\s*==\s*\"([0-9a-fA-F]{32,64})\"")
_HEX = re.compile(r"(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?![0-9a-zA-Z])")
_SECTION = re.compile(r"\s*(meta|strings|condition|variables)\s*:")
_SECTION_WITHIN = re.compile(r"(?<![\w$#@!])(?:meta|strings|condition|variables)\s{0,8}:")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*+(\"?)")
"""A text in quotes, or one without an end, which reaches to the end of the line: so none begins within another."""
_LONGEST_RULE = 64 * 1024
"""How long a line is at most that is looked through for sections."""


class YaraRule(NamedTuple):
    """One rule: its name, the line on which it begins, what it names on which lines, and what its meta section says."""

    name: str
    line: int
    found: list[tuple[int, Found]]
    facts: Facts

    @property
    def lists(self) -> bool:
        """Return whether the rule names a hash."""
        return any(not isinstance(item, Refused) for _, item in self.found)


def yara_rules(lines: Iterable[tuple[int, str]]) -> Iterator[YaraRule]:
    """The rules of numbered lines, in order; lines outside rules are passed over."""
    rule, first, section = "", 0, ""
    said: dict[str, str] = {}
    found: list[tuple[int, Found]] = []
    for number, line in lines:
        if match := RULE.match(line):
            if rule:
                yield YaraRule(rule, first, found, _facts(rule, said))
            rule, first, section, said, found = match[1], number, "", {}, []
            line = line[match.end() :]
        for piece in _pieces(line) if rule else ():
            section = match[1] if (match := _SECTION.match(piece)) else section
            if section == "condition":
                texts = _CONDITION.findall(piece)
            elif section == "meta":
                texts = []
                for key, text in _META.findall(piece):
                    said.setdefault(key.lower(), text)
                    texts += _HEX.findall(text) if _HASH_KEY.fullmatch(key) else []
            else:
                texts = []
                found += [(number, item) for item in _searched(piece)] if section == "strings" else []
            found += [(number, item) for text in texts for item in read_text(text)]
    if rule:
        yield YaraRule(rule, first, found, _facts(rule, said))


def searched_for(found: Iterable[Found]) -> list[Found]:
    """The values of a text that a rule searches files for, as refused ones; what has no value's type is left out."""
    return [
        item if isinstance(item, Refused) else Refused(refusals.SEARCHED_FOR, item[1], item[0])
        for item in found
        if not isinstance(item, Refused) or item.type is not None
    ]


def _searched(piece: str) -> list[Found]:
    return [item for text in _STRING.findall(piece) for item in searched_for(scan(_ESCAPE.sub(_plain, text)))]


def _plain(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[2] if match[2] in '\\"' else " "


def _pieces(line: str) -> list[str]:
    """A line cut before each section that begins on it: a whole rule may stand on one line."""
    if ":" not in line or len(line) > _LONGEST_RULE:
        return [line]
    bare = _QUOTED.sub(lambda match: "\0" * len(match[0]) if match[1] else match[0], line)
    places = [0, *(match.start() for match in _SECTION_WITHIN.finditer(bare)), len(line)]
    return [line[start:end] for start, end in pairwise(places) if end > start]


def _facts(rule: str, said: dict[str, str]) -> Facts:
    keys = ("malware_family", "family", "malware", "threat_name", "actor")
    threat = next((said[key] for key in keys if said.get(key)), rule)
    source = said.get("author")
    return Facts(
        threat=shortened(threat) if threat else None,
        source=shortened(source) if source else None,
        valid_from=read_date(said.get("date", "")),
    )
