"""Squid: the access log in its native, `common` and `combined` formats, also of pfSense and OPNsense.

Source: Squid documentation, directives `logformat` and `access_log` (2.7 to 7); wiki "Features/LogFormat"
with the lists of result codes and hierarchy codes. Traps:
- The time is `epoch.milliseconds`, right-aligned columns; newer versions may log other clocks (`%tl`, `%tg`).
- `CONNECT` shows only `host:port`, IPv6 as `[2001:db8::1]:443`; intercepted TLS shows the address.
- A URL may hold spaces (`uri_whitespace allow`): the columns are found from the hierarchy code
  `HIER_DIRECT/`.
- `PARENT/10.0.0.9` names another proxy, not the destination.
- `error:transaction-end-before-headers` replaces a URL and is none.
- Cisco's WSA puts the user into quotes.
- A line that ends after the hierarchy code may be cut within the address; where most lines end like this, the
  layout lacks the type.
- OPNsense puts the client's MAC address into the user's column.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.events.ends import Role
from lamsach.logs.layouts import Layout, Of, Shape
from lamsach.logs.layouts.kinds import (
    END_ADDRESS,
    END_NAME,
    END_PORT,
    EPOCH,
    HOST,
    MAC,
    PORT,
    TEXT,
    Clock,
    Kind,
)
from lamsach.logs.layouts.line import LayoutFormat, Texts
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.text.times.timestamps import MONTHS, from_epoch, from_iso
from lamsach.logs.text.values import host_and_port, mac_of, stated
from lamsach.model import Action, EventKind

# 1737725543.236   1822 10.1.1.5 TCP_TUNNEL/200 1232 CONNECT files.example:443 - HIER_DIRECT/203.0.113.9 -
# [24/Jan/2025:13:32:23 +0700] 12 10.1.1.5 TCP_MISS/200 ...
_NATIVE = re.compile(
    r"(?:^|(?<=[\s:\]]))(?:(\d{9,10}(?:[.,]\d{1,6})?)|\[?(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} "
    r"[+-]\d{4})\]?|\[?(\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?)"
    r"\]?) +(-?\d{1,12}|-) +([0-9A-Za-z:.%_\[\]-]{2,255})(?: +((?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}))? +"
    r"(?:((?:TCP|UDP|NONE|TAG|ERR|NF|SWAPFAIL)[A-Z_]{0,60})/(\d{1,3}|-) +(\d{1,20}|-) +|((?:TCP|UDP|NONE"
    r"|TAG|ERR)_[A-Z_]{0,60}(?:/(?:\d{1,3}|-)?(?: +(?:\d{1,20}|-)?)?)?)$)",
    re.ASCII,
)
# 10.1.1.5 - lan [24/Jan/2025:13:32:23 +0700] "GET http://files.example/a HTTP/1.1" 200 512 "-" "curl/8" ..
_COMBINED = re.compile(
    r"(?:^|(?<=[\s:]))([0-9A-Za-z:.%_-]{2,255}) (\S{1,255}) (\S{1,255}) "
    r"\[(\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4})\] \"([A-Z_]{1,32}|-) ",
    re.ASCII,
)
_COMBINED_END = re.compile(
    r"(?a)(?<= )((?:TCP|UDP|NONE|TAG)[A-Z_]{0,60}):((?:HIER_)?[A-Z][A-Z_]{2,60})(?:/(\S{1,255}))?(?=\s|$)"
)
_HIERARCHY = re.compile(
    r"(?as)(?:TIMEOUT_)?((?:HIER_)?(?:[A-Z]+_)*(?:DIRECT|NONE|PARENT|HIT|MISS|DST|PINNED|CARP|FAIL|FASTEST"
    r"|POOL|CODE))/(.*)"
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
    """Match the start of a record in Squid's own layout; a line longer than _LOOKED_AT is not cut there."""
    match = _NATIVE.search(line, 0, _LOOKED_AT)
    return None if match is None or (match[10] is not None and match.end() < len(line)) else match


def _result(line: str) -> re.Match[str] | None:
    """Find the last result code of a `combined` line; an earlier one may be in a stranger's user agent."""
    found = list(_COMBINED_END.finditer(line, max(0, len(line) - _TAIL)))
    return found[-1] if found else None


def _sure(columns: list[str], *, whole: bool) -> str:
    """Certain part of a URL: all if a column follows, else up to the last mark."""
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


def _time(text: str, context: FileContext) -> datetime:
    # 1737725543.236     24/Jan/2025:13:32:23 +0700     2025-01-24 13:32:23
    if text[2] == "/":
        month = MONTHS.get(text[3:6], 0)
        return from_iso(f"{text[7:11]}-{month:02d}-{text[:2]} {text[12:20]}{text[21:]}", UTC)
    return from_iso(text, context.timezone) if text[4] in "-/" else from_epoch(text)


def _hierarchy(columns: list[str]) -> tuple[int, tuple[str, str]]:
    """Find the index of the hierarchy code among method, URL, user, code/peer, type; and its two parts."""
    for index in range(3, len(columns)):
        match = _HIERARCHY.fullmatch(columns[index])
        if match:
            return index, (match[1], match[2])
    if len(columns) < 4:
        return len(columns), ("NONE", "-")
    return 3, ("NONE", "-")


def _target_of(method: str, url: str) -> tuple[str | None, int | None]:
    """Host and port in a request."""
    if url.startswith("error:") or url == "-":
        return None, None
    authority = _AUTHORITY.match(url[:_CUT_URL])
    if authority:
        return host_and_port(authority[1])
    if method == "CONNECT" or ("/" not in url and ":" in url):
        return host_and_port(url[:400])
    return None, None


def _action_of(code: str) -> Action:
    """Outcome of a result code."""
    return verdict("DENIED" in code, code.startswith(("TCP", "UDP")))


def _texts(
    client: str,
    user: str | None,
    mac: str | None,
    method: str,
    url: str,
    code: str,
    hierarchy: tuple[str, str],
) -> Texts:
    """Texts of a record, common to all layouts."""
    host, port = _target_of(method, url)
    peer = hierarchy[1] if hierarchy[0].endswith(_TO_DESTINATION) else None
    url = "" if url.startswith("error:") else url
    return {
        "client": client,
        "user": user,
        "mac": mac,
        "url": url,
        "host": host,
        "port": str(port or ""),
        "peer": peer,
        "code": code,
    }


def _native_texts(log_format: Squid, match: re.Match[str]) -> Texts | None:
    """Read a record of Squid's own layout with spaces in its URL, or more, fewer, or cut columns."""
    line = match.string
    epoch, clf, iso, _, client, frame, code, _, _, cut = match.groups()
    if cut is not None and match.end() < len(line):
        return None
    time = {"time": epoch.replace(",", ".") if epoch else clf or iso}
    columns = line[match.end() :].split()
    if columns and not _METHOD.fullmatch(columns[0]):
        return None
    if len(columns) < 4:
        code = code or (cut.partition("/")[0] if "/" in cut else "")
        url = _sure(columns, whole=line[-1:].isspace())
        user = columns[2] if len(columns) == 3 and line[-1:].isspace() else None
        return time | _texts(client, user, frame, columns[0] if columns else "-", url, code, ("NONE", "-"))
    at, hierarchy = _hierarchy(columns)
    # the address may go on
    if at == len(columns) - 1 and not log_format.ends_there and not line[-1].isspace():
        hierarchy = (hierarchy[0], "-")
    user = columns[at - 1]
    mac = next((mac for mac in map(mac_of, (frame, user, *columns[at + 2 : at + 4])) if mac), None)
    return time | _texts(client, user, mac, columns[0], " ".join(columns[1 : at - 1]), code, hierarchy)


def _combined_texts(log_format: Squid, match: re.Match[str]) -> Texts | None:
    """Read a line in a web server's layout, with the result code at its end."""
    line, end = match.string, _result(match.string)
    if end is None:
        return None
    client, ident, user, written, method = match.groups()
    request = line[match.end() : end.start()].partition('"')[0]
    url = request.rpartition(" HTTP/")[0] or request.rpartition(" ")[0] or request
    name = stated(user) or ident
    mac = mac_of(user) or mac_of(ident)
    return {"time": written} | _texts(client, name, mac, method, url, end[1], (end[2], end[3] or "-"))


_FIELDS = {
    "kind": EventKind.WEB,
    "time": Of(Clock("squid", _time, EPOCH.column), ("time",)),
    "source_ip": Of(END_ADDRESS, ("client",)),
    "source_port": Of(END_PORT, ("client",)),
    "source_name": Of(END_NAME, ("client",)),
    "device_mac": Of(MAC, ("mac", "user")),
    "destination_ip": Of(END_ADDRESS, ("peer", "host", "host2")),
    "destination_port": Of(PORT, ("port", "port2")),
    "user": Of(Kind("user", lambda text: None if mac_of(text) else stated(text.strip('"'))), ("user",)),
    "domain": Of(HOST, ("host", "host2")),
    "url": Of(TEXT, ("url", "url2")),
    "action": Of(Kind("result", _action_of), ("code",), absent=Action.UNKNOWN),
}


class Squid(LayoutFormat):
    """Access log: native, common, combined; as pfSense and OPNsense write it.

    Of a CONNECT only host and port are known.
    """

    layout = Layout(
        name="squid",
        title="Squid",
        role=Role.SERVES_THE_UNIT,
        anywhere=True,
        room=_LOOKED_AT,
        shapes=(
            # 1737725543.236
            Shape(
                r"^(?P<time>\d{9,10}(?:\.\d{1,6})?) +-?\d{1,12} (?P<client>[0-9.]{7,15}|[0-9A-Fa-f:]{3,39})"
                r" (?P<code>(?:TCP|UDP|NONE)[A-Z_]*)/\d{1,3} \d+ (?:CONNECT (?P<url>(?P<host>[\w.-]+):"
                r"(?P<port>\d{1,5}))|[A-Z]+ (?P<url2>https?://(?P<host2>[\w.-]+)(?::(?P<port2>\d{1,5}))?"
                r"(?:/[!-~]*)?)) (?P<user>[!-~]+) HIER_(?:(?:DIRECT|ORIGINAL_DST)/(?P<peer>[!-~]+)"
                r"|NONE/[!-~]+) [!-~]+$",
                _FIELDS,
            ),
            Shape(_NATIVE.pattern, _FIELDS, apart=_native_texts),
            Shape(_COMBINED.pattern, _FIELDS, apart=_combined_texts),
        ),
        examples=(
            (
                "1737725543.236   1822 10.1.1.5 TCP_TUNNEL/200 1232 CONNECT files.example:443 an "
                "HIER_DIRECT/203.0.113.9 -",
                {"device_ip": "10.1.1.5", "user": "an", "domain": "files.example",
                    "destination_ip": "203.0.113.9", "destination_port": 443, "action": "allowed"},
            ),
            (
                "1737725543.236 0 10.1.1.5 TCP_DENIED/403 3900 GET http://bot.example/gate.php - "
                "HIER_NONE/- text/html",
                {"url": "http://bot.example/gate.php", "domain": "bot.example", "user": None,
                    "action": "blocked"},
            ),
        ),
    )  # fmt: skip

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        whole = [line.split() for line in context.head[:_HEAD] if _native(line)]
        ending = sum(bool(words) and _HIERARCHY.fullmatch(words[-1]) is not None for words in whole)
        self.ends_there = ending > max(1, len(whole) - ending)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match result code, slash and status after the client, or `CODE:HIERARCHY` at a line's end."""
        if _native(line):
            return True
        return '] "' in line and _result(line) is not None and (_COMBINED.search(line, 0, 1200) is not None)

    def head(self, line: str, start: int) -> tuple[datetime | None, str | None]:
        """See `LayoutFormat`."""
        before = line[:start]
        try:
            return super().head(before.rstrip() + " -", start) if before.strip() else (None, None)
        except LineError:
            return None, None
