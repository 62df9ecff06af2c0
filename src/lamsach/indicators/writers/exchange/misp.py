"""MISP event (https://www.misp-standard.org/rfc/misp-standard-core.html): one event, an attribute a value.

Identifiers are made from the event's stamp as well: MISP refuses an attribute whose identifier another event has.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any
from uuid import uuid5

from lamsach.indicators.writers.base import Stamp, Writer, iso
from lamsach.indicators.writers.exchange.stix import NAMESPACE
from lamsach.model import Indicator
from lamsach.model.indicator_types import BY_TYPE


class Misp(Writer):
    """An event that is not shared further (`distribution` 0) until its owner decides so."""

    name = "misp"
    title = "MISP event"
    suffix = ".json"
    facts = frozenset({"valid_from", "tlp"})

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The event's fields, then attribute by attribute."""
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
