"""OpenIOC 1.0 and 1.1 (https://github.com/fireeye/OpenIOC_1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from xml.etree.ElementTree import Element

from lamsach.documents.xml import local_name, parse_whole
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.unlisted import with_rest
from lamsach.indicators.tables.fields import read_date
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shortened
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference
from lamsach.model.indicator_types import DIGESTS

# <IndicatorItem id="1082865067269638543" condition="is"><Context document="FileItem" search="FileItem/Md5sum" type="mir" />
#   <Content type="md5">21232f297a57a5a743894a0e4a801fc3</Content></IndicatorItem>
_TERMS: tuple[tuple[re.Pattern[str], IndicatorType | None], ...] = (
    *((re.compile(rf".*{kind}(?:sum)?", re.IGNORECASE), kind) for kind in DIGESTS),
    (
        re.compile(r".*(?:/dns|dnsentryitem/.*(?:host|recordname)|/host(?:name)?|/domain)", re.IGNORECASE),
        IndicatorType.DOMAIN,
    ),
    (re.compile(r"fileitem/filename", re.IGNORECASE), IndicatorType.FILE_NAME),
    (re.compile(r"email/(?:from|sender|reply-?to)", re.IGNORECASE), IndicatorType.EMAIL),
    (re.compile(r".*(?:/\w{0,20}uri|/\w{0,20}url|/referr?er|http_referr)", re.IGNORECASE), None),
    (re.compile(r".*(?:ip|ipv4|ipv6|address|destination|ipinfo)", re.IGNORECASE), IndicatorType.IP),
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class OpenIoc(ListFormat):
    """OpenIOC; `row` is the 1-based place of the IndicatorItem."""

    name: ClassVar[str] = "openioc"
    title: ClassVar[str] = "OpenIOC"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the XML names OpenIOC's elements."""
        head = source.text_head.lstrip("\ufeff \t\r\n")
        return (
            head.startswith("<")
            and re.search(r"<(?:\w{1,20}:)?(?:ioc|OpenIOC)[\s>]", head) is not None
            and re.search(r"schemas\.mandiant\.com|openioc\.org|<(?:\w{1,20}:)?Indicator(?:Item)?[\s>]", head)
            is not None
        )

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Item by item."""
        root = parse_whole(source.whole(), source.document)
        yield from with_rest(root, _items(root, source.document), Reference(source.document))


def _items(root: Element, document: str) -> Iterator[Entry]:
    facts = _facts(root)
    items = (element for element in root.iter() if local_name(element.tag) == "IndicatorItem")
    for row, item in enumerate(items, 1):
        yield from entries(_values(item), Reference(document, None, row), facts)


def _facts(root: Element) -> Facts:
    said: dict[str, str] = {}
    for element in root.iter():
        if element.text and element.text.strip():
            said.setdefault(local_name(element.tag), element.text.strip())
    threat = said.get("short_description")
    if threat is None or len(threat) < 4 or threat.startswith(("Event #", "New ")):
        threat = said.get("description") or threat
    source = said.get("authored_by")
    return Facts(
        threat=shortened(threat) if threat else None,
        source=shortened(source) if source else None,
        valid_from=read_date(said.get("authored_date", "")),
    )


def _values(item: Element) -> list[Found]:
    parts = {local_name(part.tag): part for part in item}
    context, content = parts.get("Context"), parts.get("Content")
    text = (content.text or "").strip() if content is not None else ""
    if not text and not _UUID.fullmatch(item.get("id", "")):
        text = item.get("id", "").strip()  # some exporters put the value here and leave the content empty
    if item.get("condition", "").lower().endswith("not") or item.get("negate", "").lower() == "true":
        return [Refused(refusals.NEGATED, shortened(text))]
    search = context.get("search", "") if context is not None else ""
    for pattern, kind in _TERMS:
        if pattern.fullmatch(search):
            if kind is IndicatorType.FILE_NAME and item.get("condition") != "is":
                break  # a part of a name says too little
            return read_text(text, kind)
    return [Refused(refusals.UNSUPPORTED_TYPE, shortened(text))]
