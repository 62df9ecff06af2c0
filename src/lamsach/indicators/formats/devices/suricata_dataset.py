"""Suricata dataset files of type `string` (https://docs.suricata.io/en/latest/rules/datasets.html): a value a line in Base64, for `datarep` with its reputation.

Datasets of addresses and of hashes are plain lists, which other readers take. A reputation's scale is the rule's own, so it is no confidence.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, entries, read_text, shortened, whole_value
from lamsach.model import Reference, Refusal

# Ym90LWMyLmV4YW1wbGU=        ZXZpbC5leGFtcGxl,120
_LINE = re.compile(r"((?:[A-Za-z0-9+/]{4}){1,1000}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)(?:,\d{1,5})?")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_LOOKED_AT = 50


class SuricataDataset(ListFormat):
    """A file of Base64; `row` is the line."""

    name: ClassVar[str] = "suricata_dataset"
    title: ClassVar[str] = "Suricata dataset"
    rows_are_lines: ClassVar[bool] = True

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the first lines are all Base64, and most of what they say are values."""
        if source.encoding.binary:
            return False
        whole = source.text_head.endswith("\n")
        lines = [line.strip() for line in source.text_head.splitlines() if line.strip()]
        lines = (lines if whole or len(lines) == 1 else lines[:-1])[:_LOOKED_AT]
        said = [_text(line) for line in lines]
        if not said or None in said:
            return False
        return sum(bool(text) and bool(whole_value(text)) for text in said if text) * 2 > len(said)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Line by line."""
        for number, line in source.lines():
            reference = Reference(source.document, None, number)
            if line is None:
                yield Refusal(reference, "", refusals.TOO_LONG)
            elif stripped := line.strip():
                text = _text(stripped)
                if text is None:
                    yield Refusal(reference, shortened(stripped, refusals.VALUE_KEPT), refusals.BAD_RECORD)
                else:
                    yield from entries(read_text(text), reference)


def _text(line: str) -> str | None:
    """Return what a line says; None for what is no Base64 of a text."""
    match = _LINE.fullmatch(line)
    if match is None or (_HEX.fullmatch(match[1]) and len(match[1]) in (32, 40, 64)):
        return None
    try:
        text = b64decode(match[1], validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if text.isprintable() else None
