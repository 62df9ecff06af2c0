"""FortiGate configuration (FortiOS CLI reference): address objects, URL filters, domain filters and external lists of addresses.

config firewall address
    edit "c2-1"
        set subnet 203.0.113.5 255.255.255.255
    next
end
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shortened
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Reference, Refusal

_SECTION = re.compile(
    r"(?m)^[ \t]*config (?:firewall (?:address6?|wildcard-fqdn custom)|webfilter urlfilter|dnsfilter domain-filter|user nac-policy)\b"
)
_ALLOWED_ACTIONS = frozenset({"exempt", "allow", "monitor", "pass"})
_VALUES = ("subnet", "ip6", "fqdn", "wildcard-fqdn", "url", "domain", "start-ip", "wildcard")


class FortigateConfig(ListFormat):
    """A configuration; `row` is the line at which an object begins."""

    name: ClassVar[str] = "fortigate_config"
    title: ClassVar[str] = "FortiGate configuration"
    rows_are_lines: ClassVar[bool] = True

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether it configures addresses, URLs or domains."""
        return not source.encoding.binary and _SECTION.search(source.text_head) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Object by object."""
        settings: dict[str, list[str]] = {}
        start = 0
        comment = ""
        for number, line in source.lines():
            if line is None:
                yield Refusal(Reference(source.document, None, number), "", refusals.TOO_LONG)
                continue
            words = _words(line)
            if not words:
                continue
            if words[0] in ("edit", "config", "next", "end"):
                yield from _object(settings, Reference(source.document, None, start), comment)
                settings = {}
                start = number
                if words[0] == "edit":
                    comment = words[1] if len(words) > 1 and not words[1].isdecimal() else ""
            elif words[0] == "set" and len(words) > 2:
                settings[words[1]] = words[2:]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line) if len(line) < 4096 else line.split()
    except ValueError:
        return line.split()


def _object(settings: dict[str, list[str]], reference: Reference, name: str) -> Iterator[Entry]:
    found: list[Found] = []
    for key in _VALUES:
        if key in settings:
            found.extend(read_text(_text(key, settings)))
    if not found:
        return
    action = settings.get("action", [""])[0].lower()
    if action in _ALLOWED_ACTIONS or settings.get("status", [""])[0] == "disable":
        reason = refusals.ALLOWED if action in _ALLOWED_ACTIONS else refusals.DISABLED
        found = [item if isinstance(item, Refused) else Refused(reason, item[1], item[0]) for item in found]
    said = " ".join(settings.get("comment", [])) or name
    yield from entries(found, reference, Facts(threat=shortened(said) if said else None))


def _text(key: str, settings: dict[str, list[str]]) -> str:
    words = settings[key]
    if key == "subnet" and len(words) > 1:
        return f"{words[0]}/{words[1]}"
    if key == "start-ip" and "end-ip" in settings:
        return f"{words[0]}-{settings['end-ip'][0]}"
    return words[0]
