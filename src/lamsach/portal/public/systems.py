"""Support of operating systems and browsers by User-Agent and day, from dated facts in `support.json`.

A version has a published last day (`until`; `latest` where several versions or `editions` are
indistinguishable), or, where vendors publish none (Apple, Google), the day when it was `released`: it counts
as supported for `least_days`, less than any past version was. A version newer than the table counts as
supported for a year from the day of the facts (`as_of`); versions below `before` had ended by then. So an
outdated table never calls an ended system supported. Frequently released browsers are judged by their pace
(`releases`): a version gets no updates `kept_days` after its release. Windows 10 and 11 are equal in the
User-Agent, macOS remains at 10.15 and Chrome for Android at 10; Chromium browsers state the version in the
header `Sec-CH-UA-Platform-Version` on request
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
"""Validity of the pace of browser releases, from the day of the facts."""
NEWER = timedelta(days=365)
"""Assumed support of versions newer than the table: less than that of any vendor."""
_PATTERNS = (
    # Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36
    (re.compile(r"Windows NT (\d+\.\d+)"), "windows"),
    # Mozilla/5.0 (Linux; Android 9; SM-J600G); Chrome states (Linux; Android 10; K) on every version
    (re.compile(r"Android(?: 10; K\)| (\d+))?"), "android"),
    # Mozilla/5.0 (iPhone; CPU iPhone OS 12_5 like Mac OS X); since iOS 26 Safari states 18_6, and the version
    # of the system as its own (https://webkit.org/blog/17333/)
    (re.compile(r"(?:iPhone|CPU) OS 18_[67] .{0,200}?Version/(\d+)"), "ios"),
    (re.compile(r"(?:iPhone|CPU) OS (?:18_[67] |(\d+))"), "ios"),
    # Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6); every browser states 10_15_7 on newer versions
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
    """System or browser: name, supported (None: unknown), last day, source and its date.

    `others`: possible versions, newest first, where they are indistinguishable, each with its last day (None:
    not published). `extended`: last day of paid updates.
    """

    name: str
    supported: bool | None
    until: date | None = None
    source: str = ""
    as_of: date | None = None
    others: tuple[tuple[str, date | None], ...] = ()
    extended: date | None = None


PLATFORM_HINT = "Sec-CH-UA-Platform-Version"
"""Client hint that is requested of browsers."""
_HINTED = re.compile(r'"?(\d{1,4})\.(\d{1,4})')


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("support.json").read_text("utf-8"))
    return facts


def is_phone(agent: str) -> bool:
    """Return whether a User-Agent is of a phone or tablet."""
    return bool(_PHONE.search(agent[:_LONGEST]))


def system(agent: str, day: date, platform: str = "") -> System | None:
    """Recognize the operating system of a User-Agent, refined by `PLATFORM_HINT`; judge it on a day."""
    for pattern, family in _PATTERNS:
        if match := pattern.search(agent[:_LONGEST]):
            parts = [part for part in match.groups() if part]
            version = (" " if family == "linux" else ".").join(parts).lower()
            return _judged(family, _hinted(family, version, platform) or version, day)
    return None


def browser(agent: str, day: date) -> System | None:
    """Recognize the browser of a User-Agent; judge it on a day."""
    for pattern, family in _BROWSERS:
        match = pattern.search(agent[:_LONGEST])
        if match:
            return _judged(family, match[1] if match.groups() else "", day)
    return None


def _hinted(family: str, version: str, platform: str) -> str:
    """Version of the client hint where more precise than the User-Agent; for Windows a first build, or ""."""
    match = _HINTED.match(platform[:20])
    if match is None or family not in ("windows", "android", "macos"):
        return ""
    if family == "windows":
        builds = _facts()["windows"]["builds"] if version == "10.0" else {}
        number = int(match[1])
        if number > max(map(int, builds), default=0):
            return ""  # newer than the table
        return max((key for key in builds if int(key) <= number), key=int, default="")
    return f"10.{match[2]}" if family == "macos" and match[1] == "10" else match[1]


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
        assumed = timedelta(days=facts.get("least_days", 0))
        is_fresh = "released" in entry and day <= date.fromisoformat(entry["released"]) + assumed
        return (True if is_fresh else None), None
    until = date.fromisoformat(entry["until"])
    latest = date.fromisoformat(entry.get("latest", entry["until"]))
    return (True if day <= until else False if day > latest else None), latest


def _by_number(facts: dict[str, Any], version: str, as_of: date, day: date) -> bool | None:
    number = re.fullmatch(r"\d{1,5}(?:\.\d{1,5})?", version)
    if number is None:
        return None
    if facts.get("releases"):
        is_fresh = _is_fresh(int(version.partition(".")[0]), facts["releases"], day)
        return (True if day <= as_of + TRUSTED else None) if is_fresh else False
    if facts.get("least_days") and _order(version)[0] == max(_order(key)[0] for key in facts["versions"]) + 1:
        return True if day <= as_of + NEWER else None
    below = facts.get("before")
    return False if below and _order(version) < _order(below) else None


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _others(facts: dict[str, Any], entry: dict[str, Any]) -> tuple[tuple[str, date | None], ...]:
    """Possible versions, newest first: the entry's editions, else all of the table."""
    editions: list[dict[str, Any]] = entry.get("editions") or [
        edition
        for version in (facts.get("builds") or facts["versions"]).values()
        for edition in version.get("editions", [version])
    ]
    listed = [version for version in editions if "until" in version or "released" in version]
    ends = [(version["name"], version.get("latest") or version.get("until")) for version in listed]
    return tuple((name, date.fromisoformat(end) if end else None) for name, end in reversed(ends))


def _is_fresh(version: int, releases: dict[str, Any], day: date) -> bool:
    """Return whether a browser's version still gets updates, by the pace of releases."""
    age_days: int = (version - releases["version"]) * releases["every_days"]
    max_days: int = age_days + releases["kept_days"]
    return (day - date.fromisoformat(releases["day"])).days <= max_days
