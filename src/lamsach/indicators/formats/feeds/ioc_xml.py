"""STIX 1 with CybOX 2 (https://stixproject.github.io), OpenIOC (github.com/fireeye/OpenIOC_1.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from lamsach.documents.xml import local_name, parse_whole
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import list_format
from lamsach.indicators.judge.unlisted import with_unlisted
from lamsach.indicators.tables.fields import read_date, read_tlp
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shorten
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference
from lamsach.model.indicator_types import DIGESTS

_VALUES: dict[str, IndicatorType | None] = {
    **dict.fromkeys(("Address_Value", "Simple_Hash_Value", "Fuzzy_Hash_Value")),
    "URI": IndicatorType.URL,
    **dict.fromkeys(("Hostname_Value", "Domain_Name"), IndicatorType.DOMAIN),
}
_HOLDING = _VALUES.keys() | {"Properties"}
_VALUED: dict[str, IndicatorType] = {"Domain_Name": IndicatorType.DOMAIN, "Referer": IndicatorType.URL}
"""Parts of other objects (DNS records, HTTP requests) with a `Value` that is one."""
_BETWEEN = re.compile(r"##comma##|,(?!\S)")
_NEGATED = ("DoesNotEqual", "DoesNotContain")
_MARK = re.compile(r"<(?:\w{1,30}:)?(?:STIX_Package|Observables)[\s>]")


def _is_xml(source: ListSource, *marks: re.Pattern[str]) -> bool:
    head = source.text_head
    return head.lstrip("\ufeff \t\r\n").startswith("<") and all(mark.search(head) for mark in marks)


def _read(source: ListSource, listed: Callable[[Element, str], Iterator[Entry]]) -> Iterator[Entry]:
    root = parse_whole(source.whole(), source.document)
    return with_unlisted(root, listed(root, source.document), Reference(source.document))


def _objects(root: Element, document: str) -> Iterator[Entry]:
    """Yield the entries of each indicator or observable; `row` is its 1-based number."""
    row, common = 0, _marking(root)
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        is_record = local_name(element.tag) in ("Indicator", "Observable")
        if is_record and any(local_name(part.tag) in _HOLDING for part in element.iter()):
            row += 1
            texts = _first_texts(element)
            facts = Facts.of(
                texts.get("Title"),
                valid_from=read_date(texts.get("Start_Time", "")),
                valid_until=read_date(texts.get("End_Time", "")),
                tlp=_marking(element) or common,
            )
            yield from entries(_found(element), Reference(document, None, row), facts)
        else:
            stack.extend(reversed(element))


def _first_texts(root: Element) -> dict[str, str]:
    """Return the first text of each name in an element."""
    texts: dict[str, str] = {}
    for part in root.iter():
        if text := (part.text or "").strip():
            texts.setdefault(local_name(part.tag), text)
    return texts


def _marking(root: Element) -> str | None:
    colours = (part.get("color") for part in root.iter() if local_name(part.tag) == "Marking_Structure")
    return read_tlp(next(filter(None, colours), ""))


def _found(element: Element) -> list[Found]:
    found: list[Found] = []
    parents = {part: parent for parent in element.iter() for part in parent}
    for part in element.iter():
        name = local_name(part.tag)
        kind = _kind_of_object(parents[part]) if name == "Value" else _VALUES.get(name)
        if kind is None and name not in _VALUES:
            continue
        for value in filter(str.strip, _BETWEEN.split((part.text or "").strip())):
            if part.get("condition") in _NEGATED:
                found.append(Refused(refusals.NEGATED, shorten(value)))
            else:
                found.extend(read_text(value.strip(), kind))
    return found


def _kind_of_object(parent: Element) -> IndicatorType | None:
    """Return the type of a `Value` by the `xsi:type` of the surrounding properties."""
    stated = next((value for key, value in parent.attrib.items() if local_name(key) == "type"), "")
    if "DomainName" in stated or parent.get("type") == "FQDN":
        return IndicatorType.DOMAIN
    if "URI" in stated or "Link" in stated:
        return IndicatorType.URL
    return _VALUED.get(local_name(parent.tag))


@list_format(
    "STIX 1 package",
    "indicators and observables of STIX 1.x and CybOX 2.x in XML",
    lambda source: _is_xml(source, _MARK),
    text=True,
)
def read_stix1(source: ListSource) -> Iterator[Entry]:
    """Read indicator by indicator, or observable by observable."""
    return _read(source, _objects)


# <IndicatorItem id="1082865067269638543" condition="is"><Context document="FileItem" search="FileItem/Md5sum"
# type="mir" />
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


_ELEMENT = re.compile(r"<(?:\w{1,20}:)?(?:ioc|OpenIOC)[\s>]")
_SCHEMA = re.compile(r"schemas\.mandiant\.com|openioc\.org|<(?:\w{1,20}:)?Indicator(?:Item)?[\s>]")


def _items(root: Element, document: str) -> Iterator[Entry]:
    """Yield item by item; `row` is the 1-based number of the IndicatorItem."""
    texts = _first_texts(root)
    threat = texts.get("short_description")
    if threat is None or len(threat) < 4 or threat.startswith(("Event #", "New ")):
        threat = texts.get("description") or threat
    begins = read_date(texts.get("authored_date", ""))
    facts = Facts.of(threat, texts.get("authored_by"), valid_from=begins)
    items = (element for element in root.iter() if local_name(element.tag) == "IndicatorItem")
    for row, item in enumerate(items, 1):
        yield from entries(_item_values(item), Reference(document, None, row), facts)


def _item_values(item: Element) -> list[Found]:
    parts = {local_name(part.tag): part for part in item}
    context, content = parts.get("Context"), parts.get("Content")
    text = (content.text or "").strip() if content is not None else ""
    if not text and not _UUID.fullmatch(item.get("id", "")):
        text = item.get("id", "").strip()  # some exporters put the value here and leave the content empty
    if item.get("condition", "").lower().endswith("not") or item.get("negate", "").lower() == "true":
        return [Refused(refusals.NEGATED, shorten(text))]
    search = context.get("search", "") if context is not None else ""
    for pattern, kind in _TERMS:
        if pattern.fullmatch(search):
            if kind is IndicatorType.FILE_NAME and item.get("condition") != "is":
                break  # a part of a name is too unspecific
            return read_text(text, kind)
    return [Refused(refusals.UNSUPPORTED_TYPE, shorten(text))]


@list_format(
    "OpenIOC",
    "the items of an OpenIOC 1.0 or 1.1 document",
    lambda source: _is_xml(source, _ELEMENT, _SCHEMA),
)
def read_openioc(source: ListSource) -> Iterator[Entry]:
    """Read item by item."""
    return _read(source, _items)
