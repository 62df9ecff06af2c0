"""Values of a Suricata record, in every layout, and leases in its DHCP and ARP messages.

Source: see `format.py`;
https://docs.suricata.io/en/latest/output/eve/eve-json-format.html (event types `dhcp` and, since 8.0, `arp`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lamsach.logs.events.ends import Role, changed, decide
from lamsach.logs.events.leases import lease_end
from lamsach.logs.mappings.records import Each, Records, Within
from lamsach.logs.text.json_records import child, objects_of, text_of
from lamsach.logs.text.values import (
    among,
    domain_of,
    hash_of,
    host_and_port,
    host_of_url,
    ip_of,
    mac_of,
    port_of,
    question_of,
    stated,
)
from lamsach.model import Action, Event, EventKind, LeaseAction

Record = Mapping[str, object]
"""A JSON object: Suricata's own, or a shipper's around it."""

KINDS = {
    "dns": EventKind.DNS, "mdns": EventKind.DNS, "http": EventKind.WEB, "http2": EventKind.WEB,
    "tls": EventKind.TLS, "quic": EventKind.TLS, "fileinfo": EventKind.FILE, "dhcp": EventKind.LEASE,
    "krb5": EventKind.LOGON
}  # fmt: skip
# CN=update.evil.example, O=...
_COMMON_NAME = re.compile(r"(?:^|[,/])\s*CN=([^,/]{1,255})")
_ANSWER_TYPES = ("A", "AAAA", "CNAME", "NS", "PTR", "MX", "DNAME", "HTTPS", "SVCB")
_DNS_PORTS = (53, 853)


def address_of(eve: Record, outer: Record, short: str, long: str) -> str | None:
    """Address of one end: `short` is Suricata's prefix, `long` the shippers'."""
    text = (
        text_of(eve.get(f"{short}_ip"))
        or text_of(child(outer, long).get("ip"))
        or text_of(outer.get(f"{long}.ip"))
    )
    return ip_of(text) if text else None


def port_in(eve: Record, outer: Record, short: str, long: str) -> int | None:
    """Port of one end, with the same prefixes."""
    for value in (eve.get(f"{short}_port"), child(outer, long).get("port"), outer.get(f"{long}.port")):
        port = port_of(value)
        if port is not None:
            return port
    return None


def observer_of(eve: Record, outer: Record) -> str | None:
    """Name of the sensor: Suricata's `host`, else the shipper's own machine."""
    for value in (eve.get("host"), eve.get("sensor_name"), child(outer, "observer").get("name")):
        text = stated(text_of(value))
        if text:
            return text
    for key in ("host", "agent"):
        text = stated(text_of(child(outer, key).get("name")))
        if text:
            return text
    return stated(text_of(outer.get("host")))


def kind_of(kind_name: str, eve: Record) -> EventKind:
    """Event kind of an event type; an alert has that of its protocol."""
    known = KINDS.get(kind_name)
    if known:
        return known
    if kind_name in ("alert", "drop", "anomaly", "verdict"):
        for key in ("dns", "http", "tls", "quic"):
            if child(eve, key):
                return KINDS[key]
    return EventKind.CONNECTION


def with_own_end(event: Event, eve: Record) -> Event:
    """Decide the unit's own end: the client in a DNS record."""
    both = event.source_ip is not None and event.destination_ip is not None
    if event.kind is EventKind.DNS and both:
        to_server, from_server = (port in _DNS_PORTS for port in (event.destination_port, event.source_port))
        if to_server or from_server:
            return decide(event, role=Role.SERVES_THE_UNIT, turned=not to_server)
    # an alert on the server's packet
    turned = event.destination_ip is not None and text_of(eve.get("direction")) == "to_client"
    return decide(event, turned=turned)


def names_of(kind: EventKind, eve: Record) -> tuple[str | None, str | None]:
    """Domain and URL of an event: DNS question, Host header, SNI, else the certificate subject's CN.

    Without the URLs of a message (`email`): they were sent to somebody, and no machine opened them.
    """
    dns, http = child(eve, "dns"), child(eve, "http")
    if kind is EventKind.DNS:
        return next(_questions(dns or child(eve, "mdns")), None), None
    if http:
        return _web_names(http)
    for key in ("tls", "quic"):
        sni = text_of(child(eve, key).get("sni"))
        if sni and (domain := host_and_port(sni)[0]):
            return domain, None
    domain = name_in_subject(text_of(child(eve, "tls").get("subject")) or "")
    if domain:
        return domain, None
    question = next(_questions(dns), None) if dns else None
    return question, None


def name_in_subject(subject: str) -> str | None:
    """Host in a certificate's subject."""
    found = _COMMON_NAME.search(subject)
    domain = domain_of(found[1]) if found else None
    return domain if domain and "." in domain and "*" not in domain and ip_of(domain) is None else None


def _web_names(http: Record) -> tuple[str | None, str | None]:
    headers = {
        text_of(item.get("name")): text_of(item.get("value"))
        for item in objects_of(http.get("request_headers"))
    }
    url = text_of(http.get("url")) or headers.get(":path")  # HTTP/2 has both in the headers
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
        for item in (holder, *objects_of(holder.get("queries"))):
            if name := question_of(text_of(item.get("rrname"))):
                yield name


def answers_of(dns: Record) -> Iterator[str]:
    """Yield addresses and names of every layout; no free text (TXT)."""
    for holder in (dns, *objects_of(dns.get("answer"))):
        for item in (*objects_of(holder.get("answers")), holder):
            if answer := answer_in(item):
                yield answer
        grouped = child(holder, "grouped")
        for value in (grouped.get(kind) for kind in _ANSWER_TYPES):
            found = map(datum_of, value if isinstance(value, list) else [value])
            yield from (datum for datum in found if datum)


def answer_in(item: Record) -> str | None:
    """Address or name in one record of an answer."""
    return datum_of(item.get("rdata")) if (text_of(item.get("rrtype")) or "") in _ANSWER_TYPES else None


def datum_of(value: object) -> str | None:
    """Address or name in the data of a DNS record."""
    text = text_of(value)
    return (ip_of(text) or domain_of(text.rpartition(" ")[2])) if text else None


def _files(eve: Record) -> tuple[Record, ...]:
    return (child(eve, "fileinfo"), *objects_of(eve.get("files")), *objects_of(eve.get("fileinfo")))


def file_names_of(eve: Record) -> tuple[str, ...]:
    """Names of files, as stated by the protocol."""
    names = (text_of(file.get("filename")) for file in _files(eve))
    return tuple(dict.fromkeys(name for name in names if name))


def hashes_of(eve: Record) -> Iterator[str]:
    """Digests of files and of the certificate (lists of botnet certificates state SHA-1)."""
    for holder in _files(eve):
        for key in ("sha256", "sha1", "md5"):
            found = hash_of(text_of(holder.get(key)) or "")
            if found:
                yield found
    found = hash_of(text_of(child(eve, "tls").get("fingerprint")) or "")
    if found:
        yield found


def user_of(eve: Record) -> str | None:
    """Account stated by a protocol."""
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
    """Outcome of the contact."""
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


RECORDS = Records(
    reader="json",
    nested=True,
    needs=("event_type",),
    marks=('"event_type":"',),
    clock=("timestamp", "@timestamp"),
    texts=among(
        "src_ip dest_ip host sensor_name dns.rrname dns.rdata http.hostname http.url tls.sni tls.subject "
        "tls.fingerprint quic.sni fileinfo.sha256 fileinfo.sha1 fileinfo.md5 http.username ftp.user "
        "arp.src_ip arp.dest_ip arp.src_mac dhcp.assigned_ip dhcp.client_ip dhcp.requested_ip "
        "dhcp.client_mac dhcp.hostname"
    ),
    ports=among("src_port dest_port"),
    lists={"dns.answers": Each(answer_in, {"rrtype": "A", "rdata": ""})}
    | {f"dns.grouped.{kind}": Each(datum_of) for kind in _ANSWER_TYPES},
    within={"tls.subject": Within(name_in_subject, "CN={}"), "tls.fingerprint": Within(hash_of, "{}")},
)


def lease(event: Event, dhcp: Record) -> Event:
    """Read a DHCP message: an ACK binds the address, a RELEASE frees it; others only name the machine."""
    kind = (text_of(dhcp.get("dhcp_type")) or "").lower()
    assigned, client = _address(dhcp, "assigned_ip"), _address(dhcp, "client_ip")
    action: Action | LeaseAction = Action.UNKNOWN
    address = assigned or client
    if kind == "ack" and address:
        action = LeaseAction.ASSIGNED if assigned else LeaseAction.RENEWED
    elif kind == "release" and client:
        action, address = LeaseAction.RELEASED, client
    seconds = text_of(dhcp.get("lease_time"))
    length = seconds[:12] if seconds and seconds.isascii() and seconds.isdigit() else None
    event = changed(
        event,
        kind=EventKind.LEASE if isinstance(action, LeaseAction) else EventKind.OTHER,
        device_mac=mac_of(text_of(dhcp.get("client_mac"))),
        device_name=stated(text_of(dhcp.get("hostname"))),
        action=action,
        lease_until=lease_end(event.time, length) if action is LeaseAction.ASSIGNED else None,
    )
    return decide(event, role=Role.APART, given=address or _address(dhcp, "requested_ip"), again=True)


def neighbour(event: Event, arp: Record) -> Event:
    """Read an ARP message (since 8.0): its sender has the address at this moment."""
    sender, target = _address(arp, "src_ip"), _address(arp, "dest_ip")
    mac = mac_of(text_of(arp.get("src_mac")))
    event = changed(
        event,
        kind=EventKind.LEASE if sender and mac else EventKind.OTHER,
        source_ip=sender,
        destination_ip=target,
        device_mac=mac,
        action=LeaseAction.OBSERVED if sender and mac else Action.UNKNOWN,
    )
    return decide(event, role=Role.HOLDER, again=True)


def _address(dhcp: Record, key: str) -> str | None:
    text = text_of(dhcp.get(key))
    address = ip_of(text) if text else None
    return None if address in ("0.0.0.0", "::") else address  # noqa: S104 - an address in a log
