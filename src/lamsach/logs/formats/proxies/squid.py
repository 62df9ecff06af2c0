"""Squid: the access log in its native, `common` and `combined` formats, and as pfSense and OPNsense write it.

Source: Squid documentation, directives `logformat` and `access_log` (2.7 to 7); wiki "Features/LogFormat" with the lists of
result codes and hierarchy codes.

Traps:
- The time is `epoch.milliseconds`, right-aligned columns; newer versions may log other clocks (`%tl`, `%tg`).
- `CONNECT` shows only `host:port`, IPv6 as `[2001:db8::1]:443`; intercepted TLS shows the address.
- A URL may hold spaces (`uri_whitespace allow`): the columns are found from the hierarchy code `HIER_DIRECT/`.
- `PARENT/10.0.0.9` names another proxy, not the destination.
- `error:transaction-end-before-headers` stands in the URL's place and is none.
- Cisco's WSA puts the user into quotes.
- A line that ends behind the hierarchy code may be cut within the address; where most lines end there, the layout leaves the type out.
- OPNsense puts the client's MAC address where the user stands.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.text.syslog import SyslogHeader, split_header
from lamsach.logs.text.times.timestamps import MONTHS, from_epoch, from_iso
from lamsach.logs.text.values import host_and_port, ip_of, mac_of, stated
from lamsach.model import Action, Event, EventKind

# 1737725543.236   1822 10.1.1.5 TCP_TUNNEL/200 1232 CONNECT files.example:443 - HIER_DIRECT/203.0.113.9 -
# [24/Jan/2025:13:32:23 +0700] 12 10.1.1.5 TCP_MISS/200 ...     2025-01-24 13:32:23 12 10.1.1.5 TCP_MISS/200 ...
_NATIVE = re.compile(
    r"(?:^|(?<=[\s:\]]))(?:(\d{9,10}(?:[.,]\d{1,6})?)|\[?(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\]?"
    r"|\[?(\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?)\]?)"
    r" +(-?\d{1,12}|-) +([0-9A-Za-z:.%_\[\]-]{2,255})(?: +((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}))? +"
    r"(?:((?:TCP|UDP|NONE|TAG|ERR|NF|SWAPFAIL)[A-Z_]{0,60})/(\d{1,3}|-) +(\d{1,20}|-) +"
    r"|((?:TCP|UDP|NONE|TAG|ERR)_[A-Z_]{0,60}(?:/(?:\d{1,3}|-)?(?: +(?:\d{1,20}|-)?)?)?)$)",
    re.ASCII,
)
# 10.1.1.5 - lan [24/Jan/2025:13:32:23 +0700] "GET http://files.example/a HTTP/1.1" 200 512 "-" "curl/8" TCP_MISS:HIER_DIRECT
_COMBINED = re.compile(
    r"(?:^|(?<=[\s:]))([0-9A-Za-z:.%_-]{2,255}) (\S{1,255}) (\S{1,255}) "
    r"\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] \"([A-Z_]{1,32}|-) ",
    re.ASCII,
)
_COMBINED_END = re.compile(
    r"(?<= )((?:TCP|UDP|NONE|TAG)[A-Z_]{0,60}):((?:HIER_)?[A-Z][A-Z_]{2,60})(?:/(\S{1,255}))?(?=\s|$)",
    re.ASCII,
)
_HIERARCHY = re.compile(
    r"(?:TIMEOUT_)?((?:HIER_)?(?:[A-Z]+_)*(?:DIRECT|NONE|PARENT|HIT|MISS|DST|PINNED|CARP|FAIL|FASTEST|POOL|CODE))/(.*)",
    re.ASCII | re.DOTALL,
)
_METHOD = re.compile(r"[A-Z][A-Z_-]{0,31}|-|NONE", re.ASCII)
_TO_DESTINATION = ("DIRECT", "ORIGINAL_DST", "PINNED", "SOURCE_FASTEST", "DIRECT_FAIL")
# http://user@files.example:8080/a
_AUTHORITY = re.compile(r"[a-z][a-z0-9+._-]{1,15}://(?:[^/?#@]{0,255}@)?([^/?#]{1,300})", re.I | re.A)
_CUT_URL = 2048
_TAIL = 400
_HEAD = 50
_LOOKED_AT = 800


def _native(line: str) -> re.Match[str] | None:
    """How a record of Squid's own layout begins. A line that goes on behind what is looked at is not cut there."""
    match = _NATIVE.search(line, 0, _LOOKED_AT)
    return None if match is None or (match[10] is not None and match.end() < len(line)) else match


class Squid(LogFormat):
    """Requests that a Squid proxy served, tunnelled or denied."""

    name = "squid"
    title = "Squid"
    gives: ClassVar[tuple[str, ...]] = (
        "time", "observer", "source_ip", "source_port", "destination_ip", "destination_port", "device_ip", "device_name", "device_mac",
        "user", "domain", "url", "action",
    )  # fmt: skip

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        whole = [line.split() for line in context.head[:_HEAD] if _native(line)]
        ending = sum(bool(words) and _HIERARCHY.fullmatch(words[-1]) is not None for words in whole)
        self._ends_there = ending > max(1, len(whole) - ending)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """A result code with a slash and a status after the client, or `CODE:HIERARCHY` at the end of a web server's line."""
        if _native(line):
            return True
        return '] "' in line and _result(line) is not None and (_COMBINED.search(line, 0, 1200) is not None)

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`."""
        native = _native(line)
        if native:
            return self._native(line, native, number)
        start = _COMBINED.search(line, 0, 1200)
        end = _result(line)
        if start is None or end is None:
            raise LineError("The line is not a Squid access record.", line[:80])
        return self._combined(line, start, end, number)

    def _native(self, line: str, match: re.Match[str], number: int) -> Event:
        epoch, clf, iso, _, client, frame, code, _, _, cut = match.groups()
        if epoch:
            time = from_epoch(epoch.replace(",", "."))
        else:
            time = _clf_time(clf) if clf else from_iso(iso, self.context.timezone)
        header = self._header(line[: match.start()])
        columns = line[match.end() :].split()
        if columns and not _METHOD.fullmatch(columns[0]):
            raise LineError("The line is not a Squid access record.", line[:80])
        if len(columns) < 4:
            code = code or (cut.partition("/")[0] if "/" in cut else "")
            url = _sure(columns, whole=line[-1:].isspace())
            method = columns[0] if columns else "-"
            nowhere = ("NONE", "-")
            user = columns[2] if len(columns) == 3 and line[-1:].isspace() else None
            return self._event(number, header, time, client, user, mac_of(frame), method, url, code, nowhere)
        at, hierarchy = _hierarchy(columns)
        if (
            at == len(columns) - 1 and not self._ends_there and not line[-1].isspace()
        ):  # the address may go on
            hierarchy = (hierarchy[0], "-")
        url = " ".join(columns[1 : at - 1])
        user = columns[at - 1]
        mac = next((mac for mac in map(mac_of, (frame, user, *columns[at + 2 : at + 4])) if mac), None)
        return self._event(
            number,
            header,
            time,
            client,
            (mac_of(user) is None and user.strip('"')) or None,
            mac,
            columns[0],
            url,
            code,
            hierarchy,
        )

    def _combined(self, line: str, start: re.Match[str], end: re.Match[str], number: int) -> Event:
        client, ident, user, written, method = start.groups()
        request = line[start.end() : end.start()].partition('"')[0]
        url = request.rpartition(" HTTP/")[0] or request.rpartition(" ")[0] or request
        header = self._header(line[: start.start()])
        mac = mac_of(user) or mac_of(ident)
        name = None if mac_of(user) else stated(user) or (None if mac_of(ident) else ident)
        hierarchy = (end[2], end[3] or "-")
        return self._event(
            number, header, _clf_time(written), client, name, mac, method, url, end[1], hierarchy
        )

    def _header(self, before: str) -> SyslogHeader:
        try:
            return split_header(before.rstrip() + " -", self.context)[0] if before.strip() else SyslogHeader()
        except LineError:
            return SyslogHeader()

    def _event(
        self,
        number: int,
        header: SyslogHeader,
        time: datetime,
        client: str,
        user: str | None,
        mac: str | None,
        method: str,
        url: str,
        code: str,
        hierarchy: tuple[str, str],
    ) -> Event:
        host, port = target_of(method, url)
        source, source_port = (client, None) if ip_of(client) else host_and_port(client)
        source = source and (ip_of(source) or source)
        named = source is not None and ip_of(source) is None
        return Event(
            time=time,
            kind=EventKind.WEB,
            observer=header.host,
            source_ip=None if named else source,
            source_port=None if named else source_port,
            device_ip=None if named else source,
            device_name=source if named else None,
            device_mac=mac,
            destination_ip=destination_of(host, hierarchy),
            destination_port=port,
            user=stated(user),
            domain=host,
            url=None if url.startswith("error:") else stated(url),
            action=action_of(code),
            format=self.name,
            file=self.context.file,
            line=number,
        )


def _result(line: str) -> re.Match[str] | None:
    """The last result code of a `combined` line; an earlier one may be what a stranger put into the user agent."""
    found = list(_COMBINED_END.finditer(line, max(0, len(line) - _TAIL)))
    return found[-1] if found else None


def _sure(columns: list[str], *, whole: bool) -> str:
    """What is sure of the URL in a record that ends at it: all when something follows; else its host and path as far as a mark ends them."""
    if len(columns) < 2 or len(columns) > 2 or whole:
        return columns[1] if len(columns) > 1 else "-"
    url = columns[1]
    authority = _AUTHORITY.match(url)
    if authority is not None:
        end = url.rfind("/")
        if end >= authority.end():
            return url[: end + 1]
        if authority.end() < len(url):
            return url[: authority.end()]
    elif columns[0] != "CONNECT":
        return "-"
    named = ":" in (authority[1] if authority else url)
    host = url.rpartition(":")[0]  # the port may go on
    return host if named and host.count("[") == host.count("]") else "-"


def _clf_time(text: str) -> datetime:
    # 24/Jan/2025:13:32:23 +0700
    month = MONTHS.get(text[3:6], 0)
    return from_iso(f"{text[7:11]}-{month:02d}-{text[:2]} {text[12:20]}{text[21:]}", UTC)


def _hierarchy(columns: list[str]) -> tuple[int, tuple[str, str]]:
    """Where the hierarchy code stands among method, URL, user, code/peer, type; its two parts."""
    for index in range(3, len(columns)):
        match = _HIERARCHY.fullmatch(columns[index])
        if match:
            return index, (match[1], match[2])
    if len(columns) < 4:
        return len(columns), ("NONE", "-")
    return 3, ("NONE", "-")


def target_of(method: str, url: str) -> tuple[str | None, int | None]:
    """Host and port that a request names."""
    if url.startswith("error:") or url == "-":
        return None, None
    authority = _AUTHORITY.match(url[:_CUT_URL])
    if authority:
        return host_and_port(authority[1])
    if method == "CONNECT" or ("/" not in url and ":" in url):
        return host_and_port(url[:400])
    return None, None


def destination_of(host: str | None, hierarchy: tuple[str, str]) -> str | None:
    """The address that was contacted: the peer of a direct fetch, else the address in the URL."""
    code, peer = hierarchy
    if code.endswith(_TO_DESTINATION):
        address = ip_of(peer) or ip_of(host_and_port(peer)[0] or "")
        if address:
            return address
    return ip_of(host) if host else None


def action_of(code: str) -> Action:
    """What a result code says."""
    if "DENIED" in code:
        return Action.BLOCKED
    return Action.ALLOWED if code.startswith(("TCP", "UDP")) else Action.UNKNOWN
