"""Windows events as JSON objects, in the shapes of exporters and shippers.

Source: Winlogbeat and Elastic Agent
(https://www.elastic.co/guide/en/beats/winlogbeat/current/exported-fields-winlog.html), NXLog im_msvistalog
(https://docs.nxlog.co/refman/current/im/msvistalog.html), Wazuh (`data.win`), Azure Monitor
(`WindowsEventLogsTable`, `SecurityEvent`), Graylog (`winlogbeat_winlog_event_data_..`), evtx_dump,
Velociraptor, Fluent Bit, PowerShell's `ConvertTo-Json`. Traps:
- Winlogbeat's `@timestamp` is the event's time; NXLog's is the log server's, and `EventTime` is a local
  time without an offset: Sysmon's `UtcTime`, if present, is better.
- The difference between `EventReceivedTime`, on the same local clock, and `@timestamp` gives that clock's
  offset.
- NXLog's `Domain`, `AccountName` and Logstash's `host` and `port` describe the sender.
- A record may contain the event as XML in a text (`RawXml`, `Event`), or as JSON in a text (`message`).

A field's path determines its role: part of the system data, a datum of the event, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from functools import lru_cache

from lamsach.errors import LineError
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.mappings.windows.xml import record_of_xml
from lamsach.logs.text.json_records import MOST_FIELDS, object_in_text, objects_of, text_of, texts_of, walk
from lamsach.logs.text.values import among, by_word

# winlog.event_data.TargetUserName   event.eventdata.data
_EVENT_DATA = re.compile(r"(?:event_?data|user_?data|eventxml)(?:[._]|$)(.*)", re.DOTALL)
_PREFIX = re.compile(r"^(?:winlogbeat_|winlog_|_source\.|fields\.|result\.|_)+")
_WINLOGBEAT = ("winlog", "_winlog", "beat.", "_source.winlog")
_XML_KEYS = among("rawxml event eventxml xml original message eventdata raw _raw eventrecord")
_UNNAMED = frozenset({"", "data", "param", "properties", "stringinserts", "inserts", "insertionstrings"})
_PATHS_KEPT = 8192
_LONGEST_PATH = 512


class Part(Enum):
    """Role of a field in the event."""

    SYSTEM = auto()
    WRITTEN = auto()
    """`SystemTime`: when the event was written."""
    TIME = auto()
    DATUM = auto()
    UNNAMED = auto()
    """Values without names, in order."""
    ECS = auto()
    """A field of ECS that repeats a datum."""
    FLAT = auto()
    """A top-level field: a datum in shapes that have the data there."""
    ANSWERS = auto()
    NOTHING = auto()


# last part of a path, or whole path: system value
_SYSTEM: Mapping[str, str] = by_word(
    {
        "id": "eventid event_id eventcode event.code event_code eventid.value",
        "computer": "computer computer_name computername machinename host_name",
        "host": "host.hostname host.name hostname",
        "provider": "provider.name provider_name providername sourcename source_name eventsource "
        "eventsourcename",
        "channel": "channel logname log_name eventlog",
        "time": "systemtime timecreated time_created timecreated.systemtime timecreatedutc",
        "other_time": "@timestamp timegenerated time eventtime timestamp eventtimestamp",
        "message": "message renderedmessage rendereddescription description formattedmessage",
    }
)
# fields of ECS: the datum that they repeat
_ECS: Mapping[str, str] = {
    "source.ip": "sourceip", "source.port": "sourceport", "destination.ip": "destinationip",
    "destination.port": "destinationport", "dns.question.name": "queryname", "url.full": "url",
    "url.original": "url", "hash.md5": "md5", "hash.sha1": "sha1", "hash.sha256": "sha256",
    "process.command_line": "commandline", "process.parent.command_line": "parentcommandline",
    "destination.domain": "destinationhostname", "user.name": "user", "file.path": "targetfilename",
}  # fmt: skip


FieldRole = tuple[Part, str, bool, bool]
"""Part, name of the datum or system value, whether it may be XML, whether Winlogbeat's."""


@lru_cache(_PATHS_KEPT)
def part_of(path: str) -> FieldRole:
    """Return the role of the field with this path."""
    if len(path) > _LONGEST_PATH:
        return Part.NOTHING, "", False, False
    plain = _plain(path)
    last = plain.rpartition(".")[2]
    part, name = _part(plain, last)
    return part, name, last in _XML_KEYS, path.startswith(_WINLOGBEAT)


def _part(path: str, last: str) -> tuple[Part, str]:
    inside = _EVENT_DATA.search(path)
    if inside is not None:
        name = inside[1].rpartition(".")[2]
        return (Part.UNNAMED, "") if name in _UNNAMED or name.isdigit() else (Part.DATUM, name)
    if path.endswith(("dns.answers", "dns.resolved_ip")):
        return Part.ANSWERS, ""
    if path in _UNNAMED:
        return Part.UNNAMED, ""
    two = _last_two(path)
    if last == "systemtime":
        return Part.WRITTEN, ""
    system_value = _SYSTEM.get(path) or (
        None if "host." in path and two not in _HOST else _SYSTEM.get(two) or _SYSTEM.get(last)
    )
    if system_value == "other_time":
        return Part.TIME, last
    if system_value is not None:
        return Part.SYSTEM, system_value
    ecs = _ECS.get(path) or _ECS.get(two)
    if ecs is not None:
        return Part.ECS, ecs
    return (Part.FLAT, path) if "." not in path else (Part.NOTHING, "")


_HOST = ("host.name", "host.hostname")


def _plain(path: str) -> str:
    """Lower a path's case and remove the layers that evtx_dump and others insert."""
    path = path.lower()
    if "#" in path or "_attributes" in path:
        path = path.replace(".#attributes", "").replace("_attributes", "").removesuffix(".#text")
    if path.endswith((".@systemtime", ".@name")):
        path = path.replace(".@", ".")
    return _PREFIX.sub("", path)


def _last_two(path: str) -> str:
    first, dot, last = path.rpartition(".")
    return f"{first.rpartition('.')[2]}.{last}" if dot else path


# "EventID":4624   "event_id":"22"   "EventID":{"Value":1   \\"eventID\\":\\"3\\"   "event":{..,"code":"4624"
_NUMBER = re.compile(
    r'(?i)\\?"(?:[\w.]{0,60}event_?id|eventcode|event_code|code)\\?"\s*:\s*\[?\s*(?:\\?"\d|\d|\{)'
)
# PowerShell's ConvertTo-Json
_POWERSHELL = re.compile(r'"Id"\s*:\s*\d')
_SURE = (
    "microsoft-windows-", "windows event", "winlog", "providerguid", "provider_guid", '"win":',
    "im_msvistalog", "security-auditing", "win/2004/08/events", "windowseventlogstable", "sysmon",
    "wineventlog", "eventdata", "event_data", "im_mseventlog", "microsoft windows security", "linux-sysmon",
)  # fmt: skip
# "Channel":"Security"   "log_name": "Microsoft-Windows-Sysmon/Operational"
_OWN_LOG = re.compile(
    r'(?i)\\?"(?:channel|logname|log_name)\\?"\s*:\s*\[?\s*\\?"(?:security|system|application|microsoft-'
    r'|[\w -]{1,60}/(?:operational|admin)\\?")'
)
_TIME_ORDER = ("eventtime", "@timestamp", "timegenerated", "time", "timestamp", "eventtimestamp")
_MOST_XML = 4
# Sysmon's `Initiated`, which determines the client, as evtx_dump and others write it.
_TRUTH: Mapping[object, str] = {True: "true", False: "false"}


def looks_like_windows_event(text: str) -> bool:
    """Return whether JSON text (even inside a text) has an event ID and a word of Windows' logs."""
    if '"' not in text:
        return False
    if _NUMBER.search(text) is None and not ('"ProviderName"' in text and _POWERSHELL.search(text)):
        return "schemas.microsoft.com/win/2004/08/events" in text and "{" in text
    lowered = text.lower()
    return any(word in lowered for word in _SURE) or _OWN_LOG.search(text) is not None


def record_of_json(record: Mapping[str, object], depth: int = 0) -> WindowsRecord:
    """Return the event in a JSON object. Raises LineError without one."""
    found = _Collector()
    if len(record) > MOST_FIELDS or any(value.__class__ is dict for value in record.values()):
        for path, value in walk(record):
            found.add(part_of(path), value)
    else:
        found.add_flat(record)
    result = found.record()
    if result is not None:
        return result
    if depth < 2:
        inner = _inner(record)
        if inner is not None:
            return record_of_json(inner, depth + 1)
    raise LineError("The JSON record holds no Windows event.", str(next(iter(record), ""))[:80])


def _inner(record: Mapping[str, object]) -> dict[str, object] | None:
    """Return the single object in a list (`records`), or in a text."""
    for value in record.values():
        items = objects_of(value) if isinstance(value, list) else []
        if len(items) > 1:
            raise LineError("One line holds several Windows events.", str(len(items)))
        if items:
            return items[0]
    return object_in_text(record)


@lru_cache(1024)
def _parts_of(paths: tuple[str, ...]) -> tuple[FieldRole, ...]:
    return tuple(part_of(path) for path in paths)


class _Collector:
    """Values found while walking a record's fields."""

    def __init__(self) -> None:
        self.system: dict[str, str] = {}
        self.times: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.ecs: dict[str, str] = {}
        self.flat: dict[str, str] = {}
        self.unnamed: list[str] = []
        self.answers: list[str] = []
        self.winlogbeat = False
        self.written = False  # whether `SystemTime` was present
        self.from_xml: WindowsRecord | None = None
        self._xml_tried = 0

    def add_flat(self, record: Mapping[str, object]) -> None:
        """Add the fields of a record without nested objects."""
        flat = self.flat
        for role, value in zip(_parts_of(tuple(record)), record.values(), strict=True):
            if role[0] is Part.FLAT and not role[2] and isinstance(value, str) and value.isascii():
                if value:
                    flat[role[1]] = value
            else:
                self.add(role, value)

    def add(self, role: FieldRole, value: object) -> None:
        """Add a field's scalar or list."""
        part, name, may_be_xml, winlogbeat = role
        if winlogbeat:
            self.winlogbeat = True
        text = _TRUTH[value] if value.__class__ is bool else text_of(value)
        if not text:
            if isinstance(value, list):
                self._list(part, name, value)
        elif may_be_xml and "<" in text[:60] and self._xml(text):
            return
        elif part is Part.DATUM:
            self.data.setdefault(name, text)
        elif part is Part.FLAT:
            self.flat[name] = text
        elif part is Part.SYSTEM:
            self.system.setdefault(name, text)
        elif part is Part.TIME:
            self.times.setdefault(name, text)
        elif part is Part.ECS:
            self.ecs.setdefault(name, text)
        elif part is Part.UNNAMED:
            self.unnamed.append(text)
        elif part is Part.WRITTEN and not self.written:
            self.system["time"], self.written = text, True

    def _list(self, part: Part, name: str, value: list[object]) -> None:
        if part is Part.DATUM:
            text = "; ".join(texts_of(value))
            if text:
                self.data.setdefault(name, text)
        elif part is Part.UNNAMED:
            self._unnamed(value)
        elif part is Part.ANSWERS:
            self.answers += texts_of(value)
            self.answers += [data for item in objects_of(value) if (data := text_of(item.get("data")))]
        elif value and part is not Part.NOTHING and not isinstance(value[0], list | dict):
            self.add((part, name, False, False), value[0])  # Kibana wraps every value in a list

    def _unnamed(self, value: list[object]) -> None:
        """Add `["a", "b"]`, `[{"Value": "a"}]`, and named ones: `[{"@Name": "IpAddress", "#text": ..}]`."""
        self.unnamed += texts_of(value)
        for item in objects_of(value):
            key = text_of(item.get("@Name") or item.get("Name") or item.get("name"))
            texts = (text_of(item.get(name)) for name in ("#text", "Value", "text", "content"))
            text = next((text for text in texts if text), None)
            if key and text:
                self.data.setdefault(key.lower(), text)
            elif text:
                self.unnamed.append(text)

    def _xml(self, text: str) -> bool:
        if self._xml_tried >= _MOST_XML or ("<Event" not in text[:200] and "<Data" not in text[:60]):
            return False
        self._xml_tried += 1
        try:
            found = record_of_xml(text)
        except LineError:
            return False
        if "<System" in text:
            self.from_xml = found
        else:
            self.data.update(found.data)
        return True

    def record(self) -> WindowsRecord | None:
        """Return the event, or None without an event ID."""
        system = self.system
        if self.from_xml is not None:
            self.from_xml.computer = _computer(self.from_xml.computer, system.get("host"))
            return self.from_xml
        if "id" not in system and "id" in self.flat and ("provider" in system or "computer" in system):
            system["id"] = self.flat["id"]  # PowerShell's ConvertTo-Json
        number = system.get("id", "")
        if not number.isascii() or not number.isdigit() or len(number) > 10:
            return None
        data = self.data
        if not data or not self.winlogbeat:
            for name, text in self.flat.items():
                data.setdefault(name, text)
        for name, text in self.ecs.items():
            data.setdefault(name, text)
        provider, channel = system.get("provider", ""), system.get("channel", "")
        return WindowsRecord(
            int(number) & 0xFFFF,
            provider,
            channel,
            _computer(system.get("computer"), system.get("host")),
            self._time(provider),
            data,
            self.unnamed,
            system.get("message", ""),
            self.answers,
        )

    def _time(self, provider: str) -> str | None:
        """Return the time of writing; for NXLog, Sysmon's own rather than one without an offset."""
        stated = self.system.get("time")
        if stated and self.written:
            return stated
        if self.winlogbeat and "@timestamp" in self.times:
            return self.times["@timestamp"]
        utc = self.data.get("utctime")
        if utc and len(utc) >= 19 and "sysmon" in provider.lower():
            return utc if utc.endswith("Z") else f"{utc}Z"
        local = (
            _with_zone(self.times, self.flat.get("eventreceivedtime")) if "eventtime" in self.times else None
        )
        return stated or local or next((self.times[name] for name in _TIME_ORDER if name in self.times), None)


# 2026-06-10 08:00:01     2026-06-10T08:00:04.123Z
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?", re.ASCII)
_STEP_S, _SLACK_S, _FARTHEST_S = 1800, 120, 14 * 3600


def _with_zone(times: Mapping[str, str], received: str | None) -> str | None:
    """Append to NXLog's `EventTime` the offset of its local clock from Logstash's `@timestamp`."""
    event, at = times["eventtime"], times.get("@timestamp")
    if not (received and at and at.endswith("Z") and _LOCAL.fullmatch(event) and _LOCAL.fullmatch(received)):
        return None
    try:
        behind = datetime.fromisoformat(at[:19]) - datetime.fromisoformat(received[:19])
    except ValueError:
        return None
    seconds = round(behind.total_seconds())
    offset = round(seconds / _STEP_S) * _STEP_S
    if abs(seconds - offset) > _SLACK_S or abs(offset) > _FARTHEST_S:
        return None
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{event}{'-' if offset > 0 else '+'}{hours:02d}:{minutes:02d}"


def _computer(computer: str | None, host: str | None) -> str | None:
    """Return the writing machine, in the shipper's shorter spelling; never the log server."""
    if computer and host and host.partition(".")[0].lower() == computer.partition(".")[0].lower():
        return host
    return computer or host or None
