"""Lists for other programs of analysts: MISP, OpenIOC, CSV.

MISP event (https://www.misp-standard.org/rfc/misp-standard-core.html): one event, an attribute a value.
Identifiers are made from the event's stamp as well: MISP refuses an attribute whose identifier another event
has.

OpenIOC 1.1 (https://github.com/fireeye/OpenIOC_1.1): one document, an item a value, any of which counts.

CSV (RFC 4180) with every field of an indicator; the stamp is in the first row's cell of the column `list`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid5
from xml.sax.saxutils import escape

from lamsach.documents.spreadsheets import BOM, csv_row
from lamsach.indicators.values.mappings import COLUMNS, as_row
from lamsach.indicators.writers.base import ALL_FACTS, SYNTAX, Items, Stamp, iso, output
from lamsach.indicators.writers.stix import NAMESPACE
from lamsach.model import Indicator
from lamsach.model.indicator_types import BY_TYPE


@output("misp", "MISP event", ".json", facts=frozenset({"valid_from", "tlp"}), comment=None)
def misp(items: Items, stamp: Stamp) -> Iterator[str]:
    """An event that is not shared further (`distribution` 0) until its owner decides so."""
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


def _lost_openioc(item: Indicator) -> str | None:
    """XML 1.0 has no way to write some characters."""
    return None if all(_is_xml(letter) for letter in item.value) else SYNTAX


@output("openioc", "OpenIOC 1.1", ".ioc", lost=_lost_openioc, comment=None)
def openioc(items: Items, stamp: Stamp) -> Iterator[str]:
    """Document of metadata, then item by item."""
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


def _is_xml(letter: str) -> bool:
    code = ord(letter)
    return 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


@output("csv", "CSV table", ".csv", facts=ALL_FACTS, comment=None)
def csv_table(items: Items, stamp: Stamp) -> Iterator[str]:
    """UTF-8 with a byte-order mark for spreadsheets; text that would be a formula gets an apostrophe."""
    yield BOM + csv_row([*COLUMNS, "list"])
    for place, item in enumerate(items):
        cells = [" ".join(cell.splitlines()) for cell in as_row(item)]
        yield csv_row([*cells, "" if place else stamp.text()])
