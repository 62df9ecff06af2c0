"""Rules of Suricata and Snort, as Emerging Threats and abuse.ch publish them (https://docs.suricata.io/en/latest/rules/intro.html).

What a rule names is told in `lamsach.indicators.text.rule_text`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.text.rule_text import HEADER, rule_values
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, entries, shortened
from lamsach.model import Reference, Refusal


class IdsRules(ListFormat):
    """A rule file; `row` is the line. Rules that are commented out are not read."""

    name: ClassVar[str] = "ids_rules"
    title: ClassVar[str] = "Suricata or Snort rules"
    rows_are_lines: ClassVar[bool] = True

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the first lines that are no comments are rules."""
        if source.encoding.binary:
            return False
        lines = [text for line in source.text_head.splitlines()[:2000] if (text := line.strip())]
        rules = [line for line in lines if not line.startswith("#")][:20]
        if not rules:
            return any(HEADER.fullmatch(line.lstrip("# ")) and "sid:" in line for line in lines[:50])
        return sum(
            line.startswith(("alert ", "drop ", "reject ", "pass ", "block ")) and "(" in line
            for line in rules
        ) * 2 > len(rules)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Rule by rule; one that names no address, name or hash is refused."""
        start, parts = 0, ""
        for number, line in source.lines():
            if line is None:
                yield Refusal(Reference(source.document, None, number), "", refusals.TOO_LONG)
                continue
            if not parts and line.lstrip().startswith("#"):
                continue
            start = start if parts else number
            text = line.rstrip()
            parts += text.removesuffix("\\")
            if text.endswith("\\") and len(parts) < 512 * 1024:
                continue
            if parts.strip():
                yield from _rule(parts, Reference(source.document, None, start))
            parts = ""


def _rule(text: str, reference: Reference) -> Iterator[Entry]:
    read = rule_values(text)
    if read is None:
        yield Refusal(reference, shortened(text, refusals.VALUE_KEPT), refusals.BAD_RECORD)
        return
    found, facts = read
    if found:
        yield from entries(found, reference, facts)
    else:
        yield Refusal(reference, shortened(facts.threat or text, refusals.VALUE_KEPT), refusals.UNREAD_RULE)
