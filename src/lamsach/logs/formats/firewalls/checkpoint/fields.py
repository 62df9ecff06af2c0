r"""The fields of a Check Point record, in each of the layouts that its Log Exporter and its older tools write.

Source: Check Point, "Log Exporter" (sk122323) with its formats syslog, generic, splunk, cef, leef and json; `fw log`; FW1-LogGrabber's manual.
Traps: `\=` and `\|` are escapes in `key=value|`; `\"` in `key:"value"`; a key may hold a slash (`i/f_dir`); a field that stands
once for each layer of the policy (`layer_name`, `match_id`) is repeated.
"""

from __future__ import annotations

import re

from lamsach.logs.text import cef, leef
from lamsach.logs.text.json_records import flat, read_object, text_of

# 0|Check Point|VPN-1 & FireWall-1|   CEF:0||Check Point|VPN-1
_CEF = re.compile(r"(?<![\w.])(?:CEF: ?)?[01]\|{1,2}Check ?Point\|")
_ROOM = 600
# action:"Accept"; ifname:"eth1"; resource:"http://a.example/\"b"
_QUOTED = re.compile(r'(?:^|(?<=[\[; ]))([A-Za-z_][\w/.-]{0,80}): ?"([^"\\]*(?:\\.[^"\\]*)*)"')
# time=1790000000|hostname=gw|product=Firewall|originsicname=CN\=gw,O\=m.example.abc|
_BARS = re.compile(r"(?:^|(?<=\|)|(?<=\s))([A-Za-z_][\w/.-]{0,80})=((?:[^|\\]|\\.|\\$)*)")
# time=1790000000 hostname=gw product=VPN-1 & FireWall-1 action=Drop src=192.0.2.5 protection_name="C2 \"a\""   [sc4s@2620 action="Accept" ifname="eth1"]
_NEXT = r"[A-Za-z_][\w/.-]{0,80}="
_SPACES = re.compile(
    rf'(?:^|(?<=\s))([A-Za-z_][\w/.-]{{0,80}})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*(?:\s+(?!{_NEXT})\S+)*))'
)
# 26Oct2026 10:11:12 accept gw >eth0 product: VPN-1 & FireWall-1; src: 192.0.2.5; dst: 198.51.100.7;
_FW_LOG = re.compile(r"(?:^|(?<=[;\s]))([A-Za-z_][\w/.-]{0,80}): ([^;\"]{0,400})(?:;|$)")
_FW_LOG_START = re.compile(
    r"(?:(\d{1,2}[A-Z][a-z]{2}\d{4}) {0,3})?(\d{1,2}:\d{2}:\d{2}) +(?:\d \S+ )?(?:(\w+) +)?(?:\d+ +)?(\S+) +[<>]"
)
# <134>1 2026-06-02T08:45:34Z gw1 CheckPoint 1234 - [action:"Log In";
_EXPORTED = re.compile(r" CheckPoint \d{1,10} \S{1,40} \[(?:\w{1,60}[:=]\"|[\w-]{1,40}@)", re.ASCII)
_ESCAPE = re.compile(r'\\([=|"\\;\]])')
_MARKS = (
    *(
        "loguid",
        "originsicname",
        "origin_sic_name",
        "sequencenum",
        "__policy_id_tag",
        "conn_direction",
        "i/f_dir",
        "ifdir",
        "ifname",
    ),
    *(
        "i/f_name",
        "product",
        "action",
        "orig",
        "origin",
        "s_port",
        "logid",
        "fw_subproduct",
        "inzone",
        "rule_uid",
        "UP_match_table",
        "UUid",
        "Action",
    ),
)
_STRONG = frozenset(
    {
        "loguid",
        "originsicname",
        "origin_sic_name",
        "__policy_id_tag",
        "UP_match_table",
        "i/f_dir",
        "i/f_name",
        "ifdir",
        "fw_subproduct",
        "UUid",
    }
)
_MARK = re.compile(rf"(?:^|[|\[; \t])({'|'.join(map(re.escape, _MARKS))})(?:=|: ?\")")
_FW_LOG_MARK = re.compile(r"product: [^;]{1,80};")
_ENOUGH = 3
_NAMES = ("VPN-1 & FireWall-1", "Check Point", "CheckPoint", "checkpoint")


def cef_start(line: str) -> re.Match[str] | None:
    """Return where a Check Point record in CEF begins, `CEF:` cut off or not, and the maker's name shifted by an empty field or not."""
    return _CEF.search(line, 0, _ROOM) if "|Check" in line else None


def is_checkpoint(line: str) -> bool:
    """Return whether the line is a Check Point record of any layout."""
    if line[:1] == "{":
        if '"origin"' in line and '"product"' in line and '"src"' in line:
            return True
        return '"loguid"' in line or '"originsicname"' in line or '"origin_sic_name"' in line
    if cef_start(line):
        return True
    if "LEEF:" in line:
        return "|Check Point|" in line and leef.find(line) >= 0
    if "CEF:" in line[:_ROOM]:
        return False
    if " CheckPoint " in line[:200] and _EXPORTED.search(line, 0, 300):
        return True
    if ("|" in line or '"' in line or ";" in line) and any(
        mark in line
        for mark in ("loguid", "UUid", "sicname", "i/f_", "product", "__policy_id_tag", "ifdir", "s_port")
    ):
        found = set()
        for count, match in enumerate(_MARK.finditer(line)):
            found.add(match[1])
            if len(found) >= _ENOUGH and (found & _STRONG or any(name in line for name in _NAMES)):
                return True
            if count > 200:
                break
        return _FW_LOG_START.search(line, 0, 200) is not None and _FW_LOG_MARK.search(line) is not None
    return False


def fields_of(line: str) -> dict[str, str]:
    """The record's fields; of a key that stands twice the first value that is not empty. LineError for broken CEF or JSON."""
    if line[:1] == "{":
        return {key: text for key, value in flat(read_object(line)[1]).items() if (text := text_of(value))}
    start = cef_start(line)
    if start:
        record = cef.read(start[0].replace("||", "|") + line[start.end() :])
        done = record.extension.get("act") or record.signature
        return {"product": record.product, "action": done, **record.extension}
    position = leef.find(line)
    if position >= 0:
        return {**leef.read(line[position:]).attributes}
    if _FW_LOG_START.search(line, 0, 200) and _FW_LOG_MARK.search(line):
        return _fw_log(line)
    found = _layout(line).findall(line)
    return _kept([(key, "".join(values)) for key, *values in found])


def _layout(line: str) -> re.Pattern[str]:
    """Return how the fields of a line are written, by what stands in it most."""
    if line.count(':"') + line.count(': "') >= _ENOUGH:
        return _QUOTED
    return _BARS if "|" in line and line.count("|") >= line.count('="') else _SPACES


def _kept(pairs: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in pairs:
        key = "action" if key == "Action" else key
        if not fields.get(key):
            fields[key] = (_ESCAPE.sub(r"\1", value) if "\\" in value else value).strip()
    return fields


def _fw_log(line: str) -> dict[str, str]:
    """Return what `fw log` prints: the action and the gateway stand before the fields."""
    fields = _kept(_FW_LOG.findall(line))
    start = _FW_LOG_START.search(line, 0, 200)
    if start:
        fields.setdefault("action", start[3] or "")  # an alert of SmartDefense has none
        fields.setdefault("hostname", start[4])
        day, clock = start[1] or "", start[2]
        fields.setdefault("time", f"{day} {clock:0>8}" if day else "")
    return fields
