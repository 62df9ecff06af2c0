"""Lists for other analysis programs: STIX, MISP, OpenIOC, CSV.

STIX 2.1 bundle (https://docs.oasis-open.org/cti/stix/v2.1/stix-v2.1.html): an indicator a value, an identity
a source, a report with the stamp. Identifiers are UUIDs of version 5 over the content, so that the same list
gives the same bundle.

MISP event (https://www.misp-standard.org/rfc/misp-standard-core.html): one event, an attribute a value.
Identifiers depend on the stamp as well: MISP rejects an attribute whose identifier is in another event.

OpenIOC 1.1 (https://github.com/fireeye/OpenIOC_1.1): one document, an item a value, joined by OR.

CSV (RFC 4180) with every field of an indicator; the stamp is in the first row's cell of the column `list`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from xml.sax.saxutils import escape

from lamsach.documents.spreadsheets import BOM, csv_row
from lamsach.indicators.values.mappings import COLUMNS, as_row
from lamsach.indicators.values.merge import TLP_MARKINGS
from lamsach.indicators.writers.base import ALL_FACTS, SYNTAX, Items, Stamp, iso, output
from lamsach.model import Indicator
from lamsach.model.indicator_types import BY_TYPE

NAMESPACE = UUID("5a1f7c0e-7d0a-5b0c-9e5e-4c8d2f6b1a37")
"""Namespace of our identifiers (RFC 9562 section 5.5)."""

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""Creation time of objects with lasting identifiers, if none is stated."""


@output("stix", "STIX 2.1 bundle", ".json", facts=ALL_FACTS, comment=None)
def stix_bundle(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield a bundle of indicators."""
    yield f'{{"type": "bundle", "id": "bundle--{uuid5(NAMESPACE, stamp.text())}", "objects": [\n'
    own = identity("Lamsach", stamp)
    yield _text(own)
    for source in sorted({item.source for item in items if item.source}):
        yield ",\n" + _text(identity(source, stamp))
    for level in sorted({level for item in items if (level := _level(item))}):
        yield ",\n" + _text(marking(level))
    listed = bytearray()
    for item in items:
        record = indicator(item, stamp)
        listed += UUID(record["id"].partition("--")[2]).bytes
        yield ",\n" + _text(record)
    yield ",\n" + _text(_report(stamp, own["id"]))[:-1] + ', "object_refs": ['
    yield from _references(listed) if listed else iter([json.dumps(own["id"])])
    yield "]}\n]}\n"


def _references(listed: bytearray) -> Iterator[str]:
    """Yield the identifiers of indicators, stored as sixteen bytes each."""
    for at in range(0, len(listed), 16):
        yield f'{", " if at else ""}"indicator--{UUID(bytes=bytes(listed[at : at + 16]))}"'


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)


def identifier(kind: str, *parts: str) -> str:
    """Return an object's identifier, from its kind and distinguishing parts."""
    return f"{kind}--{uuid5(NAMESPACE, json.dumps([kind, *parts]))}"


def millis(moment: datetime) -> str:
    """Format a time with milliseconds (section 3.2)."""
    return iso(moment).replace("Z", ".000Z")


def common(kind: str, name: str, stamp: Stamp, created: datetime | None = None) -> dict[str, Any]:
    """Return the members of every object; `created` lasts as long as the identifier (section 3.6.2)."""
    made = millis(stamp.made)
    first = made if created is None else min(made, millis(created))
    return {"type": kind, "spec_version": "2.1", "id": name, "created": first, "modified": made}


def identity(name: str, stamp: Stamp) -> dict[str, Any]:
    """Return an organisation by its name (section 4.5)."""
    return {
        **common("identity", identifier("identity", name), stamp, FIRST),
        "name": name,
        "identity_class": "organization",
    }


def _level(item: Indicator) -> str | None:
    """Return the level to mark; one without a marking in the standard is written as the next stricter."""
    level = "red" if item.tlp == "amber+strict" else item.tlp
    return level if level in TLP_MARKINGS else None


def marking(level: str) -> dict[str, Any]:
    """Return one of the standard's TLP markings."""
    name = "white" if level == "clear" else level
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP_MARKINGS[level],
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": f"TLP:{name.upper()}",
        "definition": {"tlp": name},
    }


def indicator(item: Indicator, stamp: Stamp) -> dict[str, Any]:
    """Return the indicator of a value (section 4.7)."""
    record = {
        **common(
            "indicator", identifier("indicator", item.type.value, item.value), stamp, item.valid_from or FIRST
        ),
        "created_by_ref": identifier("identity", item.source or "Lamsach"),
        "pattern": pattern(item),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "indicator_types": ["malicious-activity"],
    }
    if item.threat:
        record["name"] = item.threat
    begins = item.valid_from or stamp.made
    if item.valid_until:
        begins = min(begins, item.valid_until - timedelta(seconds=1))
        record["valid_until"] = iso(item.valid_until)
    record["valid_from"] = iso(begins)
    if item.confidence is not None:
        record["confidence"] = item.confidence
    if level := _level(item):
        record["object_marking_refs"] = [TLP_MARKINGS[level]]
    if item.reference:
        place = {"page": item.reference.page, "row": item.reference.row}
        where = ", ".join(f"{key} {value}" for key, value in place.items() if value is not None)
        document = item.reference.document.replace("\\", "/").rpartition("/")[2]
        record["external_references"] = [
            {"source_name": document or "list", "description": where or "no place stated"}
        ]
    return record


def pattern(item: Indicator) -> str:
    """Return the STIX pattern of a value (section 9), quoted."""
    text = item.value.replace("\\", "\\\\").replace("'", "\\'")
    path = BY_TYPE[item.type].stix or ("ipv6-addr:value" if ":" in item.value else "ipv4-addr:value")
    return f"[{path} = '{text}']"


def _report(stamp: Stamp, author: str) -> dict[str, Any]:
    """Return the report (section 4.16) without its references, which come last."""
    return {
        **common("report", identifier("report", stamp.text()), stamp),
        "created_by_ref": author,
        "name": "Lamsach list",
        "description": stamp.text(),
        "report_types": ["indicator"],
        "published": millis(stamp.made),
    }


@output("misp", "MISP event", ".json", facts=frozenset({"valid_from", "tlp"}), comment=None)
def misp(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield an event that is not shared further (`distribution` 0) unless its owner changes that."""
    event = {
        "uuid": str(uuid5(NAMESPACE, "misp " + stamp.text())),
        "info": stamp.text(),
        "date": iso(stamp.made)[:10],
        "timestamp": str(int(stamp.made.timestamp())),
        "threat_level_id": "2",
        "analysis": "2",
        "distribution": "0",
        "published": False,
        "Orgc": {"name": "Lamsach", "uuid": str(uuid5(NAMESPACE, "Lamsach"))},
    }
    yield '{"Event": ' + json.dumps(event, ensure_ascii=False)[:-1] + ', "Attribute": [\n'
    for place, item in enumerate(items):
        yield (",\n" if place else "") + json.dumps(_attribute(item, stamp), ensure_ascii=False)
    yield "\n]}}\n"


def _attribute(item: Indicator, stamp: Stamp) -> dict[str, Any]:
    kind, category = BY_TYPE[item.type].misp
    record: dict[str, Any] = {
        "uuid": str(uuid5(NAMESPACE, json.dumps(["misp", stamp.text(), item.type.value, item.value]))),
        "type": kind,
        "category": category,
        "value": item.value,
        "to_ids": True,
        "distribution": "5",
        "timestamp": str(int(stamp.made.timestamp())),
        "comment": ", ".join(text for text in (item.threat, item.source) if text),
    }
    if item.valid_from:
        record["first_seen"] = iso(item.valid_from)
    if item.valid_until and (item.valid_from is None or item.valid_until >= item.valid_from):
        record["last_seen"] = iso(item.valid_until)
    if item.tlp:
        record["Tag"] = [{"name": f"tlp:{item.tlp}"}]
    return record


# characters that XML 1.0 cannot represent
_NO_XML = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@output(
    "openioc",
    "OpenIOC 1.1",
    ".ioc",
    lost=lambda item: SYNTAX if _NO_XML.search(item.value) else None,
    comment=None,
)
def openioc(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield a document of metadata, then item by item."""
    made = iso(stamp.made)
    identifier = uuid5(NAMESPACE, "openioc " + stamp.text())
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="{identifier}" '
        f'last-modified="{made}" published-date="{made}">\n'
        "<metadata><short_description>Lamsach list</short_description>"
        f"<description>{escape(stamp.text())}</description><keywords/><authored_by>Lamsach</authored_by>"
        f"<authored_date>{made}</authored_date><links/></metadata>\n"
        f'<criteria><Indicator id="{uuid5(NAMESPACE, "or " + stamp.text())}" operator="OR">\n'
    )
    for item in items:
        document, search, kind = BY_TYPE[item.type].openioc
        place = uuid5(NAMESPACE, f"openioc {item.type.value} {item.value}")
        yield (
            f'<IndicatorItem id="{place}" condition="is" preserve-case="false" negate="false">'
            f'<Context document="{document}" search="{search}" type="mir"/>'
            f'<Content type="{kind}">{escape(item.value)}</Content></IndicatorItem>\n'
        )
    yield "</Indicator></criteria><parameters/>\n</OpenIOC>\n"


@output("csv", "CSV table", ".csv", facts=ALL_FACTS, comment=None)
def csv_table(items: Items, stamp: Stamp) -> Iterator[str]:
    """Yield UTF-8 with a byte-order mark for spreadsheets; formula-like text gets an apostrophe."""
    yield BOM + csv_row([*COLUMNS, "list"])
    for place, item in enumerate(items):
        cells = [" ".join(cell.splitlines()) for cell in as_row(item)]
        yield csv_row([*cells, "" if place else stamp.text()])
