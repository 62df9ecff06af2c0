"""STIX 1.x and CybOX 2.x packages in XML (https://stixproject.github.io/data-model/1.2/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar
from xml.etree.ElementTree import Element

from lamsach.documents.xml import local_name, parse_whole
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.unlisted import with_rest
from lamsach.indicators.tables.fields import read_date, read_tlp
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shortened
from lamsach.model import IndicatorType, Reference

_VALUES: dict[str, IndicatorType | None] = {
    "Address_Value": None,
    "Simple_Hash_Value": None,
    "Fuzzy_Hash_Value": None,
    "URI": IndicatorType.URL,
    "Hostname_Value": IndicatorType.DOMAIN,
    "Domain_Name": IndicatorType.DOMAIN,
}
_VALUED: dict[str, IndicatorType] = {"Domain_Name": IndicatorType.DOMAIN, "Referer": IndicatorType.URL}
"""Parts of other objects (DNS records, HTTP requests) of which the `Value` is one."""
_BETWEEN = re.compile(r"##comma##|,(?!\S)")
_NEGATED = ("DoesNotEqual", "DoesNotContain")
_MARK = re.compile(r"<(?:\w{1,30}:)?(?:STIX_Package|Observables)[\s>]")


class Stix1(ListFormat):
    """STIX 1; `row` is the 1-based place of the indicator or observable."""

    name: ClassVar[str] = "stix1"
    title: ClassVar[str] = "STIX 1 package"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the XML is a package or a list of observables."""
        head = source.text_head
        return (
            not source.encoding.binary
            and head.lstrip("\ufeff \t\r\n").startswith("<")
            and _MARK.search(head) is not None
        )

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Indicator by indicator, then what stands outside of them."""
        root = parse_whole(source.whole(), source.document)
        yield from with_rest(root, _objects(root, source.document), Reference(source.document))


def _objects(root: Element, document: str) -> Iterator[Entry]:
    common = _facts(root, "")
    row = 0
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        name = local_name(element.tag)
        if name in ("Indicator", "Observable") and _holds_values(element):
            row += 1
            facts = _facts(element, name)
            facts = Facts(
                facts.threat or common.threat,
                facts.source or common.source,
                facts.valid_from,
                facts.valid_until,
                None,
                facts.tlp or common.tlp,
            )
            yield from entries(_found(element), Reference(document, None, row), facts)
        else:
            stack.extend(reversed(element))


def _holds_values(element: Element) -> bool:
    return any(
        local_name(part.tag) in _VALUES or local_name(part.tag) == "Properties" for part in element.iter()
    )


def _facts(element: Element, name: str) -> Facts:
    """Return what the direct parts of an indicator say; of the package, what its header says."""
    said: dict[str, str] = {}
    for part in element.iter():
        key = local_name(part.tag)
        if key in ("Title", "Start_Time", "End_Time", "Name") and part.text and part.text.strip():
            said.setdefault(key, part.text.strip())
        elif key == "Marking_Structure" and part.get("color"):
            said.setdefault("tlp", part.get("color", ""))
    if not name:
        return Facts(tlp=read_tlp(said.get("tlp", "")))
    title = said.get("Title")
    return Facts(
        threat=shortened(title) if title else None,
        valid_from=read_date(said.get("Start_Time", "")),
        valid_until=read_date(said.get("End_Time", "")),
        tlp=read_tlp(said.get("tlp", "")),
    )


def _found(element: Element) -> list[Found]:
    found: list[Found] = []
    parents = {part: parent for parent in element.iter() for part in parent}
    for part in element.iter():
        name, text = local_name(part.tag), (part.text or "").strip()
        kind = _VALUES.get(name)
        if name == "Value":
            kind = _kind_of_object(parents.get(part))
            if kind is None:
                continue
        elif name not in _VALUES:
            continue
        for value in _BETWEEN.split(text):
            if not value.strip():
                continue
            if part.get("condition") in _NEGATED:
                found.append(Refused(refusals.NEGATED, shortened(value)))
            else:
                found.extend(read_text(value.strip(), kind))
    return found


def _kind_of_object(parent: Element | None) -> IndicatorType | None:
    """The type of `Value` by the `xsi:type` of the properties around it."""
    stated = (
        ""
        if parent is None
        else next((value for key, value in parent.attrib.items() if local_name(key) == "type"), "")
    )
    if "DomainName" in stated or (parent is not None and parent.get("type") == "FQDN"):
        return IndicatorType.DOMAIN
    if "URI" in stated or "Link" in stated:
        return IndicatorType.URL
    return None if parent is None else _VALUED.get(local_name(parent.tag))
