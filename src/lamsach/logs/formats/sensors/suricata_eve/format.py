"""Suricata: the EVE log (JSON lines), bare or within a shipper's record, and alerts of fast.log.

Source: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html, versions 3 to 8. Traps:
- `src_ip` is the source of the alert's packet, or of the flow: in DNS version 1 an answer's source is the
  server, in version 2 and later the client. The client is the side that is not on port 53.
- DNS has had three layouts: `rrname` and `rdata` in one record an answer; `answers` and `grouped`; `queries`
  and `answers`. In alerts the questions are in `dns.query`, a list, or in `dns.queries`.
- `url` is a path next to `hostname`, or absolute in requests to a proxy.
- `alert.action` is the rule's intent; `verdict` (7.0) and `drop` events state the packet's outcome.
- Wazuh turns numbers into text and puts the record under `data`; Elastic puts it under `suricata.eve` and
  moves addresses to `source` and `destination`.
- `stats` and the engine's own messages state no contact.
"""

from __future__ import annotations

from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import changed
from lamsach.logs.formats.sensors.suricata_eve.fields import (
    RECORDS,
    Record,
    action_of,
    address_of,
    answers_of,
    file_names_of,
    hashes_of,
    kind_of,
    lease,
    names_of,
    neighbour,
    observer_of,
    port_in,
    user_of,
    with_own_end,
)
from lamsach.logs.mappings import suricata_fast
from lamsach.logs.mappings.records import Header
from lamsach.logs.text.json_records import (
    TEXT_KEYS,
    child,
    first_text,
    looks_like_suricata,
    object_under,
    read_object,
    text_of,
)
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.model import Event, EventKind

_NO_CONTACT = frozenset({"stats", "engine", "pgsql_stats", "packetpool"})
_WRAPPERS = ("event", "data", "_source", "json", "result", *TEXT_KEYS, "parsed", "eve")


class SuricataEve(LogFormat):
    """Alert, dns, http, tls, flow, fileinfo, dhcp and others."""

    name = "suricata_eve"
    title = "Suricata (EVE)"
    gives = fields_named("contact machine user domain url answers hashes action lease_until file_names")
    records = RECORDS
    lease_markers = ('"dhcp"', '\\"dhcp\\"', '"arp"', '\\"arp\\"')

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a JSON object with `event_type` and another of Suricata's keys, or an alert of fast.log."""
        return looks_like_suricata(line) or suricata_fast.looks_like_alert(line)

    def read(self, line: str) -> Event | None:
        """Read one JSON object, with or without a syslog header, or one line of fast.log."""
        if suricata_fast.looks_like_alert(line):
            event: Event | None = suricata_fast.alert(line, self.context)
        else:
            header, record = read_object(line)
            eve = _eve_record(record)
            event = self._event(eve, record)
            if event:
                changed(event, file_names=file_names_of(eve))
            if event and event.observer is None and header.strip():
                changed(event, observer=split_header(line, self.context)[0].host)
        return event

    def record_event(self, fields: Record, header: Header) -> Event | None:
        """See `Records`."""
        return self._event(fields, fields)

    def record_time(self, fields: Record) -> datetime | None:
        """See `Records`."""
        return self._time(fields, fields)

    def _event(self, eve: Record, outer: Record) -> Event | None:
        kind_name = text_of(eve.get("event_type"))
        if kind_name is None:
            raise LineError("The JSON record has no event type of Suricata.", str(next(iter(eve), ""))[:80])
        if kind_name in _NO_CONTACT:
            return None
        kind = kind_of(kind_name, eve)
        time = self._time(eve, outer)
        domain, url = names_of(kind, eve)
        undecided = Event(
            time=time,
            kind=kind,
            observer=observer_of(eve, outer),
            source_ip=address_of(eve, outer, "src", "source"),
            source_port=port_in(eve, outer, "src", "source"),
            destination_ip=address_of(eve, outer, "dest", "destination"),
            destination_port=port_in(eve, outer, "dest", "destination"),
            user=user_of(eve),
            domain=domain,
            url=url,
            answers=tuple(dict.fromkeys(answers_of(child(eve, "dns")))) if kind is EventKind.DNS else (),
            hashes=tuple(dict.fromkeys(hashes_of(eve))),
            action=action_of(kind_name, eve),
        )
        event = with_own_end(undecided, eve)
        if kind is EventKind.LEASE:
            return lease(event, child(eve, "dhcp"))
        return neighbour(event, child(eve, "arp")) if kind_name == "arp" else event

    def _time(self, eve: Record, outer: Record) -> datetime | None:
        text = text_of(eve.get("timestamp")) or first_text(outer, "@timestamp", "timestamp")
        if text is None:
            return None
        dated = "-" in text[:8] or "/" in text[:8]
        return from_iso(text, self.context.timezone) if dated else from_epoch(text)


def _eve_record(record: dict[str, object]) -> dict[str, object]:
    """Unwrap Suricata's own record from shippers' records, at most four deep."""
    for _ in range(4):
        if "event_type" in record and not isinstance(record["event_type"], dict):
            return record
        inner = child(record, "suricata", "eve") or child(record, "suricata")
        inner = inner or object_under(record, _WRAPPERS)
        if not inner:
            break
        record = inner
    dotted = {
        key.removeprefix("suricata.eve."): value
        for key, value in record.items()
        if key.startswith("suricata.eve.")
    }
    return dotted or record
