"""Records of Zeek's logs, from tab-separated values or JSON.

Source: the record types of Zeek's base scripts (`Conn::Info`, `DNS::Info`, `HTTP::Info`, `SSL::Info`,
`Files::Info`, `DHCP::Info` ... in https://docs.zeek.org/en/master/script-reference/log-files.html), versions
2.0 to 7. Other logs are read by the columns that all logs share.

Decisions:
- Zeek observes and blocks nothing. An established connection, a DNS answer without error and a completed
  HTTP or TLS exchange are `allowed`; attempts (S0, REJ, SH, OTH ...) are `unknown`, since the peer refused
  them, not the observer.
- The device is the originator, unless only the responder is internal (`local_orig` and `local_resp` take
  precedence over address ranges). A capture that began mid-stream reverses DNS: an originator on port 53 is
  the server.
- `orig_l2_addr` is not the device's MAC: on a routed network it is the router's. Only DHCP states MAC
  addresses, and RADIUS that of the station with its address (`framed_addr`): that station is the device, not
  the access point.
- A SOCKS proxy's requested host (`request.host`) is the domain, even when it is an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role, Way, decide, event_between
from lamsach.logs.mappings.records import Each, Records
from lamsach.logs.text.times.timestamps import from_epoch, from_iso
from lamsach.logs.text.values import (
    among,
    by_word,
    domain_of,
    hash_of,
    host_and_port,
    host_of_url,
    in_order,
    ip_of,
    mac_of,
    port_of,
    question_of,
    stated,
)
from lamsach.model import Action, Event, EventKind, LeaseAction

Value = str | Sequence[str]
Columns = Mapping[str, Value]
"""A record by Zeek's column names (`id.orig_h`); a set or vector is a sequence of texts."""


def time_of(text: str | None, context: FileContext) -> datetime | None:
    """Parse a Zeek `ts`: seconds since 1970, or ISO 8601. Raises LineError."""
    if not text:
        return None
    return from_iso(text, context.timezone) if text[4:5] in ("-", "/") else from_epoch(text)


def text_of(columns: Columns, name: str) -> str | None:
    """Return the column's text, of a set or vector the first; None without a value."""
    value = columns.get(name)
    if value is None:
        return None
    return stated(value if isinstance(value, str) else next(iter(value), None))


def texts_of(columns: Columns, name: str) -> Sequence[str]:
    """Return all texts of a column."""
    value = columns.get(name, ())
    return [value] if isinstance(value, str) else value


def address_of(columns: Columns, names: Sequence[str]) -> str | None:
    """Return the first address in these columns."""
    return next((ip for name in names if (text := text_of(columns, name)) and (ip := ip_of(text))), None)


def port_in(columns: Columns, names: Sequence[str]) -> int | None:
    """Return the first port in these columns; notice logs and some exports write `53/udp`."""
    for name in names:
        text = text_of(columns, name)
        if text is not None:
            port = port_of(text.partition("/")[0].removesuffix(".0"))
            if port is not None:
                return port
    return None


def observer_of(columns: Columns) -> str | None:
    """Return the sensor, if a shipper or cluster names it."""
    return text_of(columns, "_system_name") or text_of(columns, "@system") or text_of(columns, "_node_name")


_LONGEST_LEASE = timedelta(days=3660)


def lease(columns: Columns, time: datetime | None) -> Event:
    """Return the event of a DHCP exchange.

    Up to version 2.5 a record is an ACK (`assigned_ip`), later a conversation."""
    messages = {message.upper() for message in texts_of(columns, "msg_types")}
    assigned = address_of(columns, ("assigned_addr", "assigned_ip"))
    client = address_of(columns, ("client_addr", "requested_addr"))
    action: Action | LeaseAction = Action.UNKNOWN
    if "RELEASE" in messages:
        action = LeaseAction.RELEASED
    elif assigned and (not messages or "ACK" in messages):
        action = LeaseAction.ASSIGNED
    elif client and "ACK" in messages:
        action = LeaseAction.RENEWED
    address = assigned or client or _useful(address_of(columns, ("id.orig_h",)))
    return event_between(
        (
            _useful(address_of(columns, ("id.orig_h", "client_addr"))) or address,
            port_in(columns, ("id.orig_p",)),
        ),
        (address_of(columns, ("id.resp_h", "server_addr")), port_in(columns, ("id.resp_p",))),
        time=time,
        kind=EventKind.LEASE if isinstance(action, LeaseAction) and address else EventKind.OTHER,
        observer=observer_of(columns),
        device_name=text_of(columns, "host_name") or text_of(columns, "client_fqdn"),
        device_mac=mac_of(text_of(columns, "mac")),
        action=action,
        lease_until=_lease_end(time, text_of(columns, "lease_time")),
        given=address,
    )


def _useful(address: str | None) -> str | None:
    return None if address in ("0.0.0.0", "::") else address  # noqa: S104 - an address in a log


def _lease_end(time: datetime | None, seconds: str | None) -> datetime | None:
    if time is None or not seconds:
        return None
    try:
        length = timedelta(seconds=float(seconds))
    except (ValueError, OverflowError):
        return None
    try:
        return time + length if timedelta(0) < length <= _LONGEST_LEASE else None
    except OverflowError:
        raise LineError("The date or time is impossible.", seconds[:40]) from None


GIVES = in_order(
    "time observer source_ip source_port destination_ip destination_port device_ip device_name device_mac "
    "user domain url answers hashes action lease_until file_names"
)

_KINDS = by_word(
    {
        EventKind.CONNECTION: "conn conn_long",
        EventKind.DNS: "dns",
        EventKind.WEB: "http http2",
        EventKind.TLS: "ssl tls quic x509",
        EventKind.FILE: "files pe",
        EventKind.LEASE: "dhcp",
        EventKind.LOGON: "ntlm kerberos radius",
    }
)
_ESTABLISHED = frozenset({"SF", "S1", "S2", "S3", "RSTO", "RSTR"})
_SOURCE = ("id.orig_h", "src", "src_addr", "host", "client_addr", "tx_hosts")
_SOURCE_PORT = ("id.orig_p", "src_port", "host_p")
_DESTINATION = ("id.resp_h", "dst", "dst_addr", "server_addr", "rx_hosts")
_DESTINATION_PORT = ("id.resp_p", "dst_port", "p")
_USERS = ("username", "user", "client", "cookie")
_HASHES = ("sha256", "sha1", "md5", "fingerprint", "seen.indicator")
_NAMES = in_order("server_name request.name request.host seen.indicator san.dns certificate.subject subject")


def answer_of(text: str) -> str | None:
    """Return the address or name in a DNS answer, or None."""
    return ip_of(text) or domain_of(text)


TRUE, FALSE = ("T", "true"), ("F", "false")
RECORDS = Records(
    reader="header",
    clock=("ts",),
    texts=among(
        "query uri host arg mac framed_addr assigned_addr assigned_ip requested_addr host_name client_fqdn "
        "hostname client_name dhcp_host_name")
    | {*_SOURCE, *_DESTINATION, *_USERS, *_HASHES, *_NAMES, "_system_name", "@system", "_node_name"},
    ports=frozenset((*_SOURCE_PORT, *_DESTINATION_PORT)),
    lists={"answers": Each(answer_of)},
)  # fmt: skip


def event_of(path: str | None, columns: Columns, context: FileContext) -> Event | None:
    """Return the event of a record in the log `path` (None: unknown)."""
    kind = _kind(path, columns)
    time = time_of(text_of(columns, "ts"), context)
    if kind is EventKind.LEASE:
        return lease(columns, time)
    source, destination = address_of(columns, _SOURCE), address_of(columns, _DESTINATION)
    source_port, destination_port = port_in(columns, _SOURCE_PORT), port_in(columns, _DESTINATION_PORT)
    domain, url = _names(kind, columns)
    # RADIUS: the station's; the originator is the access point
    framed = address_of(columns, ("framed_addr",))
    turned = source_port == 53 and destination_port != 53 and destination is not None
    event = Event(
        time=time,
        kind=kind,
        observer=observer_of(columns),
        source_ip=source,
        source_port=source_port,
        destination_ip=destination,
        destination_port=destination_port,
        device_name=_device_name(path, columns),
        device_mac=mac_of(text_of(columns, "mac")) if framed or source is None else None,
        user=_user(kind, columns),
        domain=domain,
        url=url,
        answers=answers_of(columns) if kind is EventKind.DNS else (),
        hashes=tuple(dict.fromkeys(h for name in _HASHES if (h := hash_of(text_of(columns, name) or "")))),
        action=action_of(kind, columns),
    )
    if kind is EventKind.DNS:
        return decide(event, role=Role.SERVES_THE_UNIT, given=framed, turned=turned)
    return decide(event, _way(columns), given=framed)


def file_names_of(columns: Columns) -> tuple[str, ...]:
    """Return the file names in files.log and in logs of protocols that state them."""
    return tuple(
        text for name in ("filename", "name") if "fuid" in columns and (text := text_of(columns, name))
    )


def _kind(path: str | None, columns: Columns) -> EventKind:
    if path:
        known = _KINDS.get(
            path.lower().partition("-")[0].removesuffix(".log").removeprefix("bro_").removeprefix("zeek_")
        )
        if known:
            return known
    if "assigned_addr" in columns or "assigned_ip" in columns or "lease_time" in columns:
        return EventKind.LEASE
    if "qtype_name" in columns or (
        "query" in columns and not columns.keys().isdisjoint(("trans_id", "answers", "qtype"))
    ):
        return EventKind.DNS
    if "uri" in columns and "id.orig_h" in columns and "request_from" not in columns:
        return EventKind.WEB
    if "server_name" in columns:
        return EventKind.TLS
    if "certificate.version" in columns or "certificate.subject" in columns:
        return EventKind.TLS
    if "fuid" in columns and ("analyzers" in columns or "tx_hosts" in columns):
        return EventKind.FILE
    return EventKind.CONNECTION if "id.orig_h" in columns and "id.resp_h" in columns else EventKind.OTHER


def _way(columns: Columns) -> Way:
    """Return the contact's direction, as far as the site's networks are known."""
    if text_of(columns, "local_orig") in TRUE:
        return Way.SENT
    inward = text_of(columns, "local_orig") in FALSE and text_of(columns, "local_resp") in TRUE
    return Way.INWARD if inward else Way.UNSTATED


def _device_name(path: str | None, columns: Columns) -> str | None:
    """Return the workstation in NTLM, RDP and known_devices; elsewhere `hostname` is another machine."""
    if path == "ntlm" or "domainname" in columns:
        return text_of(columns, "hostname")
    return text_of(columns, "client_name") or text_of(columns, "dhcp_host_name")


def _user(kind: EventKind, columns: Columns) -> str | None:
    """Return the user; `client` is a Kerberos principal `name/REALM`, but in ssh and others a program."""
    for name in _USERS:
        if name == "client" and kind is not EventKind.LOGON:
            continue
        text = text_of(columns, name)
        if text and not text.startswith(("<", "{")):
            return text.partition("/")[0] if name == "client" else text
    return None


def _names(kind: EventKind, columns: Columns) -> tuple[str | None, str | None]:
    """Return the domain and the URL of a record."""
    if kind is EventKind.DNS:
        return question_of(text_of(columns, "query")), None
    if kind is EventKind.WEB:
        return _web_names(columns)
    for name in _NAMES:
        text = text_of(columns, name)
        if text and name == "request.host" and (address := ip_of(text)):
            return address, None
        domain = _common_name(text) if text and name.endswith("subject") else domain_of(text or "")
        if (
            domain
            and "." in domain
            and (name == "server_name" or (ip_of(domain) is None and "*" not in domain))
        ):
            return domain, None
    argument = text_of(columns, "arg") or text_of(columns, "seen.indicator") or ""
    host = host_of_url(argument)
    return (host, argument) if host else (None, None)


def _web_names(columns: Columns) -> tuple[str | None, str | None]:
    uri, header = text_of(columns, "uri"), text_of(columns, "host")
    host = host_and_port(header)[0] if header else None
    if uri and text_of(columns, "method") == "CONNECT":
        return host_and_port(uri)[0] or host, uri
    return (host_of_url(uri) if uri else None) or host, uri


def _common_name(subject: str) -> str | None:
    """Return the host in a certificate's subject: `CN=evil.example,O=...`."""
    for part in subject.replace("/", ",").split(","):
        key, _, value = part.strip().partition("=")
        if key == "CN":
            name = domain_of(value)
            return name if name and "." in name else None
    return None


def answers_of(columns: Columns) -> tuple[str, ...]:
    """Return addresses and names; texts such as `TXT 13 v=spf1 ...` are left out."""
    return tuple(answer for text in texts_of(columns, "answers") if (answer := answer_of(text)))


def action_of(kind: EventKind, columns: Columns) -> Action:
    """Return the outcome of the contact."""
    state = text_of(columns, "conn_state")
    if state:
        return Action.ALLOWED if state in _ESTABLISHED else Action.UNKNOWN
    if kind is EventKind.DNS:
        return Action.ALLOWED if text_of(columns, "rcode_name") == "NOERROR" else Action.UNKNOWN
    completed = text_of(columns, "status_code") or text_of(columns, "established") in TRUE
    return Action.ALLOWED if completed else Action.UNKNOWN
