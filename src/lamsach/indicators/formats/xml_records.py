"""XML of any structure: an element with texts in it is a record; values are told by the elements' names and their content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from xml.etree.ElementTree import Element

from lamsach.indicators.base import ListFormat
from lamsach.indicators.opening import ListSource
from lamsach.indicators.records import Entry
from lamsach.indicators.safe_xml import local_name, parse_whole
from lamsach.indicators.walking import walk
from lamsach.model import Reference

_STARTS = re.compile(r"[\ufeff\s]*(?:<\?xml\s|<[A-Za-z][\w:.-]{0,60}(?:\s[^<>]{0,2000})?>\s{0,1000}<)")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_PIECE = re.compile(
    r"[\ufeff\s]*<(?:script|iframe|a|img|p|div|span|form|input|link|meta|object|embed|style|center|font|b|br)[\s>/]",
    re.IGNORECASE,
)
"""How a piece of a page begins, as analysts quote it in a text."""


class XmlRecords(ListFormat):
    """Any other XML; `row` is the 1-based place of the record among all."""

    name: ClassVar[str] = "xml"
    title: ClassVar[str] = "XML, any structure"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Whether the document begins as XML does and is no web page."""
        head = source.text_head
        return (
            not source.encoding.binary
            and _STARTS.match(head) is not None
            and _HTML.search(head[:4096]) is None
            and _PIECE.match(head) is None
        )

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Record by record."""
        row = 0
        for element in parse_whole(source.whole(), source.document).iter():
            record = _record(element)
            if record:
                row += 1
                yield from walk(record, Reference(source.document, None, row))


def _record(element: Element) -> dict[str, object]:
    """The attributes and the plain texts directly in an element, by name."""
    record: dict[str, object] = {local_name(name): value for name, value in element.attrib.items()}
    for part in element:
        text = (part.text or "").strip()
        if len(part) or not text:
            continue
        name = local_name(part.tag)
        known = record.get(name)
        if isinstance(known, list):
            known.append(text)
        else:
            record[name] = text if known is None else [known, text]
    return record
