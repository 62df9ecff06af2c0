"""Lines of text that no format reads: searched all the same, and read as far as possible.

Heuristics, in this order, and nothing more:
- time: at the line's start (after a syslog header, if any), in the spellings of
  `lamsach.logs.text.times.loose_times`; else at its end, or after texts in brackets;
- observer: the host of a syslog header;
- source and destination: only from keys that state them (`src=`, `srcip:`, `"client": "..."`; `dst=`,
  `server=` ...); else from an arrow between two addresses with ports (`10.1.1.5:49152->203.0.113.9:443`, also
  with a translation between, `A -> T to B`), `from A to B`, or `connection from A` and the like; else from
  columns of address, port, address, port, one address of which is internal; the source after translation
  also from `inside A outside T`;
- name and URL: from keys (`sni=`, `url=`), else from a request (`GET http://...`, `CONNECT name:443`) or a
  question (`name. IN A`, `query for name`), or the line's only URL; if no other is known, their client is the
  first address before them;
- device: the internal address of the two; else the address after a client's key; else the line's only
  internal address. A line with several internal addresses names no device;
- hardware address: the first after a word for a machine (`client`, `station`, `MAC`);
- user: after its word with a sign (`user=an`, `user 'an'`), or before the address (`an@192.0.2.5`);
- action: blocked, when the text states it (blocked, denied, dropped, refused, *chặn*, *từ chối*, *cấm*,
  *hủy*).
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import Role, event_between, is_internal, is_machine, stamped
from lamsach.logs.mappings import column_names
from lamsach.logs.mappings.actions import refusal_in
from lamsach.logs.text.syslog import NO_HEADER, split_header
from lamsach.logs.text.times.loose_times import LooseTimes, month_comes_first
from lamsach.logs.text.values import (
    domain_of,
    host_and_port,
    host_of_url,
    ip_of,
    mac_of,
    port_of,
    question_of,
    stated,
)
from lamsach.model import Event, EventKind

# src=192.0.2.5:1234   "srcip": "192.0.2.5"   SRC=192.0.2.5   client [192.0.2.5]   source: 192.0.2.5
_KEYED = re.compile(
    r"(?a)(?<![\w.-])(?P<key>[A-Za-z][\w-]{1,30})\\?[\"']?(?:\s{0,3}[=:]\s{0,3}|\s)\\?[\"'\[(]?"
    r"(?P<value>[0-9A-Fa-f:.]{2,45}(?:\]:\d{1,5})?|\d)(?![\w-])"
)
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d|[A-Za-z_])", re.ASCII)
_IPV6 = re.compile(r"(?<![\w.:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])", re.ASCII)
# 10.1.1.5:49152->203.0.113.9:443   10.1.1.5/49152 -> 203.0.113.9/443   10.1.1.5(49152) -> 203.0.113.9(443)
# a translation between them: 10.1.1.5:49152 -> 198.51.100.7:2050 to 203.0.113.9:443
_ARROW = re.compile(
    r"(?a)(?<![\w.])((?:\d{1,3}\.){3}\d{1,3})[:/(](\d{1,5})\)?[^\w\s]{0,2} ?[-=]{0,2}> ?"
    r"(?:((?:\d{1,3}\.){3}\d{1,3})[:/(](\d{1,5})\)? to )?((?:\d{1,3}\.){3}\d{1,3})[:/(](\d{1,5})(?!\d)"
)
# 10.1.1.5:49152 203.0.113.9:443   10.1.1.5,49152,203.0.113.9,443   10.1.1.5 49152 203.0.113.9 https(443)
_COLUMNS = re.compile(
    r"(?a)(?<![\w.:-])((?:\d{1,3}\.){3}\d{1,3})([:\s,;|])(\d{1,5})[\s,;|]((?:\d{1,3}\.){3}\d{1,3})\2"
    r"(?:[a-z][\w-]{0,20}\()?(\d{1,5})(?![\w.:])"
)
# GET http://bad.example/a   CONNECT bad.example:443 HTTP/1.1
_REQUEST = re.compile(
    r"(?a)(?<![\w-])(?:GET|POST|HEAD|PUT|OPTIONS|CONNECT|DELETE|PATCH|TRACE|PROPFIND) "
    r"(?:((?:https?|ftp)://[^\s\"'<>]{3,2000})|([\w.-]{3,253}|\[[\da-fA-F:.]{2,45}\]):\d{1,5}(?=[\s\"',;|]|$))"
)
# "bad.example." IN A   for bad.example. AAAA IN
_QUESTION = re.compile(
    r"(?a)(?<![\w.@/-])((?:[\w-]{1,63}\.){1,20}[A-Za-z][\w-]{1,62})\.?[\"']?,? "
    r"(?:IN,? (?:{0})|(?:{0}),? IN)(?![\w-])".replace(
        "{0}", "A|AAAA|ANY|CNAME|HTTPS|MX|NAPTR|NS|NULL|PTR|SOA|SRV|SVCB|TXT"
    )
)
# Query from 10.1.1.5 for A-record for bad.example   truy vấn tên miền bad.example
_LOOKED_UP = re.compile(
    r"(?i)\b(?:quer(?:y|ies|ied)|lookup|resolv(?:e|es|ed|ing)|truy vấn|phân giải)\b[^\n]{0,60}?"
    r" (?:for|of|domain|name|tên miền):? [\"']?((?:[\w-]{1,63}\.){1,20}[a-z]{2,24})\.?(?![\w.-])"
)
# bad.example's only URL: http://bad.example/a
_URL = re.compile(r"(?<![\w\"'=(<\[])https?://[^\s\"'<>]{3,2000}")
# sni=bad.example   url="http://bad.example/a"
_NAMED = re.compile(r"(?a)(?<![\w.-])([A-Za-z][\w-]{1,30})=[\"']?([^\s\"',;|<>]{4,2000})")
_END = (
    r"((?:\d{1,3}\.){3}\d{1,3}|\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Fa-f:]{2,39}:[0-9A-Fa-f.:]{0,15})(?:[:/(]"
    r"(\d{1,5})\)?|,? (?:port |cổng )(\d{1,5}))?"
)
# Map inside 10.1.1.5:49152 outside 198.51.100.7:2050
_TRANSLATED = re.compile(
    rf"(?i)\b(?:inside|inner|private|internal)(?: ip| address)?[:= ]{{1,2}}{_END},?(?: [^\w\s]{{1,3}})? "
    r"(?:outside|outer|public|external|global|mapped(?: to)?)(?: ip| address)?[:= ]{1,2}"
    rf"{_END}(?![\w:])"
)
# from 10.1.1.5:49152 to 203.0.113.9:443   from 10.1.1.5 port 49152 to 203.0.113.9 port 443
_FROM_TO = re.compile(
    rf"(?i)\b(?:from|từ|between) (?:\w{{1,12}}[:/ ])?{_END},? (?:to|đến|tới|and|và) (?:\w{{1,12}}"
    rf"[:/ ])?{_END}(?![\w:])"
)
# User root@192.0.2.5 logged in
_LOGGED_ON = re.compile(r"(?<![\w.@-])([\w.-]{1,64})@((?:\d{1,3}\.){3}\d{1,3})(?![\w.@-])", re.ASCII)
# connection received from 10.1.1.5 port 49152   ACCEPT from IP=10.1.1.5:49152
_FROM = re.compile(
    r"(?i)\b(?:connect(?:ion|ed)|log[io]n|logged (?:in|on)|session|request|query|attempt"
    rf"|authenticat(?:ion|ed)|accept(?:ed)?)\b[^\n]{{0,60}}? from (?:\w{{1,12}}=)?{_END}(?![\w:])"
)
# client 00:11:22:33:44:55   [client:PC-7:00-11-22-33-44-55]   User[an@00:11:22:33:44:55]   MAC 0011.2233.4455
_MACHINE_MAC = re.compile(
    r"(?ai)\b(?:client|station|sta|user|mobile|host|mac|hwaddr|device|endpoint|máy|thiết bị)\b"
    r"[^\n]{0,40}?(?<![\w.])((?<!:)[\da-f]{2}(?::[\da-f]{2}){5}|(?<!-)[\da-f]{2}(?:-[\da-f]{2}){5}|[\da-f]{4}(?:\.[\da-f]{4}){2}"
    r"|[\da-f]{6}-[\da-f]{6})(?![\w:-])"
)
# user 'an.nguyen'   User: BOCT\an   User[an]   tài khoản: an@boct.example
_USER = re.compile(
    r"(?i)\b(?:user(?: ?name)?|account|người dùng|tài khoản) ?(?:[=:]>? ?[\"']?|[\"'\[])"
    r"([\w.\\-]{2,64}(?:@[A-Za-z][\w.-]{0,63})?)"
)
# from source: 203.0.113.7, port 443
_PORT_AFTER = re.compile(r"\]?,? (?:port|cổng)[:= ]{1,2}(\d{1,5})(?!\d)")
# the port of 10.1.1.5:49152   10.1.1.5#49152   10.1.1.5/49152
_OWN_PORT = re.compile(r"(?a)[:#/](\d{1,5})(?!\d)")
# .. Friday, June 05, 2026 07:31:12
_TIME_AT_END = re.compile(r"(?a)\b([A-Z][a-z]{2,8} \d{1,2},? \d{4},? \d{1,2}:\d\d:\d\d(?: [AP]M)?)\s*$")
# [deny] [10.0.0.1] 2026-06-05 07:31:12,#12
_AFTER_BRACKETS = re.compile(
    r"(?a)\s*(?:[\[(<][^\])>]{0,60}[\])>]:? ?){1,4}"
    r"(\d{4}([-/])\d{2}\2\d{2}[ T]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
    r"(?: ?(?:[+-]\d{2}:?\d{2}|Z))?)(?!\w)"
)
_LOOKED_AT = 65536
"""Characters of a line that the heuristics read; the search reads all."""
_ADDRESSES_LOOKED_AT = 200
# the longest start of a line that can be a time: `[Sat Oct  3 21:30:01.123456 2026] `
_TIME_AT_START = re.compile(
    r"(?a)[\[\"'(]?((?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?[\dA-Z][\w/.:,+-]{1,30}(?: {1,2}"
    r"[\d:.,+APMSCHUTG@Z/-][\w:.,+/@-]{0,20}){0,5})"
)
_MOST_WORDS = 6


class UnknownText(LogFormat):
    """Parsed by usual wordings alone; every token that looks like an address, name, URL or hash is searched.

    Findings are marked `unparsed`, and their severity is low; so are values on a product's lines that its
    reader skips or has no field for: their machine is the only private source address that the record states,
    else none; text that states *blocked*, *denied*, *dropped*, *refused* (*chặn*, *từ chối*, *cấm*, *hủy*)
    was blocked.
    """

    name = "unknown_text"
    title = "Unknown text"
    gives = fields_named("contact nat device_mac user domain url action")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context, month_first=month_comes_first(line[:40] for line in context.head))

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Never match: this is the fallback for files of no known format."""
        return False

    def parse(self, line: str, number: int) -> Event:
        """See `LogFormat.parse`. Raises nothing."""
        return stamped(self.read(line), self.name, self.context.file, number)

    def read(self, line: str) -> Event:
        """Read one line. Raises nothing."""
        line = line[:_LOOKED_AT]
        try:
            header, message = split_header(line, self.context)
        except LineError:
            header, message = NO_HEADER, line
        (source, source_port), (destination, destination_port), (nat, nat_port) = _keyed(message)
        kind, domain, url, at = _asked(message)
        if at and source is None:
            source, source_port = _first_end(message[:at])
        ends = source is not None and destination is not None and is_machine(source)
        mac, named = _MACHINE_MAC.search(message), _USER.search(message) or _LOGGED_ON.search(message)
        return event_between(
            (source, source_port),
            (destination, destination_port),
            time=header.time or self._time(message) or self._time(line),
            kind=kind,
            observer=header.host,
            action=refusal_in(message),
            device_mac=mac_of(mac[1]) if mac else None,
            user=stated(named[1]) if named else None,
            source_nat_ip=nat,
            source_nat_port=nat_port,
            domain=domain,
            url=url,
            role=Role.BETWEEN if ends else Role.APART,
            given=None if ends else _mentioned(message, source),
        )

    def _time(self, text: str) -> datetime | None:
        """Read the time at the start of the text: the longest run of first words that is one."""
        match = _TIME_AT_START.match(text.lstrip()[:80])
        words = match[1].split(" ") if match else []
        for count in range(min(len(words), _MOST_WORDS), 0, -1):
            candidate = " ".join(words[:count]).rstrip("],\"') :")
            if not any(c.isdigit() for c in candidate):
                break
            try:
                return self._times.read(candidate)
            except LineError:
                continue
        found = _TIME_AT_END.search(text[-60:]) or _AFTER_BRACKETS.match(text)
        with suppress(LineError):
            return self._times.read(found[1]) if found else None
        return None


_End = tuple[str | None, int | None]
_NOWHERE: _End = (None, None)


def _keyed(message: str) -> tuple[_End, _End, _End]:
    """Find both ends, and the source after translation, by keys or a usual wording; the first counts."""
    ends: dict[str, tuple[str, int | None]] = {}
    ports: dict[str, int | None] = {}
    for match in _KEYED.finditer(message):
        key, value = match["key"], match["value"].rstrip(".:")
        field = column_names.field_of("server_ip" if key.lower() == "server" else key)
        if field in ("source_port", "destination_port"):
            ports.setdefault(field.removesuffix("_port"), port_of(value))
        elif field in ("source", "destination", "ip") and field not in ends:
            address, port = host_and_port(f"[{value}" if "]" in value else value)
            if address and ip_of(address):
                port_match = _PORT_AFTER.match(message, match.end("value")) if port is None else None
                ends[field] = address, port_of(port_match[1]) if port_match else port
    own = ends.pop("ip", None)
    if own and "destination" in ends:
        ends.setdefault("source", own)
    if not ends and (worded := _worded(message)):
        return worded
    found: list[_End] = []
    for side in ("source", "destination"):
        address, port = ends.get(side, (None, None))
        found.append((address, ports.get(side) if address and port is None else port))
    return found[0], found[1], _NOWHERE


def _worded(message: str) -> tuple[_End, _End, _End] | None:
    """Find the ends by a usual wording."""
    arrow = _ARROW.search(message) if ">" in message else None
    if arrow and ip_of(arrow[1]) and ip_of(arrow[5]):
        first, nat, second = ((ip_of(arrow[at] or ""), port_of(arrow[at + 1] or "")) for at in (1, 3, 5))
        return first, second, nat
    from_to = _FROM_TO.search(message)
    if from_to and ip_of(from_to[1]) and ip_of(from_to[4]):
        first, second = (
            (ip_of(from_to[at]), port_of(from_to[at + 1] or from_to[at + 2] or "")) for at in (1, 4)
        )
        return first, second, _NOWHERE
    if (known := _FROM.search(message)) and ip_of(known[1]):
        return (ip_of(known[1]), port_of(known[2] or known[3] or "")), _NOWHERE, _NOWHERE
    if (logged := _LOGGED_ON.search(message)) and ip_of(logged[2]):
        return (ip_of(logged[2]), None), _NOWHERE, _NOWHERE
    if (both := _TRANSLATED.search(message)) and ip_of(both[1]) and ip_of(both[4]):
        first, nat = ((ip_of(both[at]), port_of(both[at + 1] or both[at + 2] or "")) for at in (1, 4))
        return first, _NOWHERE, nat
    cells = _COLUMNS.search(message)
    if cells and any(is_internal(address) for at in (1, 4) if (address := ip_of(cells[at]))):
        return (ip_of(cells[1]), port_of(cells[3])), (ip_of(cells[4]), port_of(cells[5])), _NOWHERE
    return None


def _asked(message: str) -> tuple[EventKind, str | None, str | None, int]:
    """Find a request or question: its kind, name, URL and offset; else a name and URL stated by keys."""
    request = _REQUEST.search(message)
    if request:
        host = host_of_url(request[1]) if request[1] else domain_of(request[2].strip("[]"))
        return EventKind.WEB, host, request[1], request.start() if host else 0
    question = (_QUESTION.search(message) if "IN" in message else None) or _LOOKED_UP.search(message)
    if question:
        return EventKind.DNS, question_of(question[1]), None, question.start()
    stated_values: dict[str, str] = {}
    for match in _NAMED.finditer(message):
        field = column_names.field_of(match[1])
        if field == "url" and "://" in match[2]:
            stated_values.setdefault("url", match[2])
        elif field in ("domain", "query") and "." in match[2] and (name := domain_of(match[2])):
            stated_values.setdefault("domain", name)
    if not stated_values and len(urls := _URL.findall(message[:_LOOKED_AT])) == 1 and _IPV4.search(message):
        url = urls[0].rstrip(".,;:)")
        return EventKind.WEB, host_of_url(url), url, message.index(url)
    url = stated_values.get("url")
    return EventKind.OTHER, stated_values.get("domain") or (host_of_url(url) if url else None), url, 0


def _first_end(text: str) -> _End:
    """Return the first address of a text, with its port."""
    match = _IPV4.search(text) or _IPV6.search(text)
    address = ip_of(match[0]) if match else None
    port = _OWN_PORT.match(text, match.end()) if match and address else None
    return address, port_of(port[1]) if port else None


def _mentioned(message: str, source: str | None) -> str | None:
    """Find the machine of a line without two ends: an internal source or address, else the source."""
    if source and not is_machine(source):
        source = None
    if source and is_internal(source):
        return source
    internal: set[str] = set()
    for pattern in (_IPV4, _IPV6):
        for count, match in enumerate(pattern.finditer(message)):
            if count == _ADDRESSES_LOOKED_AT:
                return source
            address = ip_of(match[0])
            if address and is_internal(address) and is_machine(address):
                internal.add(address)
    return internal.pop() if len(internal) == 1 else source
