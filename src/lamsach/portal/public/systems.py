"""Which operating systems and browsers are still supported, told from the User-Agent; facts with dates and their source in `support.json`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

_PATTERNS = (
    # Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36
    (re.compile(r"Windows NT (\d+\.\d+)"), "windows"),
    # Mozilla/5.0 (Linux; Android 9; SM-J600G)
    (re.compile(r"Android (\d+)"), "android"),
    # Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X)
    (re.compile(r"(?:iPhone|CPU) OS (\d+)"), "ios"),
    # Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) - frozen at 10.15 by every browser
    (re.compile(r"Mac OS X (\d+)[._]"), "macos"),
)
_BROWSERS = (
    (re.compile(r"(?:MSIE |Trident/)"), "ie"),
    (re.compile(r"Firefox/(\d+)"), "firefox"),
    (re.compile(r"Chrom(?:e|ium)/(\d+)"), "chromium"),
)


@dataclass(frozen=True, slots=True)
class System:
    """A system or browser: its name, whether it is still supported (None: cannot be told), until when, by which source."""

    name: str
    supported: bool | None
    until: date | None = None
    source: str = ""


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("support.json").read_text("utf-8"))
    return facts


def system(agent: str, day: date) -> System | None:
    """The operating system that a User-Agent (at most its first 500 letters are read) tells of; None when it tells none."""
    for pattern, family in _PATTERNS:
        found = pattern.search(agent[:500])
        if found:
            return _judged(family, found[1], day)
    return None


def browser(agent: str, day: date) -> System | None:
    """The browser that a User-Agent tells of."""
    for pattern, family in _BROWSERS:
        found = pattern.search(agent[:500])
        if found:
            return _judged(family, found[1] if found.groups() else "", day)
    return None


def _judged(family: str, version: str, day: date) -> System:
    facts = _facts()[family]
    entry = facts["versions"].get(version)
    if entry is not None:
        until = date.fromisoformat(entry["until"]) if entry.get("until") else None
        supported = None if until is None else day <= until
        return System(entry["name"], supported, until, entry.get("source") or facts["source"])
    oldest = facts.get("oldest")
    if oldest and version.isdigit():
        return System(f"{facts['name']} {version}", int(version) >= oldest, None, facts["source"])
    return System(facts["name"], None, None, facts["source"])
