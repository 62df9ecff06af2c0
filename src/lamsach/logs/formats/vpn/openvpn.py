"""OpenVPN: the server's log, and its status file in versions 1, 2 and 3.

A session states who holds a tunnel address, and when.

Source: openvpn(8) 2.3 to 2.7 (`--log`, `--verb`, `--status`, `--status-version`,
`--machine-readable-output`), `src/openvpn/multi.c` (multi_print_status, MULTI: Learn, MULTI_sva),
`ssl_verify.c`, `forward.c`; pfSense's `openvpn` messages from `openvpn.attributes.php`. Traps:
- The time is `Tue Nov 10 10:00:00 2026` up to 2.4, `2026-11-10 10:00:00` since 2.5, seconds with microseconds
  in machine-readable output.
- A known client is `name/203.0.113.5:51234`, before that `203.0.113.5:51234`; also `[AF_INET]..`,
  `udp4:..`, `[AF_INET6]2001:db8::5:1194`.
- The end of a session (`client-instance exiting`) names the client, not its tunnel address.
- In the status file, version 1's tables have no key: the shape identifies a row. `ROUTING_TABLE` rows with a
  final `C` are addresses that were only seen; networks behind a client are no address of it.
- `UNDEF` is a client that has not authenticated.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, Way, changed, event_between
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import CTIME, from_epoch
from lamsach.logs.text.values import ip_of, mac_of, port_of
from lamsach.model import Action, Event, EventKind, LeaseAction

_ENDPOINT = (
    r"(?:\[AF_INET6?\])?(?:(?:udp|tcp)[46]?(?:-server)?[:_])?(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3}"
    r"|\[[0-9A-Fa-f:]{2,45}\]|[0-9A-Fa-f:]{2,45}?)(?::(\d{1,5}))?(?![\w.]|:\w)"
)
_NAME = r"[^\s/,|]{1,128}"
# MULTI: Learn: 10.8.0.6 -> alice/203.0.113.5:51234   MULTI: Learn: 00:1a:2b:3c:4d:5e@0 -> ...
_LEARN = re.compile(
    rf"(?a)MULTI: Learn: ([0-9A-Fa-f.:]{{2,45}})(?:@\d{{1,5}})?(/\d{{1,3}})? -> (?:({_NAME})/)?{_ENDPOINT}"
)
_PRIMARY = re.compile(
    rf"(?a)MULTI: primary virtual IP(?:v6)? for (?:({_NAME})/)?{_ENDPOINT}: ([0-9A-Fa-f.:]{{2,45}})"
)
# MULTI_sva: pool returned IPv4=10.8.0.6, IPv6=(Not enabled)
_POOL = re.compile(
    r"(?a)MULTI_sva: pool returned IPv4=([0-9.]{7,15}|\(Not enabled\))(?:, IPv6=([0-9A-Fa-f:]{2,45}))?"
)
_PUSHED = re.compile(r"PUSH_REPLY,.{0,4000}?\bifconfig (\d{1,3}(?:\.\d{1,3}){3}) ", re.ASCII)
_GONE = re.compile(r"client-instance (?:exiting|restarting)|SIGTERM\[soft,remote-exit\]", re.ASCII)
# [alice] Peer Connection Initiated with [AF_INET]203.0.113.5:51234
_CONNECTED = re.compile(rf"\[({_NAME}|)\] Peer Connection Initiated with {_ENDPOINT}", re.ASCII)
_USER = re.compile(
    r"(?ai)(?:for username|for user|user|username|CN|common name|TLS: Username/Password authentication \w+ "
    r"for username) ?[:=]? ?['\"]([^'\"]{1,128})['\"]|\bdepth=0,.{0,200}?\bCN=([^,/]{1,128})"
)
_OUTER = re.compile(rf"(?:from|with|to|address:?|remote) '?{_ENDPOINT}'?(?=[\s,'\]]|$)", re.ASCII)
# Bad encapsulated packet length from peer (5635), [AF_INET]203.0.113.5:51234
_MARKED = re.compile(
    r"(?a)\[AF_INET6?\](?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:]{2,45}\])(?::(\d{1,5}))?"
)
_FAILED = re.compile(
    r"(?ai)TLS Error|AUTH_FAILED|VERIFY ERROR|verification failed|Bad LZO|authentication failed"
    r"|Authenticate/Decrypt packet error|unwrapping failed|HMAC|could not authenticate|cipher final failed"
    r"|Connection reset|replay|Incoming packet rejected|Bad encapsulated|Auth Error|Fatal TLS"
)
_SUCCEEDED = re.compile(r"authentication succeeded|authenticated$|- connected$|VERIFY OK: depth=0", re.ASCII)
_UNKNOWN_NAMES = frozenset({None, "UNDEF", "", "AF_INET", "AF_INET6"})


def _end_of(ip: str | None, port: str | None) -> tuple[str | None, int | None]:
    """Read the outer address and port; the last part of an IPv6 address without port looks like one."""
    address = ip_of(ip or "")
    if address is None and ip and port and (whole := ip_of(f"{ip}:{port}")):
        return whole, None
    return address, port_of(port)


Client = tuple[str | None, str | None, str | None]
"""Common name, outer address and port, as stated."""


def _client_event(client: Client, kind: EventKind, time: datetime | None = None, **facts: Any) -> Event:
    name, ip, port = client
    user = None if name in _UNKNOWN_NAMES else name
    return event_between(_end_of(ip, port), time=time, kind=kind, user=user, **facts)


def _lease(text: str, client: Client) -> Event | None:
    """Read a message about a tunnel address."""
    name, ip, _ = client
    if learn := _LEARN.search(text, 0, 600):
        return _tunnel_event(None if learn[2] else learn[1], (learn[3] or name, learn[4], learn[5]))
    if primary := _PRIMARY.search(text, 0, 600):
        return _tunnel_event(primary[4], (primary[1] or name, primary[2], primary[3]))
    if pool := _POOL.search(text, 0, 600):
        return _tunnel_event(pool[2] if pool[1].startswith("(") else pool[1], client)
    if pushed := _PUSHED.search(text, 0, 6000):
        return _tunnel_event(pushed[1], client)
    if _GONE.search(text, 0, 600) and name and ip:
        return _client_event(client, EventKind.LEASE, action=LeaseAction.RELEASED, role=Role.APART)
    return None


def _logon(text: str, client: Client) -> Event | None:
    """Read any other message about a client; None without a client."""
    name, ip, port = client
    if connected := _CONNECTED.search(text, 0, 600):
        return _logged_on((connected[1] or name, connected[2], connected[3]))
    if outer := _OUTER.search(text, 0, 1000) or _MARKED.search(text, 0, 1000):
        address, number = _end_of(ip, port)
        if address is None or number is None:
            ip, port = address or outer[1], outer[2]
    stated = _USER.search(text, 0, 1000)
    user = name or ((stated[1] or stated[2]) if stated else None)
    failed = _FAILED.search(text, 0, 1000) is not None
    succeeded = not failed and _SUCCEEDED.search(text.rstrip(), 0, 1000) is not None
    if _end_of(ip, port)[0] is None and not (user and (failed or succeeded)):
        return None
    kind = EventKind.LOGON if failed or succeeded else EventKind.OTHER
    return _client_event((user, ip, port), kind, action=verdict(failed, succeeded), way=Way.CALLED)


def _logged_on(client: Client, time: datetime | None = None) -> Event:
    """Build the event of a client connected from this outer address and port."""
    action = Action.UNKNOWN if client[0] in _UNKNOWN_NAMES else Action.ALLOWED
    return _client_event(client, EventKind.LOGON, time, action=action, way=Way.CALLED)


def _tunnel_event(
    tunnel: str | None,
    client: Client,
    time: datetime | None = None,
    action: LeaseAction = LeaseAction.ASSIGNED,
) -> Event | None:
    """Build the event of a tunnel address, or a hardware address behind it (`tap`); None for a network."""
    text = (tunnel or "").partition("@")[0].removesuffix("C")
    address, mac = ip_of(text), mac_of(text)
    if address:
        return _client_event(client, EventKind.LEASE, time, device_mac=mac, action=action, given=address)
    return _client_event(client, EventKind.OTHER, time, device_mac=mac) if mac else None


_ISO = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
# Tue Nov 10 10:00:00 2026 alice/203.0.113.5:51234 ...   2026-11-10 10:00:00 us=123456 ...
_TIME = re.compile(
    rf"(?a)({CTIME}|{_ISO}|\d{{10}}\.\d{{6}}(?= [0-9a-f]{{1,8}} ))(?: us=\d{{1,6}}| [0-9a-f]{{1,8}}(?= ))? "
)
# alice/203.0.113.5:51234 MULTI: ...   203.0.113.5:51234 TLS: ...
_CLIENT = re.compile(rf"(?:({_NAME})/)?{_ENDPOINT} (?=\S)", re.ASCII)
_WORDS = re.compile(
    r"(?a)TLS(?: Auth)? Error|TLS: |MULTI: |MULTI_sva|VERIFY |PUSH|Peer Connection|AUTH"
    r"|Authenticate/Decrypt|client-instance|Control Channel|Data Channel|peer info|peer_info"
    r"|TCP connection established|Connection reset|SENT CONTROL|WARNING: 'link-mtu|LZO|Outgoing|Incoming"
    r"|OpenVPN|tls-crypt|OPTIONS IMPORT|CC-EEN|PLUGIN_CALL|OpenSSL: |read (?:UDP|TCP)|write (?:UDP|TCP)"
    r"|Bad encapsulated|\[[^\]]{1,64}\] Inactivity timeout|WARNING: Bad|Closing TUN|tls_|PID_ERR"
    r"|Delayed exit|MANAGEMENT: |Key \[|NCP|Float requested|Recursive routing|Fatal TLS|AEAD|Replay-window"
    r"|Username/Password |[Aa]uthentication (?:failed|succeeded)|Connection rejected|CRL: |WRITE|READ"
    r"|SIGUSR1|SIGTERM|Initialization Sequence|TUN/TAP|UDPv[46]|TCPv[46]|Local Options"
    r"|Expected Remote Options|Re-using SSL|Diffie-Hellman"
)
# 2026-06-10T10:11:12+0700 [stdout#info] [OVPN 1] OUT: '2026-06-10 10:11:12 203.0.113.5:51234 TLS Error: ..
_ACCESS_SERVER = re.compile(
    r"(?as)\S{1,40} (?:\S{1,20} )?\[stdout#\w{1,10}\] \[OVPN \d{1,4}\] OUT: ['\"](.*?)['\"]?\s*$"
)
_APP = re.compile(r"(?:\S{0,40}-)?(?:openvpn|ovpn)[\w.@-]{0,40}", re.ASCII | re.IGNORECASE)
# status version 2 and 3
_KEYS = ("CLIENT_LIST", "ROUTING_TABLE", "GLOBAL_STATS", "HEADER", "TITLE", "TIME")
_KEYED = re.compile(rf"({'|'.join(_KEYS)})([,\t])(.*)", re.ASCII)
_KEYED_CLIENT = re.compile(rf"CLIENT_LIST([,\t])({_NAME}|)\1{_ENDPOINT}\1", re.ASCII)
_KEYED_ROUTE = re.compile(rf"(?a)ROUTING_TABLE([,\t])([0-9A-Fa-f.:/@]{{2,60}}?C?)\1({_NAME}|)\1{_ENDPOINT}\1")
# alice,203.0.113.5:51234,12345,6789,Tue Nov 10 09:00:00 2026
_FIRST_CLIENT = re.compile(rf"({_NAME}),{_ENDPOINT},\d{{1,20}},\d{{1,20}},({CTIME}|{_ISO})", re.ASCII)
_FIRST_ROUTE = re.compile(rf"([0-9A-Fa-f.:/@]{{2,60}}?C?),({_NAME}),{_ENDPOINT},({CTIME}|{_ISO})", re.ASCII)
_STATUS_WORDS = (
    "OpenVPN CLIENT LIST", "OpenVPN STATISTICS", "Common Name,Real Address,", "ROUTING TABLE",
    "Virtual Address,Common Name,Real Address", "GLOBAL STATS", "Max bcast/mcast queue length,", "END",
    "Updated,", "TUN/TAP read bytes,", "TUN/TAP write bytes,", "TCP/UDP read bytes,", "TCP/UDP write bytes,",
    "Auth read bytes,",
)  # fmt: skip
_EPOCH = re.compile(r"\d{10}", re.ASCII)


class OpenVpn(LogFormat):
    """Server's log, status file of versions 1 to 3, pfSense's messages.

    States who had which tunnel address, from when to when.
    """

    name = "openvpn"
    title = "OpenVPN"
    gives = fields_named("time observer source_ip source_port device_ip device_mac user action")
    lease_markers = (
        "MULTI: Learn", "primary virtual IP", "MULTI_sva", "PUSH_REPLY", "client-instance", "remote-exit",
        ",", "ROUTING_TABLE",
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match OpenVPN's tag in syslog, its own time before a keyword, or a line of its status file."""
        if line.startswith(_KEYS):
            return _is_keyed(line)
        line = _unwrapped(line)
        match = _TIME.match(line)
        if match:
            text = line[match.end() :]
            if ("openvpn" in text[:80] or "ovpn" in text[:80]) and _tagged(line):
                return True
            client = _CLIENT.match(text)
            return _WORDS.match(text, client.end() if client else 0) is not None or (
                client is not None
                and (":" in client[0])
                and _WORDS.search(text, client.end(), 400) is not None
            )
        if "," in line[:140] and (
            line.startswith(_STATUS_WORDS) or _FIRST_CLIENT.match(line) or _FIRST_ROUTE.match(line)
        ):
            return True
        if line.rstrip() in _STATUS_WORDS:
            return True
        return _tagged(line)

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`. None for messages about the server itself and the status file's headings."""
        line = line.rstrip("\r\n")
        self.check(line)
        line = _unwrapped(line)
        return self._status(line) if _is_status(line) else self._message(line)

    def _message(self, line: str) -> Event | None:
        time, host, message = self._split(line)
        found = _CLIENT.match(message)
        client: Client = (found[1], found[2], found[3]) if found else (None, None, None)
        text = message[found.end() :] if found else message
        event = _lease(text, client) or _logon(text, client)
        return event and changed(event, time=time, observer=host)

    def _split(self, line: str) -> tuple[datetime | None, str | None, str]:
        """Split a line into time, syslog's host, and the message from the client on."""
        own = _TIME.match(line)
        if own and not _tagged(line):
            return self._own_time(own[1]), None, line[own.end() :]
        header, message = split_header(line, self.context)
        inner = _TIME.match(message)
        if inner:
            return self._own_time(inner[1]), header.host, message[inner.end() :]
        return header.time, header.host, message

    def _own_time(self, text: str) -> datetime:
        return from_epoch(text) if text[:10].isdigit() else LooseTimes(self.context).read(text)

    def _status(self, line: str) -> Event | None:
        """Read a row of the status file: a client's session since its start, or a route's last use."""
        if line.startswith("CLIENT_LIST"):
            return self._client_row(line)
        if keyed := _KEYED_ROUTE.match(line):
            client, time = (keyed[3], keyed[4], keyed[5]), self._row_time(line.split(keyed[1])[4:])
            return _tunnel_event(keyed[2], client, time, LeaseAction.RENEWED)
        if route := _FIRST_ROUTE.match(line):
            client, time = (route[2], route[3], route[4]), LooseTimes(self.context).read(route[5])
            return _tunnel_event(route[1], client, time, LeaseAction.RENEWED)
        if first := _FIRST_CLIENT.match(line):
            return _logged_on((first[1], first[2], first[3]), LooseTimes(self.context).read(first[4]))
        return None

    def _client_row(self, line: str) -> Event | None:
        """Read common name, real and virtual address (IPv6 since 2.4), bytes in, out, since, time_t, user."""
        match = _KEYED_CLIENT.match(line)
        if match is None:
            return None
        cells = line.split(match[1])
        time = self._row_time(cells[6:9])
        numbers = [at for at, cell in enumerate(cells) if at > 6 and _EPOCH.fullmatch(cell)]
        user = cells[numbers[0] + 1] if numbers and len(cells) > numbers[0] + 1 else ""
        client = (user if match[2] in _UNKNOWN_NAMES else match[2], match[3], match[4])
        return _tunnel_event(cells[3], client, time) or _logged_on(client, time)

    def _row_time(self, cells: list[str]) -> datetime | None:
        for cell in reversed(cells):
            if _EPOCH.fullmatch(cell):
                return from_epoch(cell)
        for cell in cells:
            if ":" in cell and " " in cell:
                return LooseTimes(self.context).read(cell)
        return None


def _unwrapped(line: str) -> str:
    """Unwrap a message that Access Server put into a line of its own."""
    wrapped = _ACCESS_SERVER.match(line) if " OUT: " in line[:120] else None
    return wrapped[1] if wrapped else line


def _tagged(line: str) -> bool:
    """Return whether a syslog header names OpenVPN as the program."""
    head = line[:260].lower()
    if "openvpn" not in head and "ovpn" not in head:
        return False
    try:
        app = split_header(line, _ANY_FILE)[0].app
    except LineError:
        return False
    return app is not None and _APP.fullmatch(app) is not None


_ANY_FILE = FileContext(modified=datetime(2026, 1, 1, tzinfo=UTC))


def _is_keyed(line: str) -> bool:
    match = _KEYED.match(line)
    if match is None:
        return False
    if match[1] in ("CLIENT_LIST", "ROUTING_TABLE"):
        return True
    return (
        match[1] == "GLOBAL_STATS"
        or match[3].startswith(("CLIENT_LIST", "ROUTING_TABLE", "OpenVPN"))
        or (match[1] == "TIME" and match[3][:3].isascii())
    )


def _is_status(line: str) -> bool:
    if line.startswith((*_KEYS, *_STATUS_WORDS)):
        return True
    return "," in line[:140] and (
        _FIRST_CLIENT.match(line) is not None or _FIRST_ROUTE.match(line) is not None
    )
