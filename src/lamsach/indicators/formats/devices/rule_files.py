"""Files of rules: Suricata and Snort, as Emerging Threats and abuse.ch publish them
(https://docs.suricata.io/en/latest/rules/intro.html), and YARA.

What a rule names is read by `lamsach.indicators.text.rules` and `yara_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats.base import ListFormat, command_by_command
from lamsach.indicators.text.rules import HEADER, RULE, rule_values, yara_rules
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, entries, refusal
from lamsach.model import Reference, Refusal

_ACTIONS = ("alert ", "drop ", "reject ", "pass ", "block ")
_BEFORE = re.compile(
    r"\ufeff?(?:\s+|//[^\n]*\n|/\*(?:[^*]|\*(?!/)){0,100000}\*/|(?:import|include)[ \t]+\"[^\"\n]*\"){0,2000}"
)


def _begins_ids(source: ListSource) -> bool:
    """Return whether the first lines that are no comments are rules."""
    lines = [text for line in source.text_head.splitlines()[:2000] if (text := line.strip())]
    rules = [line for line in lines if not line.startswith("#")][:20]
    if not rules:
        return any(HEADER.fullmatch(line.lstrip("# ")) and "sid:" in line for line in lines[:50])
    return sum(line.startswith(_ACTIONS) and "(" in line for line in rules) * 2 > len(rules)


def _read_ids(source: ListSource) -> Iterator[Entry]:
    """Read rule by rule; one without an address, name or hash is refused. Commented rules are not read."""
    return command_by_command(source, _rule, 512 * 1024, str.rstrip)


def _rule(text: str, reference: Reference) -> Iterable[Entry]:
    if (read := rule_values(text)) is None:
        return [refusal(reference, text, refusals.BAD_RECORD)]
    found, facts = read
    return (
        entries(found, reference, facts)
        if found
        else [refusal(reference, facts.threat or text, refusals.UNREAD_RULE)]
    )


def _begins_yara(source: ListSource) -> bool:
    """Return whether the first thing that is no comment and no import is a rule."""
    head = source.text_head
    return "condition:" in head and RULE.match(_BEFORE.sub("", head, count=1)) is not None


def _read_yara(source: ListSource) -> Iterator[Entry]:
    """Read hash by hash; a rule without any is refused, named, for the scanner, and so are the texts that it
    searches for.

    The threat is what the rule says of the malware, or its name.
    """
    document = source.document
    too_long: list[int] = []

    def lines() -> Iterator[tuple[int, str]]:
        for number, line in source.lines():
            if line is None:
                too_long.append(number)
            yield number, line or ""

    for rule in yara_rules(lines()):
        while too_long:
            yield Refusal(Reference(document, None, too_long.pop(0)), "", refusals.TOO_LONG)
        for number, item in rule.found:
            yield from entries([item], Reference(document, None, number), rule.facts)
        if not rule.lists:
            yield Refusal(Reference(document, None, rule.line), rule.name, refusals.YARA_ONLY)
    yield from (Refusal(Reference(document, None, number), "", refusals.TOO_LONG) for number in too_long)


IDS = ListFormat(
    "ids_rules", "Suricata or Snort rules", _begins_ids, _read_ids, text=True, rows_are_lines=True
)
YARA = ListFormat("yara", "YARA rules", _begins_yara, _read_yara, text=True, rows_are_lines=True)
