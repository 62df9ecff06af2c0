"""ClamAV hash signatures, `.hdb` and `.hsb` (https://docs.clamav.net/manual/Signatures/HashSignatures.html)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, Facts, entries, read_text
from lamsach.model import Reference, Refusal

# 48c4533230e1ae1c118c741c0db19dfb:17387:test.exe        ..:*:Name:73
_LINE = re.compile(
    r"([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}):(?:\d{1,12}|\*):([^:\s][^:]{0,300})(?::\d{1,4}){0,2}"
)


class ClamAv(ListFormat):
    """A signature file; `row` is the line, the threat is the signature's name."""

    name: ClassVar[str] = "clamav"
    title: ClassVar[str] = "ClamAV hash signatures"
    rows_are_lines: ClassVar[bool] = True

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the first lines are hash, size and name."""
        if source.encoding.binary:
            return False
        lines = [
            text
            for line in source.text_head.splitlines()[:50]
            if (text := line.strip()) and not text.startswith("#")
        ]
        return bool(lines) and all(_LINE.fullmatch(line) for line in lines[:-1] or lines)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Line by line."""
        for number, line in source.lines():
            reference = Reference(source.document, None, number)
            text = (line or "").strip()
            if match := _LINE.fullmatch(text):
                yield from entries(read_text(match[1]), reference, Facts(threat=match[2]))
            elif text and not text.startswith("#"):
                yield Refusal(reference, text[: refusals.VALUE_KEPT], refusals.BAD_RECORD)
