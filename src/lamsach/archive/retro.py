"""A list that comes today against the logs of a year: the retro-hunt from end to end."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lamsach.archive.archive import Archive
from lamsach.archive.gaps import blind, gaps
from lamsach.archive.search import ArchivedLogs, Elsewhere, Plan
from lamsach.hunt.run import HuntResult
from lamsach.investigate import Request, Watch, day_asked, investigate
from lamsach.model import Findings


def retro(
    archive: Archive, request: Request, watch: Watch | None = None, elsewhere: Elsewhere | None = None
) -> tuple[Findings, HuntResult, Plan]:
    """Search an archive for the request's lists.

    Times without a zone are read as they were when they were archived. `elsewhere`: who opens and searches
    segments in this process's stead.

    Raises InputError when no list can be used.
    """
    logs = ArchivedLogs(archive, elsewhere)
    request = replace(request, timezone=archive.zone, logs=(archive.store.url,), format_name=None)
    findings, result = investigate(request, watch, logs)
    missing = blind(gaps(archive), logs.observers, archive.zone)
    asked = {pair for pair in missing if day_asked(pair[1], request)}
    findings = replace(findings, blind_days=tuple(sorted({*findings.blind_days, *asked})))
    return findings, result, logs.plan


# 30d, 4w, 12m, 1y
_BACK = re.compile(r"([1-9][0-9]{0,3})([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def counted_back(text: str | None, zone: ZoneInfo) -> str | None:
    """`30d`, `12m`, `1y` as the day that lies so far back on the zone's calendar; any other text as it is."""
    found = _BACK.fullmatch(text or "")
    if found is None:
        return text
    days = int(found[1]) * _DAYS[found[2]]
    return (datetime.now(zone) - timedelta(days=min(days, 36500))).date().isoformat()
