"""XML of any structure: an element with texts in it is a record; values are told by the elements' names and their content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from xml.etree.ElementTree import Element

from lamsach.documents.xml import XSI, local_name, parse_whole
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.loop import BY_ID, withheld
from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.judge.unlisted import with_rest
from lamsach.indicators.text.flowing import found_values
from lamsach.indicators.text.walking import walk
from lamsach.indicators.values.records import Entry, entries
from lamsach.model import Reference

_STARTS = re.compile(r"[\ufeff\s]*(?:<\?xml\s|<[A-Za-z][\w:.-]{0,60}(?:\s[^<>]{0,2000})?>\s{0,1000}<)")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_PIECE = re.compile(
    r"[\ufeff\s]*<(?:script|iframe|a|img|p|div|span|form|input|link|meta|object|embed|style|center|font|b|br)[\s>/]",
    re.IGNORECASE,
)
"""How a piece of a page begins, as analysts quote it in a text."""

_NEWS = frozenset({"item", "entry"})
"""Items of RSS and Atom."""
_OF_THE_FEED = frozenset({
    "author", "contributor", "generator", "image", "enclosure", "thumbnail", "cloud", "textInput",
    "managingEditor",
})  # fmt: skip
"""Elements that say who makes the feed and what it looks like; a `link` of Atom leads to a page (RFC 4287, RSS 2.0)."""
_NEWS_TEXTS = ("title", "description", "summary", "encoded", "content")
_TAGS = re.compile(r"<[^<>]{1,1000}>")


class XmlRecords(ListFormat):
    """Any other XML; `row` is the 1-based place of the record among all."""

    name: ClassVar[str] = "xml"
    title: ClassVar[str] = "XML, any structure"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the document begins as XML does and is no web page."""
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
            row += bool(record)
            reference = Reference(source.document, None, row)
            texts = [record, element.text if len(element) else None, element.tail]
            yield from with_rest(texts, _listed(element, record, reference), reference)


def _listed(element: Element, record: dict[str, object], reference: Reference) -> Iterator[Entry]:
    name = local_name(element.tag)
    beside = name in _OF_THE_FEED or (name == "link" and "href" in record)
    found = walk(record, reference)
    yield from (withheld(item, BY_ID["describes_the_listed"]) for item in found) if beside else found
    if name in _NEWS:
        yield from _news(record, reference)


def _news(record: dict[str, object], reference: Reference) -> Iterator[Entry]:
    """The values in the texts of a feed's item: `Host: evil.example, IP: 203.0.113.5`."""
    prose = Prose(advisory=True)
    for key in _NEWS_TEXTS:
        text = record.get(key)
        for line in _TAGS.sub("\n", text).splitlines() if isinstance(text, str) else ():
            yield from entries(found_values(prose.line(line)), reference, prose.facts, line)


def _record(element: Element) -> dict[str, object]:
    """The attributes and the plain texts directly in an element, by name."""
    record: dict[str, object] = {
        local_name(name): value for name, value in element.attrib.items() if not name.startswith(XSI)
    }
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
