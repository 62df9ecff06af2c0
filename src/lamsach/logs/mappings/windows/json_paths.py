"""What a field of a JSON record with a Windows event is, by its path: part of the system data, a datum of the event, or nothing.

Source: the shapes that `lamsach.logs.mappings.windows.json` names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache

_EVENT_DATA = re.compile(r"(?:event_?data|user_?data|eventxml)(?:[._]|$)(.*)", re.DOTALL)
_PREFIX = re.compile(r"^(?:winlogbeat_|winlog_|_source\.|fields\.|result\.|_)+")
_WINLOGBEAT = ("winlog", "_winlog", "beat.", "_source.winlog")
_XML_KEYS = frozenset(
    {"rawxml", "event", "eventxml", "xml", "original", "message", "eventdata", "raw", "_raw", "eventrecord"}
)
_UNNAMED = frozenset({"", "data", "param", "properties", "stringinserts", "inserts", "insertionstrings"})
_PATHS_KEPT = 8192
_LONGEST_PATH = 512


class Part(Enum):
    """What a field is of the event."""

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
    """A field at the top: a datum where the shape keeps the data there."""
    ANSWERS = auto()
    NOTHING = auto()


# last part of a path, or the path itself: what it is of the system part
_SYSTEM: Mapping[str, str] = {
    **dict.fromkeys(("eventid", "event_id", "eventcode", "event.code", "event_code", "eventid.value"), "id"),
    **dict.fromkeys(("computer", "computer_name", "computername", "machinename", "host_name"), "computer"),
    **dict.fromkeys(("host.hostname", "host.name", "hostname"), "host"),
    **dict.fromkeys(
        ("provider.name", "provider_name", "providername", "sourcename", "source_name", "eventsource", "eventsourcename"), "provider"
    ),
    **dict.fromkeys(("channel", "logname", "log_name", "eventlog"), "channel"),
    **dict.fromkeys(("systemtime", "timecreated", "time_created", "timecreated.systemtime", "timecreatedutc"), "time"),
    **dict.fromkeys(("@timestamp", "timegenerated", "time", "eventtime", "timestamp", "eventtimestamp"), "other_time"),
    **dict.fromkeys(("message", "renderedmessage", "rendereddescription", "description", "formattedmessage"), "message"),
}  # fmt: skip
# fields of ECS: the datum that they repeat
_ECS: Mapping[str, str] = {
    "source.ip": "sourceip", "source.port": "sourceport", "destination.ip": "destinationip", "destination.port": "destinationport",
    "dns.question.name": "queryname", "url.full": "url", "url.original": "url", "hash.md5": "md5", "hash.sha1": "sha1",
    "hash.sha256": "sha256", "process.command_line": "commandline", "process.parent.command_line": "parentcommandline",
    "destination.domain": "destinationhostname", "user.name": "user", "file.path": "targetfilename",
}  # fmt: skip


Place = tuple[Part, str, bool, bool]
"""The part, the name of the datum or of the system's value, whether its text may be XML, whether Winlogbeat wrote it."""


@lru_cache(_PATHS_KEPT)
def part_of(path: str) -> Place:
    """Return what the field with this path is."""
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
    what = _SYSTEM.get(path) or (
        None if "host." in path and two not in _HOST else _SYSTEM.get(two) or _SYSTEM.get(last)
    )
    if what == "other_time":
        return Part.TIME, last
    if what is not None:
        return Part.SYSTEM, what
    ecs = _ECS.get(path) or _ECS.get(two)
    if ecs is not None:
        return Part.ECS, ecs
    return (Part.FLAT, path) if "." not in path else (Part.NOTHING, "")


_HOST = ("host.name", "host.hostname")


def _plain(path: str) -> str:
    """A path in lower case without what evtx_dump and others put between the names."""
    path = path.lower()
    if "#" in path or "_attributes" in path:
        path = path.replace(".#attributes", "").replace("_attributes", "").removesuffix(".#text")
    if path.endswith((".@systemtime", ".@name")):
        path = path.replace(".@", ".")
    return _PREFIX.sub("", path)


def _last_two(path: str) -> str:
    first, dot, last = path.rpartition(".")
    return f"{first.rpartition('.')[2]}.{last}" if dot else path
