"""Which operating systems and browsers are still supported, told from the User-Agent; facts with dates and their source in `support.json`.

A system has a last day (`until`), or the makers' oldest version that still got updates on the day of the fact (`as_of`). Browsers that come out every few weeks are judged by the pace of the
past years (`releases`): so many days after a version came, `kept_days`, it gets no updates any more. Windows 10 and 11 say the same in the User-Agent; browsers of the Chromium family tell them apart
by the header `Sec-CH-UA-Platform-Version` when they are asked for it (https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
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
    """A system or browser: its name, whether it is still supported (None: cannot be told), until when, by which source, as of which day."""

    name: str
    supported: bool | None
    until: date | None = None
    source: str = ""
    as_of: date | None = None


PLATFORM_HINT = "Sec-CH-UA-Platform-Version"
"""The header that a browser is asked for."""
_WINDOWS_10_OR_11 = "10.0"
_MAJOR = re.compile(r'"?(\d{1,4})\.')


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("support.json").read_text("utf-8"))
    return facts


def system(agent: str, day: date, platform: str = "") -> System | None:
    """The operating system that a User-Agent (at most its first 500 letters are read) tells of; None when it tells none. `platform`: the value of `PLATFORM_HINT`."""
    for pattern, family in _PATTERNS:
        found = pattern.search(agent[:500])
        if found:
            hint = _MAJOR.match(platform[:20])
            if family == "windows" and found[1] == _WINDOWS_10_OR_11 and hint:
                return _windows(int(hint[1]), day) or _judged(family, found[1], day)
            return _judged(family, found[1], day)
    return None


def browser(agent: str, day: date) -> System | None:
    """The browser that a User-Agent tells of."""
    for pattern, family in _BROWSERS:
        found = pattern.search(agent[:500])
        if found:
            return _judged(family, found[1] if found.groups() else "", day)
    return None


def _windows(platform: int, day: date) -> System | None:
    facts = _facts()["windows"]
    entry = next((entry for entry in facts["platforms"] if platform >= entry["from"]), None)
    return _by_entry(entry, facts, day) if entry else None


def _by_entry(entry: dict[str, Any], facts: dict[str, Any], day: date) -> System:
    until = date.fromisoformat(entry["until"]) if entry.get("until") else None
    supported = entry.get("supported") if until is None else day <= until
    return System(
        entry["name"],
        supported,
        until,
        entry.get("source") or facts["source"],
        date.fromisoformat(facts["as_of"]),
    )


def _judged(family: str, version: str, day: date) -> System:
    facts = _facts()[family]
    entry = facts["versions"].get(version)
    if entry is not None:
        return _by_entry(entry, facts, day)
    supported: bool | None = None
    if version.isdigit() and len(version) < 6:
        if facts.get("oldest"):
            supported = int(version) >= facts["oldest"]
        elif facts.get("releases"):
            supported = _is_fresh(int(version), facts["releases"], day)
    name = facts["name"] if supported is None else f"{facts['name']} {version}"
    return System(name, supported, None, facts["source"], date.fromisoformat(facts["as_of"]))


def _is_fresh(version: int, releases: dict[str, Any], day: date) -> bool:
    """Whether a version of a browser that comes out every few weeks is recent enough to get updates."""
    behind = timedelta(days=(version - releases["version"]) * releases["every_days"])
    return day <= date.fromisoformat(releases["day"]) + behind + timedelta(days=releases["kept_days"])
