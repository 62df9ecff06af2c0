"""Files of YARA rules: see `lamsach.indicators.text.yara_text`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.text.yara_text import RULE, yara_rules
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, entries
from lamsach.model import Reference, Refusal

_BEFORE = re.compile(
    r"\ufeff?(?:\s+|//[^\n]*\n|/\*(?:[^*]|\*(?!/)){0,100000}\*/|(?:import|include)[ \t]+\"[^\"\n]*\"){0,2000}"
)


class YaraRules(ListFormat):
    """A file of rules; `row` is the line, the threat is what the rule says of the malware, or its name."""

    name: ClassVar[str] = "yara"
    title: ClassVar[str] = "YARA rules"
    rows_are_lines: ClassVar[bool] = True

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the first thing that is no comment and no import is a rule."""
        if source.encoding.binary or "condition:" not in source.text_head:
            return False
        return RULE.match(_BEFORE.sub("", source.text_head, count=1)) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Hash by hash; a rule without any is refused, named, for the scanner, and so are the texts that it searches for."""
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
