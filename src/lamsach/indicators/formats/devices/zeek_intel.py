"""Zeek's intelligence framework (https://docs.zeek.org/en/master/frameworks/intel.html): tab-separated, `#fields` name the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.tables.fields import read_confidence
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import NO_FACTS, Entry, Facts, entries, read_text, shortened
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import DIGEST_TYPES, DIGESTS, ROWS

_TYPES: dict[str, IndicatorType | None] = {
    f"intel::{row.zeek}": None if row.type in DIGESTS else row.type for row in ROWS if row.zeek
}
_FIELDS = re.compile(r"(?m)^#fields\t.*\bindicator\b.*\bindicator_type\b|^[^\t\n]+\tIntel::[A-Z_]+(?:\t|$)")


class ZeekIntel(ListFormat):
    """An intelligence file; `row` is the line."""

    name: ClassVar[str] = "zeek_intel"
    title: ClassVar[str] = "Zeek intelligence file"
    rows_are_lines: ClassVar[bool] = True

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the columns, or the types of the first values, are Zeek's."""
        return not source.encoding.binary and _FIELDS.search(source.text_head) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Line by line."""
        columns = ["indicator", "indicator_type", "meta.source", "meta.desc", "meta.url"]
        for number, line in source.lines():
            reference = Reference(source.document, None, number)
            if line is None:
                yield Refusal(reference, "", refusals.TOO_LONG)
            elif line.startswith("#fields"):
                columns = line.split("\t")[1:]
            elif line.strip() and not line.startswith("#"):
                record = {
                    name: text
                    for name, text in zip(columns, line.split("\t"), strict=False)
                    if text and text != "-"
                }
                yield from entries(_values(record), reference, _facts(record))


def _values(record: dict[str, str]) -> list[Found]:
    text, stated = record.get("indicator", ""), record.get("indicator_type", "").lower()
    if stated not in _TYPES:
        return [Refused(refusals.UNSUPPORTED_TYPE, shortened(text, refusals.VALUE_KEPT))]
    return read_text(text, _TYPES[stated] or DIGEST_TYPES.get(len(text)))


def _facts(record: dict[str, str]) -> Facts:
    threat, source = record.get("meta.desc"), record.get("meta.source")
    if not (threat or source):
        return NO_FACTS
    return Facts(
        threat=shortened(threat) if threat else None,
        source=shortened(source) if source else None,
        confidence=read_confidence(record.get("meta.confidence", "")),
    )
