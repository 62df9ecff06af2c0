"""Microsoft Azure flow logs of network security groups (versions 1 and 2) and virtual networks.

Source: https://learn.microsoft.com/azure/network-watcher/nsg-flow-logs-overview and
`vnet-flow-logs-overview`, "Log format". Network Watcher stores one JSON document an hour (`PT1H.json`),
`{"records":[{"time":..,"properties":{"flows":[{"rule":..,"flows":[{"mac":..,"flowTuples":[..]}]}]}}]}`;
an event hub delivers one record a line. Traps:
- A tuple is `time,source,destination,source port,destination port,protocol,direction,decision`, followed in
  version 2 by `state` and counts. For virtual networks the time is in milliseconds, the protocol a number,
  and the state (`D` is denied) replaces the decision.
- `I` and `O` are seen from the network interface: its machine is the destination of `I`, the source of `O`.
- The end of a flow (`E`) and its continuation (`C`) are separate records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

from lamsach.errors import LineError
from lamsach.logs.base import fields_named
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.events.ends import Way, event_between, stamped
from lamsach.logs.text.json_documents import first_record, is_azure_flow, records
from lamsach.logs.text.json_records import child, text_of
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import ip_of, mac_of, port_of
from lamsach.model import Action, Event, Reference, Refusal

_DECISIONS = {"A": Action.ALLOWED, "D": Action.BLOCKED}
_STATES = {"B": Action.ALLOWED, "C": Action.ALLOWED, "E": Action.ALLOWED, "D": Action.BLOCKED}
_NO_PORTS = frozenset({"1", "58"})


class AzureFlow(BinaryFormat):
    """Every flow tuple of network security groups (versions 1, 2) and virtual networks; a document, or lines.

    The machine is the destination of `I`, the source of `O`.
    """

    name = "azure_flow"
    title = "Azure flow logs (NSG, VNet)"
    gives = fields_named("contact device_mac action inbound")
    is_text = True

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match a JSON document with keys that only these records have."""
        text = head.decode("utf-8-sig", "ignore").lstrip()
        return text[:1] in ("{", "[") and is_azure_flow(first_record(text))

    @classmethod
    def reads_lines(cls, lines: Sequence[str]) -> bool:
        """Return whether every line is a record, as an event hub delivers them."""
        return all(map(is_azure_flow, lines))

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See `BinaryFormat`. `line` is the record's number."""
        foreign = "The line is not a record of this product."
        for number, (record, _) in enumerate(records(stream), 1):
            place = Reference(self.context.file, row=number)
            if isinstance(record, str):
                yield Refusal(place, record[:500], "The JSON in the line is broken.")
                continue
            if not is_azure_flow(text := json.dumps(record)):
                yield Refusal(place, text[:500], foreign)
            observer, mac = _group(record), mac_of(text_of(record.get("macAddress")))
            for own_mac, text in _tuples(record):
                event = _event(text, own_mac or mac, observer)
                yield (
                    stamped(event, self.name, place.document, number)
                    if event
                    else Refusal(place, text[:500], foreign)
                )


def _group(record: Mapping[str, object]) -> str | None:
    """Name of the security group or other resource of the flow log."""
    resource = text_of(record.get("targetResourceID")) or text_of(record.get("resourceId")) or ""
    return resource.rstrip("/").rpartition("/")[2] or None


def _tuples(record: Mapping[str, object]) -> Iterator[tuple[str | None, str]]:
    """Yield a record's tuples, each with its hardware address."""
    within = child(record, "properties") or child(record, "flowRecords") or record
    for rule in _objects(within.get("flows")):
        for flow in _objects(rule.get("flows") or rule.get("flowGroups")):
            tuples = flow.get("flowTuples")
            mac = mac_of(text_of(flow.get("mac")))
            for text in tuples if isinstance(tuples, list) else ():
                yield mac, str(text)


def _objects(value: object) -> Iterator[dict[str, object]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _event(text: str, mac: str | None, observer: str | None) -> Event | None:
    parts = text[:500].split(",")
    source, destination = (ip_of(parts[1]), ip_of(parts[2])) if len(parts) >= 8 else (None, None)
    if source is None or destination is None:
        return None
    try:
        time = from_epoch(parts[0])
    except LineError:
        return None
    protocol, inward, decided = parts[5], parts[6] == "I", parts[7]
    ports = protocol not in _NO_PORTS
    return event_between(
        (source, port_of(parts[3]) if ports else None),
        (destination, port_of(parts[4]) if ports else None),
        time=time,
        observer=observer,
        device_mac=mac,
        action=(_STATES if protocol.isdigit() else _DECISIONS).get(decided, Action.UNKNOWN),
        inbound=inward,
        way=Way.TO_OWN if inward else Way.SENT,
    )
