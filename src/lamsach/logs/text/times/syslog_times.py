"""The times with which syslog lines begin, in every way that senders, relays and files write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from lamsach.logs.base import FileContext
from lamsach.logs.text.times.timestamps import MONTHS, from_epoch, from_iso, local_time, without_year, zone_of

_UTC_ZONE = ZoneInfo("UTC")
TimeReader = Callable[[FileContext], datetime]
"""Gives the time as a file's context completes it. Raises LineError for an impossible one."""

_ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z| ?[+-]\d{2}:?\d{2})?"
ISO_TIME = re.compile(rf"({_ISO})(?=[ \t]|: |$)", re.ASCII)
# RFC 3164 section 4.1.2 `Oct 11 22:14:15 host su: ...`; Cisco `Jun 07 2025 16:16:20: %ASA-...`; `*Mar  1
# 18:46:11.123 UTC: `;
# rsyslog's `Mon Sep 28 21:30:01 2026 daemon.info dnsmasq[1]: ` as OpenWrt's logread writes; NX-OS' `2026 Mar
# 27 10:00:01 sw1 %...`.
# A month in another language is turned into English before: see `local_months`.
BSD_TIME = re.compile(
    r"[*.]?(?:(\d{4}) )?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug"
    r"|Sep|Oct|Nov|Dec) {1,2}(\d{1,2})"
    r"(?: (\d{4}))? (\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?: (\d{4})(?= |: ))?(?: (?:UTC"
    r"|GMT)(?=[ :]))?(?=[ :]|$)",
    re.ASCII,
)
# Sophos UTM: `2019:11:06-00:08:03 gw httpd[123]: ...`
_UTM_TIME = re.compile(r"(\d{4}):(\d{1,2}):(\d{1,2})-(\d{2}):(\d{2}):(\d{2})(?= )", re.ASCII)
# Check Point's CPLogToSyslog: `Jun 10 2026 09:20:31+07:00 192.0.2.1 Action="accept" ...`
_ZONED_TIME = re.compile(
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}(\d{1,2}) (\d{4}) "
    r"(\d{2}:\d{2}:\d{2})(Z|[+-]\d{2}:?\d{2})(?=[ :])",
    re.ASCII,
)
# journalctl -o short-full: `Sun 2026-06-07 09:00:01 +07 host1 sshd[812]: `
_JOURNAL_TIME = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,9})?) "
    r"([A-Z]{2,5}|[+-]\d{2,4})(?= )",
    re.ASCII,
)
# journalctl -o short-unix: `1780797601.123456 host1 sshd[812]: `; Squid's own time has milliseconds
_UNIX_TIME = re.compile(r"(\d{10}\.\d{6})(?= [A-Za-z_])", re.ASCII)
# rsyslog's and others' templates by the clock of a country: `06/07/2026 09:00:01 host1 sshd[812]: `,
# `6/7/2026 9:00:01 PM host1 ...`,
# `Mon 2026-06-07 09:00:01 host1 ...`, `Jun 7, 2026 09:00:01 host1 ...`
_LOCAL_TIME = re.compile(
    r"(?:\d{1,2}([/.-])\d{1,2}\1\d{4}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d{2}-\d{2}"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2}, \d{4}),? "
    r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,6})?(?: [AP]M)?(?= [A-Za-z0-9_])",
    re.ASCII,
)
# Kiwi Syslog's other files: `01-04-2026 TAB 07:09:49 TAB Auth.Info TAB 192.0.2.9 TAB ...`, in either order or
# from the year on
_KIWI_TIME = re.compile(r"(?:\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4})\t\d{2}:\d{2}:\d{2}(?=\t)", re.ASCII)
# `[2026-03-01 10:00:01] host1 sshd[812]: `, `[Sun Mar  1 10:00:01 2026] host1 kernel: `
_BRACKETED = re.compile(r"\[([^\[\]]{14,40})\]:?(?= )")
_HEAD_LOOKED_AT = 50


def time_at(text: str) -> tuple[TimeReader, int, bool] | None:
    """Return how to read the time at the start of the text, where it ends, and whether only a syslog header
    starts so."""
    match = BSD_TIME.match(text)
    if match:
        return _bsd_reader(match), match.end(), True
    match = ISO_TIME.match(text)
    if match:
        stated = match[1]
        return (lambda context: from_iso(stated, context.timezone)), match.end(), text[10] == "T"
    match = _JOURNAL_TIME.match(text) if text[3:5] == " 2" else None
    if match:
        clock, zone = match.groups()
        return (lambda context: from_iso(clock, zone_of(zone) or context.timezone)), match.end(), True
    match = _ZONED_TIME.match(text) if text[3:4] == " " else None
    if match:
        moment = f"{match[3]}-{MONTHS[match[1]]:02}-{int(match[2]):02}T{match[4]}{match[5]}"
        return (lambda context: from_iso(moment, context.timezone)), match.end(), True
    match = _UTM_TIME.match(text)
    if match:
        year, month, day, hour, minute, second = map(int, match.groups())
        return (
            (lambda context: local_time(year, month, day, hour, minute, second, 0, context.timezone)),
            match.end(),
            True,
        )
    match = _UNIX_TIME.match(text)
    if match:
        epoch = match[1]
        return (lambda _: from_epoch(epoch)), match.end(), False
    match = (_KIWI_TIME if text[10:11] == "\t" else _LOCAL_TIME).match(text)
    if match:
        written = match[0]
        return (lambda context: _loosely(written, context)), match.end(), False
    return None


def bracketed_time(text: str) -> tuple[TimeReader, int, bool] | None:
    """The same of a time in square brackets, which other programs write as well: so a host and a program have
    to follow."""
    match = _BRACKETED.match(text)
    found = time_at(match[1] + " ") if match else None
    return (found[0], match.end(), False) if match and found and found[1] == len(match[1]) else None


def _loosely(text: str, context: FileContext) -> datetime:
    """A time whose order of day and month the file decides; without a number above 12 the day comes first, as
    in Vietnam."""
    from lamsach.logs.text.times.loose_times import LooseTimes, month_comes_first

    pattern = _KIWI_TIME if "\t" in text else _LOCAL_TIME
    times = (match[0] for line in context.head[:_HEAD_LOOKED_AT] if (match := pattern.match(line)))
    return LooseTimes(context, month_comes_first((text, *times))).read(text.replace("\t", " "))


def _bsd_reader(match: re.Match[str]) -> TimeReader:
    def read(context: FileContext) -> datetime:
        month, day = MONTHS[match[2]], int(match[3])
        year = match[1] or match[4] or match[9]
        hour, minute, second = int(match[5]), int(match[6]), int(match[7])
        micro = int(match[8][:6].ljust(6, "0")) if match[8] else 0
        if match[0].endswith(("UTC", "GMT")):
            context = FileContext(context.file, _UTC_ZONE, context.modified)
        if year:
            return local_time(int(year), month, day, hour, minute, second, micro, context.timezone)
        return without_year(month, day, hour, minute, second, context, micro)

    return read
