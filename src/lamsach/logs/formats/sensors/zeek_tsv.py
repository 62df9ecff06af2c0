"""Zeek's tab-separated logs (Bro before 2018), with headers, cut from the middle, or without any.

Source: the ASCII writer, https://docs.zeek.org/en/master/log-formats.html. Traps:
- The columns differ by version and site: only `#fields` states them; joined files have several headers.
- The separator is itself in the header (`#separator \\x09`), written as an escape and followed by a space.
- `-` is an unset value and `(empty)` an empty one; a real `-` is written `\\x2d`. Escapes are bytes of UTF-8.
- The elements of a set are split before unescaping, since a comma within an element is `\\x2c`.
- Some collectors cut the header off: then the values identify the columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.ends import changed
from lamsach.logs.mappings import zeek as zeek_fields
from lamsach.logs.mappings.records import Header, Table
from lamsach.logs.mappings.zeek import Columns, Value, text_of, time_of
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.values import hash_of, in_order, ip_of, mac_of, port_of
from lamsach.model import Event

# 1790000001.123456<TAB>CHhAvVGS1DHFjwGM9<TAB>192.0.2.10<TAB>...; the time always has six decimals. After ..
_DATA = re.compile(r"\d{9,10}\.\d{6}\t\S", re.ASCII)
_DATA_IN_SYSLOG = re.compile(r"[^\t]{1,200}? (?=\d{9,10}\.\d{6}\t[CF-][A-Za-z0-9]{0,30}\t)", re.ASCII)
# #separator \x09   #fields<TAB>ts<TAB>uid   (a W3C log writes `#Fields: `)
_HEADER = re.compile(
    r"(?a)#(?:separator |(?:set_separator|empty_field|unset_field|path|open|close|fields|types)\W)"
)
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(\\))")
_LISTS = frozenset({"answers", "tx_hosts", "rx_hosts", "uids", "msg_types", "san.dns", "TTLs", "analyzers"})
_KEYS = ("#set_separator", "#empty_field", "#unset_field", "#path", "#open", "#close", "#fields", "#types")
_MOST_COLUMNS = 500


class ZeekTsv(LogFormat):
    """Conn, dns, http, ssl, files, dhcp and other logs with addresses.

    The `#fields` line decides; without it, the usual columns; tabs relayed by rsyslog as `#011` are restored.
    """

    name = "zeek_tsv"
    title = "Zeek (TSV)"
    gives = zeek_fields.GIVES
    header_prefix = "#"
    lease_markers = ("ACK", "RELEASE", ".000000\t")
    records = zeek_fields.RECORDS

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._separator = "\t"
        self._set_separator = ","
        self._empty = "(empty)"
        self._unset = "-"
        self._path: str | None = None
        self._fields: list[str] = []
        self._listed: list[bool] = []
        for line in context.head:
            if line.startswith("#"):
                self.header(line)
            elif self._fields:
                break

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a header line of the ASCII writer, or a line that starts with Zeek's time and a tab."""
        if line.startswith("#"):
            return _HEADER.match(line) is not None
        return _DATA.match(line) is not None or _DATA_IN_SYSLOG.match(line) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Return 1 for a file that starts with `#separator`, or whose `#fields` begin with the time."""
        if any(line.startswith("#fields\tts\t") for line in head[:20]):
            return 1.0
        if any(line.startswith("#separator ") for line in head[:20]) and any(
            line.startswith("#fields") for line in head
        ):
            return 1.0
        return super().score(head)

    @classmethod
    def may_state_holders(cls, head: Sequence[str]) -> bool:
        """Return whether the `#path` headers, if any, include a log of DHCP."""
        paths = [line.removeprefix("#path").strip() for line in head if line.startswith("#path")]
        return not paths or any("dhcp" in path for path in paths)

    def header(self, line: str) -> None:
        """Read one `#` line; `#fields` names the columns of the following lines."""
        line = line.rstrip("\r\n")
        if line.startswith("#separator "):
            self._separator = _unescape(line[11:].strip()) or "\t"
            return
        key, found, rest = line.partition(self._separator)
        if not found:
            return
        match key:
            case "#set_separator":
                self._set_separator = rest or ","
            case "#empty_field":
                self._empty = rest
            case "#unset_field":
                self._unset = rest
            case "#path":
                self._path = rest.strip()
                self._fields, self._listed = [], []
            case "#fields":
                self._fields = rest.split(self._separator)[:_MOST_COLUMNS]
                self._listed = _listed(self._fields, ())
            case "#types":
                self._listed = _listed(self._fields, rest.split(self._separator))
            case _:
                pass

    @property
    def table(self) -> Table | None:
        """Columns by the headers so far; None if separator, unset or empty are not the default."""
        written = self._separator, self._set_separator, self._empty, self._unset
        if not self._fields or written != ("\t", ",", "(empty)", "-"):
            return None
        lists = frozenset(name for name, listed in zip(self._fields, self._listed, strict=True) if listed)
        return Table(self._path, tuple(self._fields), lists=lists, absent=("-", "(empty)"))

    def record_event(self, fields: Columns, header: Header) -> Event | None:
        """See `Records`."""
        event = zeek_fields.event_of(self._path if self._fields else None, fields, self.context)
        if event is not None and not event.observer and (observer := header.host):
            changed(event, observer=observer)
        return event

    def record_time(self, fields: Columns) -> datetime | None:
        """See `Records`."""
        return time_of(text_of(fields, "ts"), self.context)

    def read(self, line: str) -> Event | None:
        """Read one line by the columns of the last header, else by the shape of its values."""
        line = line.rstrip("\r\n")
        if line.startswith("#"):
            if not self.recognises(line) and not line.startswith(
                tuple(f"{key}{self._separator}" for key in _KEYS)
            ):
                raise LineError("The line is not of this product.", line[:80])
            return None
        header = NO_HEADER
        in_syslog = _DATA_IN_SYSLOG.match(line)
        if in_syslog:
            header = split_header(line[: in_syslog.end()] + "-", self.context)[0]
            line = line[in_syslog.end() :]
        values = line.split(self._separator, _MOST_COLUMNS)
        columns = {
            name: self._items(value) if listed else _unescape(value)
            for name, listed, value in zip(*self._columns(values), values, strict=False)
            if value not in (self._unset, self._empty)
        }
        event = self.record_event(columns, header)
        if event is None:
            return None
        changed(event, file_names=zeek_fields.file_names_of(columns))
        return event

    def _columns(self, values: list[str]) -> tuple[Sequence[str], Sequence[bool]]:
        """Column names, and which columns hold several values."""
        if self._fields:
            if len(values) < min(2, len(self._fields)):
                raise LineError("The line has fewer columns than its header names.", values[0][:80])
            return self._fields, self._listed
        if len(values) < 3 or not _DATA.match(f"{values[0]}\t."):
            raise LineError("The line has no Zeek header and no shape of a Zeek log.", values[0][:80])
        names = columns_by_shape(values)
        return names, _listed(names, ())

    def _items(self, value: str) -> Value:
        return [_unescape(part) for part in value.split(self._set_separator) if part not in (self._unset, "")]


def _listed(names: Sequence[str], kinds: Sequence[str]) -> list[bool]:
    """List which columns hold several values, by their types, else by their names."""
    typed = zip_longest(names, kinds[: len(names)], fillvalue="")
    return [kind.startswith(("set[", "vector[")) or (not kind and name in _LISTS) for name, kind in typed]


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    raw = _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else b"\\", text.encode("utf-8", "replace"))
    return raw.decode("utf-8", "replace")


_FLOW = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p"]
_PROTOCOLS = frozenset({"tcp", "udp", "icmp", "unknown_transport"})
_DNS_TAIL = in_order(
    "qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected"
)
_METHOD = re.compile(r"[A-Z][A-Z_-]{2,20}|-", re.ASCII)
_TLS_VERSION = re.compile(r"(?:TLS|SSL|DTLS)v?[0-9]+|unknown-\d+", re.ASCII)


def columns_by_shape(values: Sequence[str]) -> list[str]:
    """Guess column names of a line without header, by the defaults of Zeek 2.0 to 7; unnamed ones are `_`."""
    count = len(values)
    if count >= 6 and ip_of(values[2]) and port_of(values[3]) is not None and ip_of(values[4]):
        return _FLOW + _after_flow(values)
    if count > 6 and ip_of(values[2]) and ip_of(values[3]) and mac_of(values[4]):
        # DHCP since 2.6: ts uids client_addr server_addr mac host_name client_fqdn domain requested_addr
        # assigned_addr lease_time
        names = (
            "ts uids client_addr server_addr mac host_name client_fqdn domain requested_addr assigned_addr "
            "lease_time"
        )
        return [*names.split(), "client_message", "server_message", "msg_types", "duration"]
    if count > 8 and values[1].startswith("F"):
        return _file_columns(values)
    return [
        "ts",
        *(("src", "dst") if ip_of(values[1]) and ip_of(values[2]) else ("_", "_")),
        *["_"] * (count - 3),
    ]


def _after_flow(values: Sequence[str]) -> list[str]:
    count = len(values)
    sixth = values[6] if count > 6 else ""
    if sixth in _PROTOCOLS and count > 7:
        if values[7].isdigit() and count > 21:  # DNS; a connection has its service here
            with_rtt = count > 23 or values[11].startswith("C_")  # `rtt` since 2.5
            return ["proto", "trans_id", *(["rtt"] if with_rtt else []), "query", *_DNS_TAIL]
        if count > 11:
            return ["proto", "service", "duration", "orig_bytes", "resp_bytes", "conn_state", "local_orig"]
    if (
        count > 9
        and sixth.isdigit()
        and _METHOD.fullmatch(values[7])
        and (values[9][:1] in "/*-" or ":" in values[9])
    ):
        return ["trans_depth", "method", "host", "uri"]
    if count > 9 and _TLS_VERSION.fullmatch(sixth):
        at_eight = "." in values[8]  # without `curve`, before 2.3
        return ["version", "cipher", *(["server_name"] if at_eight else ["curve", "server_name"])]
    if count > 9 and mac_of(sixth) and ip_of(values[7]):
        return ["mac", "assigned_ip", "lease_time", "trans_id"]
    return []


def _file_columns(values: Sequence[str]) -> list[str]:
    """Guess columns: `ts fuid tx_hosts rx_hosts ..`, since 5.1 `ts fuid uid id.orig_h id.orig_p ..`."""
    flow = len(values) > 6 and port_of(values[4]) is not None and ip_of(values[3])
    names = ["ts", "fuid", *_FLOW[1:]] if flow else ["ts", "fuid", "tx_hosts", "rx_hosts"]
    if not flow and not ip_of(values[2].partition(",")[0]):
        names = ["ts", "id"]
    lengths = {32: "md5", 40: "sha1", 64: "sha256"}
    return names + [lengths[len(value)] if hash_of(value) else "_" for value in values[len(names) :]]
