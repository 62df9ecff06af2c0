"""Suricata: the EVE log (JSON lines), bare or within a shipper's record, and the one-line alerts of fast.log.

Source: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html, versions 3 to 8. Traps:
- `src_ip` is the source of the packet that raised the alert, or of the flow: in DNS version 1 an answer's source is the
  server, in version 2 and later the client. The asker is the side that is not on port 53.
- DNS has had three layouts: `rrname` and `rdata` in one record an answer; `answers` and `grouped`; `queries` and
  `answers`. In alerts the questions stand in `dns.query`, a list, or in `dns.queries`.
- `url` is a path with `hostname` beside it, or absolute when a proxy was asked.
- `alert.action` is what the rule wanted; with `verdict` (7.0) the packet's fate is stated, and a `drop` event is a fate too.
- Wazuh turns numbers into text and puts the record under `data`; Elastic puts it under `suricata.eve` and moves addresses
  to `source` and `destination`.
- `stats` and the engine's own messages tell of no contact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs import suricata_fast, suricata_leases
from lamsach.logs.base import LogFormat
from lamsach.logs.direction import own_side
from lamsach.logs.json_records import TEXT_KEYS, child, objects_of, read_object, text_of, texts_of
from lamsach.logs.json_shapes import looks_like_suricata
from lamsach.logs.stamping import stamped
from lamsach.logs.syslog import split_header
from lamsach.logs.timestamps import from_epoch, from_iso
from lamsach.logs.values import (
    domain_of,
    hash_of,
    host_and_port,
    host_of_url,
    ip_of,
    port_of,
    question_of,
    stated,
)
from lamsach.model import Action, Event, EventKind

Record = Mapping[str, object]

KINDS = {
    "dns": EventKind.DNS,
    "mdns": EventKind.DNS,
    "http": EventKind.WEB,
    "http2": EventKind.WEB,
    "tls": EventKind.TLS,
    "quic": EventKind.TLS,
    "fileinfo": EventKind.FILE,
    "dhcp": EventKind.LEASE,
    "krb5": EventKind.LOGON,
}
_NO_CONTACT = frozenset({"stats", "engine", "pgsql_stats", "packetpool"})
_WRAPPERS = (
    "event",
    "data",
    "_source",
    "json",
    "result",
    *TEXT_KEYS,
    "parsed",
    "eve",
)
# CN=update.evil.example, O=...
_COMMON_NAME = re.compile(r"(?:^|[,/])\s*CN=([^,/]{1,255})")
_ANSWER_TYPES = frozenset({"A", "AAAA", "CNAME", "NS", "PTR", "MX", "DNAME", "HTTPS", "SVCB"})


class SuricataEve(LogFormat):
    """Reads every event type of the EVE log."""

    name: ClassVar[str] = "suricata_eve"
    title: ClassVar[str] = "Suricata (EVE)"
    gives: ClassVar[tuple[str, ...]] = (
        *("time", "observer", "source_ip", "source_port", "destination_ip", "destination_port"),
        *(
            "device_ip",
            "device_name",
            "device_mac",
            "user",
            "domain",
            "url",
            "answers",
            "hashes",
            "action",
            "lease_until",
        ),
    )
    lease_markers: ClassVar[tuple[str, ...]] = ('"dhcp"', '\\"dhcp\\"', '"arp"', '\\"arp\\"')

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A JSON object with `event_type` and another of Suricata's keys, or an alert of fast.log."""
        return looks_like_suricata(line) or suricata_fast.looks_like_alert(line)

    def parse(self, line: str, number: int) -> Event | None:
        """One JSON object, behind a syslog header or not, or one line of fast.log."""
        if suricata_fast.looks_like_alert(line):
            event: Event | None = suricata_fast.alert(line, self.context)
        else:
            header, record = read_object(line)
            event = self._event(_eve_record(record), record)
            if event and event.observer is None and header.strip():
                event = replace(event, observer=split_header(line, self.context)[0].host)
        return event and stamped(event, self.name, self.context.file, number)

    def _event(self, eve: Record, outer: Record) -> Event | None:
        kind_name = text_of(eve.get("event_type"))
        if kind_name is None:
            raise LineError("The JSON record has no event type of Suricata.", str(next(iter(eve), ""))[:80])
        if kind_name in _NO_CONTACT:
            return None
        kind = _kind(kind_name, eve)
        time = self._time(eve, outer)
        source, destination = (
            _address(eve, outer, "src", "source"),
            _address(eve, outer, "dest", "destination"),
        )
        source_port, destination_port = (
            _port(eve, outer, "src", "source"),
            _port(eve, outer, "dest", "destination"),
        )
        domain, url = names_of(kind, eve)
        event = Event(
            time=time,
            kind=kind,
            observer=_observer(eve, outer),
            source_ip=source,
            source_port=source_port,
            destination_ip=destination,
            destination_port=destination_port,
            device_ip=_device(kind, eve, source, source_port, destination, destination_port),
            user=_user(eve),
            domain=domain,
            url=url,
            answers=tuple(dict.fromkeys(answers_of(child(eve, "dns")))) if kind is EventKind.DNS else (),
            hashes=tuple(dict.fromkeys(_hashes(eve))),
            action=action_of(kind_name, eve),
        )
        if kind is EventKind.LEASE:
            return suricata_leases.lease(event, child(eve, "dhcp"))
        return suricata_leases.neighbour(event, child(eve, "arp")) if kind_name == "arp" else event

    def _time(self, eve: Record, outer: Record) -> datetime | None:
        text = (
            text_of(eve.get("timestamp"))
            or text_of(outer.get("@timestamp"))
            or text_of(outer.get("timestamp"))
        )
        if text is None:
            return None
        return (
            from_iso(text, self.context.timezone) if "-" in text[:8] or "/" in text[:8] else from_epoch(text)
        )


def _eve_record(record: dict[str, object]) -> dict[str, object]:
    """Suricata's own record within what shippers have put around it, at most four deep."""
    for _ in range(4):
        if "event_type" in record and not isinstance(record["event_type"], dict):
            return record
        inner = child(record, "suricata", "eve") or child(record, "suricata")
        for key in () if inner else _WRAPPERS:
            value = record.get(key)
            if isinstance(value, str) and value.lstrip().startswith("{"):
                try:
                    value = read_object(value)[1]
                except LineError:
                    continue
            if isinstance(value, dict) and value:
                inner = value
                break
        if not inner:
            break
        record = inner
    dotted = {
        key.removeprefix("suricata.eve."): value
        for key, value in record.items()
        if key.startswith("suricata.eve.")
    }
    return dotted or record


def _address(eve: Record, outer: Record, short: str, long: str) -> str | None:
    text = (
        text_of(eve.get(f"{short}_ip"))
        or text_of(child(outer, long).get("ip"))
        or text_of(outer.get(f"{long}.ip"))
    )
    return ip_of(text) if text else None


def _port(eve: Record, outer: Record, short: str, long: str) -> int | None:
    for value in (eve.get(f"{short}_port"), child(outer, long).get("port"), outer.get(f"{long}.port")):
        port = port_of(value)
        if port is not None:
            return port
    return None


def _observer(eve: Record, outer: Record) -> str | None:
    """`host` is Suricata's sensor name; a shipper names its own machine."""
    for value in (eve.get("host"), eve.get("sensor_name"), child(outer, "observer").get("name")):
        text = stated(text_of(value))
        if text:
            return text
    for key in ("host", "agent"):
        text = stated(text_of(child(outer, key).get("name")))
        if text:
            return text
    return stated(text_of(outer.get("host")))


def _kind(kind_name: str, eve: Record) -> EventKind:
    known = KINDS.get(kind_name)
    if known:
        return known
    if kind_name in ("alert", "drop", "anomaly", "verdict"):
        for key in ("dns", "http", "tls", "quic"):
            if child(eve, key):
                return KINDS[key]
    return EventKind.CONNECTION


def _device(
    kind: EventKind,
    eve: Record,
    source: str | None,
    source_port: int | None,
    destination: str | None,
    destination_port: int | None,
) -> str | None:
    if kind is EventKind.DNS and source and destination:
        if destination_port in (53, 853):
            return source
        if source_port in (53, 853):
            return destination
    own = own_side(source, destination)
    if own == source and destination and text_of(eve.get("direction")) == "to_client":
        return own_side(destination, source)  # the alert is on the server's packet
    return own


def names_of(kind: EventKind, eve: Record) -> tuple[str | None, str | None]:
    """The domain and the URL of an event: DNS question, Host header, SNI, the subject's CN when there is no SNI."""
    dns, http = child(eve, "dns"), child(eve, "http")
    if kind is EventKind.DNS:
        return next(_questions(dns or child(eve, "mdns")), None), None
    if http:
        return _web_names(http)
    for key in ("tls", "quic"):
        sni = text_of(child(eve, key).get("sni"))
        if sni and (domain := host_and_port(sni)[0]):
            return domain, None
    subject = _COMMON_NAME.search(text_of(child(eve, "tls").get("subject")) or "")
    domain = domain_of(subject[1]) if subject else None
    if domain and "." in domain and "*" not in domain and ip_of(domain) is None:
        return domain, None
    url = next(iter(texts_of(child(eve, "email").get("url"))), None)
    if url:
        return host_of_url(url) or host_and_port(url.partition("/")[0])[0], url
    question = next(_questions(dns), None) if dns else None
    return question, None


def _web_names(http: Record) -> tuple[str | None, str | None]:
    headers = {
        text_of(item.get("name")): text_of(item.get("value"))
        for item in objects_of(http.get("request_headers"))
    }
    url = text_of(http.get("url")) or headers.get(":path")  # HTTP/2 has them among the headers
    host = text_of(http.get("hostname")) or headers.get(":authority")
    domain = host_and_port(host)[0] if host else None
    if url and domain is None and text_of(http.get("http_method")) == "CONNECT":
        domain = host_and_port(url)[0]
    return domain or (host_of_url(url) if url else None), url


def _questions(dns: Record) -> Iterator[str]:
    for holder in (
        dns,
        *objects_of(dns.get("query")),
        *objects_of(dns.get("queries")),
        *objects_of(dns.get("answer")),
    ):
        name = question_of(text_of(holder.get("rrname")))
        if name:
            yield name
        for inner in objects_of(holder.get("queries")):
            name = question_of(text_of(inner.get("rrname")))
            if name:
                yield name


def answers_of(dns: Record) -> Iterator[str]:
    """Addresses and names of every layout; free text (TXT) stays out."""
    for holder in (dns, *objects_of(dns.get("answer"))):
        items = (*objects_of(holder.get("answers")), holder)
        for item in items:
            if (text_of(item.get("rrtype")) or "") in _ANSWER_TYPES:
                yield from _data(item.get("rdata"))
        for kind, values in child(holder, "grouped").items():
            if kind in _ANSWER_TYPES:
                for value in values if isinstance(values, list) else [values]:
                    yield from _data(value)


def _data(value: object) -> Iterator[str]:
    text = text_of(value)
    found = (ip_of(text) or domain_of(text.rpartition(" ")[2])) if text else None
    if found:
        yield found


def _hashes(eve: Record) -> Iterator[str]:
    """Of files, and of the certificate (lists of botnet certificates give their SHA-1)."""
    for holder in (child(eve, "fileinfo"), *objects_of(eve.get("files")), *objects_of(eve.get("fileinfo"))):
        for key in ("sha256", "sha1", "md5"):
            found = hash_of(text_of(holder.get(key)) or "")
            if found:
                yield found
    found = hash_of(text_of(child(eve, "tls").get("fingerprint")) or "")
    if found:
        yield found


def _user(eve: Record) -> str | None:
    for path in (
        ("smb", "ntlmssp", "user"),
        ("krb5", "cname"),
        ("rdp", "cookie"),
        ("http", "username"),
        ("ftp", "user"),
        ("mqtt", "connect", "username"),
    ):
        text = stated(text_of(child(eve, *path[:-1]).get(path[-1])))
        if text and not text.startswith("<"):
            return text
    ftp = child(eve, "ftp")
    return stated(text_of(ftp.get("command_data"))) if text_of(ftp.get("command")) == "USER" else None


def action_of(kind_name: str, eve: Record) -> Action:
    """What became of the contact."""
    words = [
        text_of(child(eve, "verdict").get("action")),
        text_of(child(eve, "alert").get("action")),
        text_of(child(eve, "flow").get("action")),
    ]
    if kind_name == "drop" or any(word in ("drop", "reject", "blocked") for word in words):
        return Action.BLOCKED
    if any(word in ("pass", "allowed", "accept", "alert") for word in words):
        return Action.ALLOWED
    established = text_of(child(eve, "flow").get("state")) in ("established", "closed", "bypassed")
    answered = (
        text_of(child(eve, "dns").get("rcode")) == "NOERROR" or child(eve, "http").get("status") is not None
    )
    return Action.ALLOWED if established or answered else Action.UNKNOWN
