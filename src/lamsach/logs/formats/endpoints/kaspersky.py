r"""Kaspersky Security Center: endpoint events as CEF, LEEF, structured syslog, and database XML.

Source: Kaspersky, "Security Center Help", "Exporting events to SIEM systems" and "Creating an SQL query using
the klsql2 utility"; "Events of Kaspersky Endpoint Security"; "Kaspersky Security Center database: public
views" (`v_akpub_ev_event`, `v_akpub_host`). Traps:
- The event's machine is `dst` and `dhost` in CEF (older ones: `dvc`, `dvchost`), `src` (`source_ip`) or
  `identHostName` in LEEF, `hip` and `hdn` in syslog (`[event@23668 ...]`).
- Hashes, the site and the user are in the message's text.
- `GNRL_EV_OBJECT_BLOCKED` and `..._CURED`, `_DELETED`, `_QUARANTINED` were stopped; `GNRL_EV_VIRUS_FOUND` is
  only a detection.
- In XML the views' columns (`tmRiseTime`, `strEventType`, `wstrDescription`, `wstrDisplayName`) are elements,
  attributes of a row, or values of an attribute `name`; the query's author may have added others.
- `tmRiseTime` is in UTC without stating it. `nIp` is an address as a number.
- No XML parser is used: only attributes and elements that hold nothing but text count, so entities and
  nesting do no harm.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv4Address

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.mappings.antivirus import event_of
from lamsach.logs.text import cef, leef
from lamsach.logs.text.record_headers import header_before, within_json
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes, first_time
from lamsach.logs.text.times.timestamps import from_iso
from lamsach.logs.text.values import by_word, in_order
from lamsach.model import Event

# CyberTrace and other gateways report no machine: their `dst` is the far end.
# CEF:0|KasperskyLab|SecurityCenter|13.2|GNRL_EV_VIRUS_FOUND|   LEEF:1.0|KasperskyLab|SecurityCenter|
_FRAMED = re.compile(
    r"(?i)(?:CEF: ?[01]|LEEF: ?[12](?:\.\d)?)\|(?:AO )?Kaspersky ?(?:Lab)?\|(?!(?:Kaspersky )?"
    r"(?:CyberTrace|Anti Targeted|KATA|Web Traffic|Secure Mail))"
)
# [event@23668 et="GNRL_EV_VIRUS_FOUND" hdn="PC-7" hip="10.1.1.7" p1="C:\\a.exe"]
_STRUCTURED = re.compile(r'(?<= )([A-Za-z]\w{0,40})="((?:[^"\\]|\\.)*)"')
_ELEMENT = "[event@23668 "


class Kaspersky(LogFormat):
    """Detections and other events of its endpoints, sent as CEF, LEEF or structured syslog.

    Hashes, site and user come from the message's text.
    """

    name = "kaspersky"
    title = "Kaspersky Security Center"
    gives = fields_named("hosts machine user domain url hashes action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the vendor's name in a CEF or LEEF header, or its enterprise number in structured data."""
        if _ELEMENT in line[:700]:
            return not within_json(line, line.find(_ELEMENT))
        match = (
            _FRAMED.search(line, 0, 700) if "aspersky" in line[:700] or "KASPERSKY" in line[:700] else None
        )
        return match is not None and not within_json(line, match.start())

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        self.check(line)
        for frame, read in ((cef, self._cef), (leef, self._leef)):
            position = frame.find(line)
            if position >= 0:
                return read(line, position)
        return self._syslog(line)

    def _cef(self, line: str, position: int) -> Event:
        record = cef.read(line[position:])
        header = header_before(line, position, self.context)
        fields = {**record.extension, "code": record.signature, "title": record.name}
        time = (
            first_time((fields.get("rt"), fields.get("end"), fields.get("start")), self.context)
            or header.time
        )
        return event_of(fields, time, header.host)

    def _leef(self, line: str, position: int) -> Event:
        record = leef.read(line[position:])
        header = header_before(line, position, self.context)
        fields = {**record.attributes, "code": record.event}
        time = first_time((fields.get("devtime"), fields.get("rt")), self.context) or header.time
        return event_of(fields, time, header.host)

    def _syslog(self, line: str) -> Event:
        header, message = split_header(line, self.context)
        element = line[line.find(_ELEMENT) :]
        fields: dict[str, str] = {}
        for key, value in _STRUCTURED.findall(element):
            fields.setdefault(key, value.replace("\\\\", "\\").replace('\\"', '"'))
        fields = {
            **fields,
            "code": fields.get("et", ""),
            "title": fields.get("etdn", ""),
            "msg": f"{message} {' '.join(fields.values())}",
        }
        return event_of(fields, header.time, header.host if header.host != fields.get("hdn") else None)


_COLUMNS = in_order(
    "strEventType wstrDescription tmRiseTime tmRegistrationTime wstrEventTypeDisplayName "
    "wstrDisplayName wstrGroupName strIp wstrProductDisplayName wstrProductName wstrHostDisplayName "
    "strHostname nIp nId nSeverity wstrDnsName wstrWinName"
)
_OWN = re.compile(
    rf"(?a)[<\s\"'](?:{'|'.join(_COLUMNS[:5])})[>\s\"'=]|>GNRL_EV_\w{{3,60}}<|=\"GNRL_EV_\w{{3,60}}\""
)
# <strEventType>GNRL_EV_VIRUS_FOUND</strEventType>   <column name="strEventType">GNRL_EV_VIRUS_FOUND</column>
_ELEMENT_KASPERSKY_XML = re.compile(
    r"(?a)<([A-Za-z][\w:.-]{0,60})(?:\s+(?:name|column|id)=[\"']([\w.]{1,60})[\"'])?(?:\s[^<>]{0,200})?>"
    r"([^<]{1,16000})</\1\s*>"
)
# <event strEventType="GNRL_EV_VIRUS_FOUND" wstrDisplayName="PC-7" ../>
_ATTRIBUTE = re.compile(r"\s([A-Za-z]\w{0,60})=\"([^\"<>]{0,16000})\"", re.ASCII)
_FIRST_TAG = re.compile(r"(?a)\s{0,200}<([A-Za-z][\w:.-]{0,60})(?:\s+(?:name|column)=[\"'](\w{1,60})[\"'])?")
_NOTHING = re.compile(r"\s{0,200}(?:<[?!][^<>]{0,400}>|</?[\w:.-]{1,60}(?:\s[^<>]{0,400})?/?>)?\s*", re.ASCII)
_LONGEST, _MOST, _HEAD = 65536, 200, 2000
_NAMES = by_word(
    {
        "code": "streventtype eventtype event_type et",
        "title": "wstreventtypedisplayname eventtypedisplayname etdn",
        "msg": "wstrdescription description msg message",
        "hdn": "wstrdisplayname wstrhostdisplayname strhostname hostname host hdn computer wstrdnsname "
        "wstrwinname devicename",
        "hip": "strip hostip host_ip ip hip ipaddress nip",
        "user": "user username wstruser",
        "rise": "tmrisetime risetime",
        "registered": "tmregistrationtime",
        "time": "time eventtime timestamp date",
    }
)


class KasperskyXml(LogFormat):
    """Events from its database, as `klsql2` writes them or one element a line.

    `tmRiseTime` is in UTC; no XML parser is used.
    """

    name = "kaspersky_xml"
    title = "Kaspersky Security Center (XML)"
    gives = fields_named("hosts machine user domain url hashes action")
    multiline = True

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a column of the views as an element or attribute, or an event type."""
        return ("</" in line or "/>" in line) and line[:1] != "{" and _OWN.search(line, 0, _HEAD) is not None

    @classmethod
    def score(cls, head: Sequence[str]) -> float:
        """Share of lines within the document, when it has such columns."""
        known = sum(map(cls.recognises, head))
        within = sum(line.lstrip()[:1] == "<" or cls.recognises(line) for line in head)
        return within / len(head) if known and known * 12 >= len(head) else 0.0

    @classmethod
    def starts_record(cls, line: str) -> bool:
        """Match a line whose first element is no column."""
        first = _FIRST_TAG.match(line)
        if first is None:
            return cls.recognises(line)
        return (first[2] or first[1]).lower() not in _NAMES and (first[2] or first[1]) not in _COLUMNS

    def read(self, line: str) -> Event | None:
        """Read one row; None for lines around the rows."""
        fields = _fields(line)
        if "code" not in fields and "msg" not in fields:
            if all(_NOTHING.fullmatch(part) for part in line.split("\n", 50)):
                return None
            raise LineError("The line is not of this product.", line[:80])
        start = line.find("<", 1) if line[:1] == "<" and line[1:2].isdigit() else 0
        header = header_before(line, max(0, start), self.context)
        return event_of(fields, self._time(fields) or header.time, header.host)

    def _time(self, fields: dict[str, str]) -> datetime | None:
        for key in ("rise", "registered", "time"):
            with suppress(LineError):
                if text := fields.pop(key, ""):
                    return LooseTimes(self.context).read(text) if key == "time" else from_iso(text, UTC)
        return None


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    pairs = [(match[2] or match[1], match[3]) for match in _limited_matches(_ELEMENT_KASPERSKY_XML, text)]
    pairs += [(match[1], match[2]) for match in _limited_matches(_ATTRIBUTE, text)]
    for name, value in pairs:
        key = _NAMES.get(name.rpartition(".")[2].lower())
        content = html.unescape(value).strip()
        if key and content:
            found.setdefault(key, _address(content) if name.lower() == "nip" else content)
    return found


def _limited_matches(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [match for _, match in zip(range(_MOST), pattern.finditer(text, 0, _LONGEST), strict=False)]


def _address(text: str) -> str:
    """Convert a number to an address."""
    number = int(text) if text.lstrip("-").isdecimal() and len(text) <= 11 else -1
    return str(IPv4Address(number & 0xFFFFFFFF)) if number not in (0, -1) else ""
