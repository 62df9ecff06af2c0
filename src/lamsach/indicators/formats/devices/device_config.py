"""Configurations of devices: MikroTik RouterOS scripts, FortiGate (FortiOS CLI reference).

MikroTik: https://help.mikrotik.com/docs/spaces/ROS/pages/328134/Address-lists. FortiGate:

config firewall address
    edit "c2-1"
        set subnet 203.0.113.5 255.255.255.255
    next
end
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import command_by_command, line_by_line, line_format
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import refuse_value
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shorten
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Reference

# add list=blacklist address=203.0.113.5 comment="Mirai"      /ip dns static add name=evil.example
# address=127.0.0.1
_ADD = re.compile(
    r"(?:/ip(?:v6)?\s[\w \t/-]{0,60}?\s)?(?:add|:do \{ ?add|set \[[^\]]{0,80}\])\s", re.IGNORECASE
)
_SETTING = re.compile(r"([\w-]+)=(\"(?:[^\"\\]|\\.)*\"|\S+)")
_MENU = re.compile(r"/\s*ip(?:v6)?[\s/]+(?:firewall[\s/]+address-list|dns[\s/]+static)\b", re.IGNORECASE)
_SCRIPT = re.compile(
    r"(?m)^[ \t]*/\s*ip(?:v6)?[\s/]+(?:firewall[\s/]+address-list|dns["
    r"\s/]+static)\b[^\n=]{0,40}(?:\n[ \t]*(?:#[^\n]*\n[ \t]*){0,20})?(?:add|:do|set|remove"
    r"|\badd)\b",
    re.IGNORECASE,
)
_ANY_MENU = re.compile(r"\s*/[a-z]", re.IGNORECASE)
_ALLOWING = re.compile(r"allow|white|trust|permit|safe|lan\b|local", re.IGNORECASE)
_MAX_JOINED = 64 * 1024


@line_format(
    "MikroTik RouterOS script",
    "address lists and static DNS names with their comments",
    lambda source: _SCRIPT.search(source.text_head),
)
def read_mikrotik(source: ListSource) -> Iterator[Entry]:
    """Read address lists and static DNS names by command; lists with an allowing name are exceptions."""
    in_menu = False

    def read(text: str, reference: Reference) -> Iterable[Entry]:
        nonlocal in_menu
        if _ANY_MENU.match(text) or _MENU.search(text):
            in_menu = _MENU.search(text) is not None
        match = _ADD.search(text)
        if not in_menu or match is None:
            return ()
        settings = {name.lower(): _bare(value) for name, value in _SETTING.findall(text[match.end() - 1 :])}
        comment = settings.get("comment") or settings.get("list")
        return entries(_values(settings), reference, Facts.of(comment))

    return command_by_command(source, read, _MAX_JOINED)


def _bare(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _values(settings: dict[str, str]) -> list[Found]:
    if settings.get("disabled") == "yes":
        return [Refused(refusals.DISABLED, shorten(settings.get("address") or settings.get("name") or ""))]
    name = settings.get("name", "")
    if "regexp" in settings:
        name = re.sub(r"^(?:\^|\.\*|\(\^\|\\\.\)|\(\\\.\|\^\)|\\\.)+|\$$", "", settings["regexp"])
        name = name.replace("\\.", ".")
    found = read_text(settings.get("address", "") if "list" in settings else name)
    if _ALLOWING.search(settings.get("list", "")):
        return [refuse_value(item, refusals.ALLOWED) for item in found]
    return found


_SECTION = re.compile(
    r"(?m)^[ \t]*config (?:firewall (?:address6?|wildcard-fqdn custom)|webfilter urlfilter"
    r"|dnsfilter domain-filter|user nac-policy)\b"
)
_ALLOWING_ACTIONS = frozenset({"exempt", "allow", "monitor", "pass"})
_VALUE_SETTINGS = ("subnet", "ip6", "fqdn", "wildcard-fqdn", "url", "domain", "start-ip", "wildcard")


@line_format(
    "FortiGate configuration",
    "address objects, URL and domain filters; what is exempt is an exception",
    lambda source: _SECTION.search(source.text_head),
)
def read_fortigate_config(source: ListSource) -> Iterator[Entry]:
    """Read addresses, URL filters and domain filters object by object; a row is the object's first line."""
    settings: dict[str, list[str]] = {}
    start, comment = Reference(source.document, None, 0), ""

    def read(line: str, reference: Reference) -> Iterator[Entry]:
        nonlocal settings, start, comment
        words = _words(line)
        if words and words[0] in ("edit", "config", "next", "end"):
            yield from _object(settings, start, comment)
            settings, start = {}, reference
            if words[0] == "edit":
                comment = words[1] if len(words) > 1 and not words[1].isdecimal() else ""
        elif len(words) > 2 and words[0] == "set":
            settings[words[1]] = words[2:]

    return line_by_line(source, read)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line) if len(line) < 4096 else line.split()
    except ValueError:
        return line.split()


def _object(settings: dict[str, list[str]], reference: Reference, name: str) -> Iterator[Entry]:
    found = [item for key in _VALUE_SETTINGS if key in settings for item in read_text(_text(key, settings))]
    action = settings.get("action", [""])[0].lower()
    disabled = settings.get("status", [""])[0] == "disable"
    reason = refusals.ALLOWED if action in _ALLOWING_ACTIONS else refusals.DISABLED if disabled else ""
    if reason:
        found = [refuse_value(item, reason) for item in found]
    yield from entries(found, reference, Facts.of(" ".join(settings.get("comment", [])) or name))


def _text(key: str, settings: dict[str, list[str]]) -> str:
    words = settings[key]
    if key == "subnet" and len(words) > 1:
        return f"{words[0]}/{words[1]}"
    if key == "start-ip" and "end-ip" in settings:
        return f"{words[0]}-{settings['end-ip'][0]}"
    return words[0]
