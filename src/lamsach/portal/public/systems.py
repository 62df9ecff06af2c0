"""Support of operating systems and browsers, by the User-Agent on a day; dated facts in `support.json`.

A version has a published last day (`until`; `latest` where several versions or `editions` look the same from
outside), or the day on which it was `released`: where makers publish no last day (Apple, Google) it is
believed for `least_days`, fewer than any version of the past years was kept. A version newer than all of the
table came after the day of the facts (`as_of`): it is believed for a year from then. Versions below `before`
had ended by then. Nothing is believed longer, so an old table never calls a system supported that has ended.
Browsers that come out every few weeks are judged by the pace of the past years (`releases`): so many days
after a version came, `kept_days`, it gets no updates any more. Windows 10 and 11 say the same in the
User-Agent, macOS stays at 10.15 and Chrome for Android at 10; browsers of the Chromium family give the
version in the header `Sec-CH-UA-Platform-Version` when they are asked for it
(https://learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

TRUSTED = timedelta(days=183)
"""How long the pace of browsers is believed after the day of the facts."""
NEWER = timedelta(days=365)
"""How long versions are believed that are newer than the table: less than any maker keeps one."""
_PATTERNS = (
    # Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36
    (re.compile(r"Windows NT (\d+\.\d+)"), "windows"),
    # Mozilla/5.0 (Linux; Android 9; SM-J600G); (Linux; Android 10; K) is what Chrome says on every version
    (re.compile(r"Android(?: 10; K\)| (\d+))?"), "android"),
    # Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X); since iOS 26 Safari says 18_6 for ever, and the
    # version as its own (https://webkit.org/blog/17333/)
    (re.compile(r"(?:iPhone|CPU) OS 18_[67] .{0,200}?Version/(\d+)"), "ios"),
    (re.compile(r"(?:iPhone|CPU) OS (?:18_[67] |(\d+))"), "ios"),
    # Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6); 10_15_7 is what every browser says on newer versions
    (re.compile(r"Mac OS X(?: 10[._]15| (1[1-9]|[2-9]\d)| (10)[._](\d+))?"), "macos"),
    # Mozilla/5.0 (X11; U; Linux i686; en-US; rv:1.9.2.15) Gecko/20110303 Ubuntu/10.10 (maverick)
    # Firefox/3.6.15
    (re.compile(r"Linux.{0,200}? (Ubuntu)/(\d+\.\d+)"), "linux"),
    # Mozilla/5.0 (X11; U; Linux x86_64; en-US; rv:1.9.0.15) Gecko/2009102704 Red Hat/3.0.15-1.el5_4
    # Firefox/3.0.15
    (re.compile(r"Linux.{0,200}? (?:Red Hat|CentOS)/\S{0,40}\.(el)(\d+)"), "linux"),
    # Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0
    (re.compile(r"X11;[^)]{0,60}Linux()"), "linux"),
)
_PHONE = re.compile(r"Android|iPhone|iPad|iPod|\bMobile\b")
_BROWSERS = (
    (re.compile(r"(?:MSIE |Trident/)"), "ie"),
    (re.compile(r"Firefox/(\d+)"), "firefox"),
    (re.compile(r"Chrom(?:e|ium)/(\d+)"), "chromium"),
)
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class System:
    """A system or browser: name, still supported (None: unknown), last day, source and its date.

    `others`: where it cannot be told, the versions that it may be, each with its last day (None: not
    published), the newest first. `extended`: until when those get updates who pay for them.
    """

    name: str
    supported: bool | None
    until: date | None = None
    source: str = ""
    as_of: date | None = None
    others: tuple[tuple[str, date | None], ...] = ()
    extended: date | None = None


PLATFORM_HINT = "Sec-CH-UA-Platform-Version"
"""The header that a browser is asked for."""
_HINTED = re.compile(r'"?(\d{1,4})\.(\d{1,4})')


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("support.json").read_text("utf-8"))
    return facts


def is_phone(agent: str) -> bool:
    """Return whether a User-Agent is that of a phone or tablet."""
    return bool(_PHONE.search(agent[:_LONGEST]))


def system(agent: str, day: date, platform: str = "") -> System | None:
    """The operating system of a User-Agent (first 500 letters) on a day, with `PLATFORM_HINT`; or None."""
    for pattern, family in _PATTERNS:
        if found := pattern.search(agent[:_LONGEST]):
            parts = [part for part in found.groups() if part]
            version = (" " if family == "linux" else ".").join(parts).lower()
            return _judged(family, _hinted(family, version, platform) or version, day)
    return None


def browser(agent: str, day: date) -> System | None:
    """The browser that a User-Agent shows on a day."""
    for pattern, family in _BROWSERS:
        found = pattern.search(agent[:_LONGEST])
        if found:
            return _judged(family, found[1] if found.groups() else "", day)
    return None


def _hinted(family: str, version: str, platform: str) -> str:
    """The version by the header, where it says more than the User-Agent; of Windows a range of builds."""
    found = _HINTED.match(platform[:20])
    if found is None or family not in ("windows", "android", "macos"):
        return ""
    if family == "windows":
        builds = _facts()["windows"]["builds"] if version == "10.0" else {}
        number = int(found[1])
        if number > max(map(int, builds), default=0):
            return ""  # newer than the table
        return max((key for key in builds if int(key) <= number), key=int, default="")
    return f"10.{found[2]}" if family == "macos" and found[1] == "10" else found[1]


def _judged(family: str, version: str, day: date) -> System:
    facts = _facts()[family]
    as_of = date.fromisoformat(facts["as_of"])
    entry = facts["versions"].get(version) or facts.get("builds", {}).get(version)
    if entry is not None:
        supported, until = _by_entry(entry, facts, day)
        name = entry["name"]
    else:
        supported, until = _by_number(facts, version, as_of, day), None
        name = facts["name"] if supported is None else f"{facts['name']} {version}"
    entry = entry or {}
    others = _others(facts, entry) if supported is None else ()
    extended = date.fromisoformat(entry["extended"]) if supported is False and "extended" in entry else None
    paid = extended if extended and day <= extended else None
    return System(name, supported, until, entry.get("source") or facts["source"], as_of, others, paid)


def _by_entry(entry: dict[str, Any], facts: dict[str, Any], day: date) -> tuple[bool | None, date | None]:
    if "until" not in entry:
        kept = timedelta(days=facts.get("least_days", 0))
        fresh = "released" in entry and day <= date.fromisoformat(entry["released"]) + kept
        return (True if fresh else None), None
    until = date.fromisoformat(entry["until"])
    latest = date.fromisoformat(entry.get("latest", entry["until"]))
    return (True if day <= until else False if day > latest else None), latest


def _by_number(facts: dict[str, Any], version: str, as_of: date, day: date) -> bool | None:
    """A version that has no entry: too old or new by its number, or by the pace at which new ones come."""
    number = re.fullmatch(r"\d{1,5}(?:\.\d{1,5})?", version)
    if number is None:
        return None
    if facts.get("releases"):
        fresh = _is_fresh(int(version.partition(".")[0]), facts["releases"], day)
        return (True if day <= as_of + TRUSTED else None) if fresh else False
    if facts.get("least_days") and _order(version)[0] == max(_order(key)[0] for key in facts["versions"]) + 1:
        return True if day <= as_of + NEWER else None
    below = facts.get("before")
    return False if below and _order(version) < _order(below) else None


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _others(facts: dict[str, Any], entry: dict[str, Any]) -> tuple[tuple[str, date | None], ...]:
    """Versions that it may be and that the table knows, newest first: its editions, else all."""
    found: list[dict[str, Any]] = entry.get("editions") or [
        edition
        for one in (facts.get("builds") or facts["versions"]).values()
        for edition in one.get("editions", [one])
    ]
    listed = [one for one in found if "until" in one or "released" in one]
    ends = [(one["name"], one.get("latest") or one.get("until")) for one in listed]
    return tuple((name, date.fromisoformat(end) if end else None) for name, end in reversed(ends))


def _is_fresh(version: int, releases: dict[str, Any], day: date) -> bool:
    """Return whether a version of a browser with frequent releases is recent enough for updates."""
    behind: int = (version - releases["version"]) * releases["every_days"]
    most: int = behind + releases["kept_days"]
    return (day - date.fromisoformat(releases["day"])).days <= most
