"""MikroTik RouterOS scripts, `.rsc` (https://help.mikrotik.com/docs/spaces/ROS/pages/328134/Address-lists): address lists and static DNS names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shortened
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Reference, Refusal

# add list=blacklist address=203.0.113.5 comment="Mirai"      /ip dns static add name=evil.example address=127.0.0.1
_ADD = re.compile(
    r"(?:/ip(?:v6)?\s[\w \t/-]{0,60}?\s)?(?:add|:do \{ ?add|set \[[^\]]{0,80}\])\s", re.IGNORECASE
)
_SETTING = re.compile(r"([\w-]+)=(\"(?:[^\"\\]|\\.)*\"|\S+)")
_MENU = re.compile(r"/\s*ip(?:v6)?[\s/]+(?:firewall[\s/]+address-list|dns[\s/]+static)\b", re.IGNORECASE)
_SCRIPT = re.compile(
    r"(?m)^[ \t]*/\s*ip(?:v6)?[\s/]+(?:firewall[\s/]+address-list|dns[\s/]+static)\b[^\n=]{0,40}(?:\n[ \t]*(?:#[^\n]*\n[ \t]*){0,20})?(?:add|:do|set|remove|\badd)\b",
    re.IGNORECASE,
)
_ANY_MENU = re.compile(r"\s*/[a-z]", re.IGNORECASE)
_ALLOWING = re.compile(r"allow|white|trust|permit|safe|lan\b|local", re.IGNORECASE)
_JOINED_MAX = 64 * 1024


class MikroTik(ListFormat):
    """A script; `row` is the line on which a command begins."""

    name: ClassVar[str] = "mikrotik"
    title: ClassVar[str] = "MikroTik RouterOS script"
    rows_are_lines: ClassVar[bool] = True

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the script opens a menu of address lists or static names."""
        return not source.encoding.binary and _SCRIPT.search(source.text_head) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Command by command; lists whose name says that they allow are refused as exceptions."""
        is_ours = False
        for number, text in _commands(source):
            reference = Reference(source.document, None, number)
            if text is None:
                yield Refusal(reference, "", refusals.TOO_LONG)
                continue
            if _MENU.search(text):
                is_ours = True
            elif _ANY_MENU.match(text):
                is_ours = False
            match = _ADD.search(text)
            if not is_ours or match is None:
                continue
            settings = {
                name.lower(): _bare(value) for name, value in _SETTING.findall(text[match.end() - 1 :])
            }
            comment = settings.get("comment") or settings.get("list")
            facts = Facts(threat=shortened(comment) if comment else None)
            yield from entries(_values(settings), reference, facts)


def _commands(source: ListSource) -> Iterator[tuple[int, str | None]]:
    start, parts = 0, ""
    for number, line in source.lines():
        if line is None:
            yield number, None
            continue
        text = line.strip()
        if not parts and text.startswith("#"):
            continue
        start = start if parts else number
        parts += text.removesuffix("\\") if text.endswith("\\") else text
        if text.endswith("\\") and len(parts) < _JOINED_MAX:
            continue
        if parts:
            yield start, parts
        parts = ""


def _bare(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _values(settings: dict[str, str]) -> list[Found]:
    if settings.get("disabled") == "yes":
        return [Refused(refusals.DISABLED, shortened(settings.get("address") or settings.get("name") or ""))]
    if "list" in settings:
        found = read_text(settings.get("address", ""))
    elif "regexp" in settings:
        name = re.sub(r"^(?:\^|\.\*|\(\^\|\\\.\)|\(\\\.\|\^\)|\\\.)+|\$$", "", settings["regexp"])
        found = read_text(name.replace("\\.", "."))
    else:
        found = read_text(settings.get("name", ""))
    if _ALLOWING.search(settings.get("list", "")):
        return [
            item if isinstance(item, Refused) else Refused(refusals.ALLOWED, item[1], item[0])
            for item in found
        ]
    return found
