"""What the columns of Zeek's logs mean, whether they come as tab-separated values or as JSON.

Source: the record types of Zeek's base scripts (`Conn::Info`, `DNS::Info`, `HTTP::Info`, `SSL::Info`, `Files::Info`,
`DHCP::Info` ... in https://docs.zeek.org/en/master/script-reference/log-files.html), versions 2.0 to 7. Logs that are
not named here are read by the columns that all logs share.

Decisions:
- Zeek watches and blocks nothing. A connection that was established, a DNS answer without an error and an HTTP
  or TLS exchange that got its answer are `allowed`; attempts (S0, REJ, SH, OTH ...) are `unknown`, for a refusal
  came from the peer and not from the observer.
- The device is the originator, unless only the responder is internal (`local_orig` and `local_resp` count before the
  address ranges). A capture that began in mid-stream turns DNS around: an originator on port 53 is the server.
- `orig_l2_addr` is not the device's MAC: on a routed network it is the router's. Only DHCP names MAC addresses, and RADIUS
  that of the station beside the address that it got (`framed_addr`): that station is the device, not the access point that asks.
- What a client asked a SOCKS proxy for (`request.host`) is the domain, also when it is an address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.direction import is_internal, own_side
from lamsach.logs.timestamps import from_epoch, from_iso
from lamsach.logs.values import (
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

Value = str | Sequence[str]
Columns = Mapping[str, Value]
"""A record by Zeek's column names (`id.orig_h`); a set or vector is a sequence of texts."""

GIVES = (
    "time",
    "observer",
    "source_ip",
    "source_port",
    "destination_ip",
    "destination_port",
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
)

_KINDS = {
    "conn": EventKind.CONNECTION,
    "conn_long": EventKind.CONNECTION,
    "dns": EventKind.DNS,
    "http": EventKind.WEB,
    "http2": EventKind.WEB,
    "ssl": EventKind.TLS,
    "tls": EventKind.TLS,
    "quic": EventKind.TLS,
    "x509": EventKind.TLS,
    "files": EventKind.FILE,
    "pe": EventKind.FILE,
    "dhcp": EventKind.LEASE,
    "ntlm": EventKind.LOGON,
    "kerberos": EventKind.LOGON,
    "radius": EventKind.LOGON,
}
_ESTABLISHED = frozenset({"SF", "S1", "S2", "S3", "RSTO", "RSTR"})
_SOURCE = ("id.orig_h", "src", "src_addr", "host", "client_addr", "tx_hosts")
_SOURCE_PORT = ("id.orig_p", "src_port", "host_p")
_DESTINATION = ("id.resp_h", "dst", "dst_addr", "server_addr", "rx_hosts")
_DESTINATION_PORT = ("id.resp_p", "dst_port", "p")
_USERS = ("username", "user", "client", "cookie")
_HASHES = ("sha256", "sha1", "md5", "fingerprint", "seen.indicator")
_NAMES = (
    *("server_name", "request.name", "request.host", "seen.indicator", "san.dns"),
    *("certificate.subject", "subject"),
)
_LONGEST_LEASE = timedelta(days=3660)


def event_of(path: str | None, columns: Columns, context: FileContext) -> Event | None:
    """The event that a record of the log `path` (None: not known) tells of; None for one that names nothing."""
    kind = _kind(path, columns)
    time = time_of(_text(columns, "ts"), context)
    if kind is EventKind.LEASE:
        return _lease(columns, time, context)
    source, destination = _address(columns, _SOURCE), _address(columns, _DESTINATION)
    source_port, destination_port = _port(columns, _SOURCE_PORT), _port(columns, _DESTINATION_PORT)
    domain, url = _names(kind, columns)
    framed = _address(
        columns, ("framed_addr",)
    )  # RADIUS: the address that the station got; the originator is the access point
    return Event(
        time=time,
        kind=kind,
        observer=_observer(columns),
        source_ip=source,
        source_port=source_port,
        destination_ip=destination,
        destination_port=destination_port,
        device_ip=framed or _device(kind, columns, source, source_port, destination, destination_port),
        device_name=_device_name(path, columns),
        device_mac=mac_of(_text(columns, "mac")) if framed else None,
        user=_user(kind, columns),
        domain=domain,
        url=url,
        answers=answers_of(columns) if kind is EventKind.DNS else (),
        hashes=tuple(dict.fromkeys(h for name in _HASHES if (h := hash_of(_text(columns, name) or "")))),
        action=action_of(kind, columns),
    )


def time_of(text: str | None, context: FileContext) -> datetime | None:
    """A Zeek `ts`: seconds since 1970, or ISO 8601 (`LogAscii::json_timestamps`). LineError when it is neither."""
    if not text:
        return None
    return from_iso(text, context.timezone) if text[4:5] in ("-", "/") else from_epoch(text)


def _text(columns: Columns, name: str) -> str | None:
    value = columns.get(name)
    if value is None:
        return None
    return stated(value if isinstance(value, str) else next(iter(value), None))


def _texts(columns: Columns, name: str) -> Sequence[str]:
    value = columns.get(name, ())
    return [value] if isinstance(value, str) else value


def _address(columns: Columns, names: Sequence[str]) -> str | None:
    return next((ip for name in names if (text := _text(columns, name)) and (ip := ip_of(text))), None)


def _port(columns: Columns, names: Sequence[str]) -> int | None:
    """The first port that is stated; notice logs and some exports write `53/udp`."""
    for name in names:
        text = _text(columns, name)
        if text is not None:
            port = port_of(text.partition("/")[0].removesuffix(".0"))
            if port is not None:
                return port
    return None


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


def _observer(columns: Columns) -> str | None:
    return _text(columns, "_system_name") or _text(columns, "@system") or _text(columns, "_node_name")


def _device(
    kind: EventKind,
    columns: Columns,
    source: str | None,
    source_port: int | None,
    destination: str | None,
    destination_port: int | None,
) -> str | None:
    if kind is EventKind.DNS:
        return destination if source_port == 53 and destination_port != 53 and destination else source
    local = _text(columns, "local_orig"), _text(columns, "local_resp")
    if source and local[0] == "T":
        return source
    if destination and local == ("F", "T") and not is_internal(source or ""):
        return destination
    return own_side(source, destination)


def _device_name(path: str | None, columns: Columns) -> str | None:
    """The workstation that NTLM and RDP name; `hostname` of other logs is another machine's."""
    if path == "ntlm" or "domainname" in columns:
        return _text(columns, "hostname")
    return _text(columns, "client_name")


def _user(kind: EventKind, columns: Columns) -> str | None:
    """`client` is a Kerberos principal `name/REALM`, but the program of ssh and others."""
    for name in _USERS:
        if name == "client" and kind is not EventKind.LOGON:
            continue
        text = _text(columns, name)
        if text and not text.startswith(("<", "{")):
            return text.partition("/")[0] if name == "client" else text
    return None


def _names(kind: EventKind, columns: Columns) -> tuple[str | None, str | None]:
    """The domain and the URL that a record names."""
    if kind is EventKind.DNS:
        return question_of(_text(columns, "query")), None
    if kind is EventKind.WEB:
        return _web_names(columns)
    for name in _NAMES:
        text = _text(columns, name)
        if text and name == "request.host" and (address := ip_of(text)):
            return address, None
        domain = _common_name(text) if text and name.endswith("subject") else domain_of(text or "")
        if (
            domain
            and "." in domain
            and (name == "server_name" or (ip_of(domain) is None and "*" not in domain))
        ):
            return domain, None
    argument = _text(columns, "arg") or _text(columns, "seen.indicator") or ""
    host = host_of_url(argument)
    return (host, argument) if host else (None, None)


def _is_domain(columns: Columns) -> bool:
    return (_text(columns, "seen.indicator_type") or "").endswith("DOMAIN")


def _web_names(columns: Columns) -> tuple[str | None, str | None]:
    uri, header = _text(columns, "uri"), _text(columns, "host")
    host = host_and_port(header)[0] if header else None
    if uri and _text(columns, "method") == "CONNECT":
        return host_and_port(uri)[0] or host, uri
    return (host_of_url(uri) if uri else None) or host, uri


def _common_name(subject: str) -> str | None:
    """The host of a certificate's subject: `CN=evil.example,O=...`."""
    for part in subject.replace("/", ",").split(","):
        key, _, value = part.strip().partition("=")
        if key == "CN":
            name = domain_of(value)
            return name if name and "." in name else None
    return None


def answers_of(columns: Columns) -> tuple[str, ...]:
    """Addresses and names; texts such as `TXT 13 v=spf1 ...` stay out."""
    found = (ip_of(text) or domain_of(text) for text in _texts(columns, "answers"))
    return tuple(answer for answer in found if answer)


def action_of(kind: EventKind, columns: Columns) -> Action:
    """What became of the contact."""
    state = _text(columns, "conn_state")
    if state:
        return Action.ALLOWED if state in _ESTABLISHED else Action.UNKNOWN
    if kind is EventKind.DNS:
        return Action.ALLOWED if _text(columns, "rcode_name") == "NOERROR" else Action.UNKNOWN
    seen = _text(columns, "status_code") or _text(columns, "established") in ("T", "true")
    return Action.ALLOWED if seen else Action.UNKNOWN


def _lease(columns: Columns, time: datetime | None, context: FileContext) -> Event:
    """A DHCP exchange. Up to 2.5 one record an ACK (`assigned_ip`), since then one a conversation (`msg_types`)."""
    messages = {message.upper() for message in _texts(columns, "msg_types")}
    assigned = _address(columns, ("assigned_addr", "assigned_ip"))
    client = _address(columns, ("client_addr", "requested_addr"))
    action: Action | LeaseAction = Action.UNKNOWN
    if "RELEASE" in messages:
        action = LeaseAction.RELEASED
    elif assigned and (not messages or "ACK" in messages):
        action = LeaseAction.ASSIGNED
    elif client and "ACK" in messages:
        action = LeaseAction.RENEWED
    address = assigned or client or _useful(_address(columns, ("id.orig_h",)))
    return Event(
        time=time,
        kind=EventKind.LEASE if isinstance(action, LeaseAction) and address else EventKind.OTHER,
        observer=_observer(columns),
        source_ip=_useful(_address(columns, ("id.orig_h", "client_addr"))) or address,
        source_port=_port(columns, ("id.orig_p",)),
        destination_ip=_address(columns, ("id.resp_h", "server_addr")),
        destination_port=_port(columns, ("id.resp_p",)),
        device_ip=address,
        device_name=_text(columns, "host_name") or _text(columns, "client_fqdn"),
        device_mac=mac_of(_text(columns, "mac")),
        action=action,
        lease_until=_lease_end(time, _text(columns, "lease_time")),
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
