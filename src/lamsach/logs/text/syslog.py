"""Syslog headers, in all variants of senders, relays and servers, and the times in them.

Known: RFC 3164 and its variants, RFC 5424, rsyslog's ISO 8601 file format, Kiwi Syslog, OpenWrt's `logread`,
container runtimes, Sophos UTM, the octet count of RFC 6587, a bare `program[pid]:`, and a relay's header
before the sender's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from lamsach.logs.base import FileContext
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.times.timestamps import (
    MONTHS,
    STARTS,
    from_epoch,
    from_iso,
    in_english,
    local_time,
    without_year,
    zone_of,
)

_UTC_ZONE = ZoneInfo("UTC")
TimeReader = Callable[[FileContext], datetime]
"""Computes the time from a file's context. Raises LineError for an impossible one."""

_ISO = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z| ?[+-]\d{2}:?\d{2})?"
# 2026-06-10T08:00:01.123+07:00   2026-06-10 08:00:01,123
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
# Kiwi Syslog's other files: `01-04-2026 TAB 07:09:49 TAB Auth.Info TAB 192.0.2.9 TAB ...`, day, month or
# year first
_KIWI_TIME = re.compile(r"(?:\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4})\t\d{2}:\d{2}:\d{2}(?=\t)", re.ASCII)
# `[2026-03-01 10:00:01] host1 sshd[812]: `, `[Sun Mar  1 10:00:01 2026] host1 kernel: `
_BRACKETED = re.compile(r"\[([^\[\]]{14,40})\]:?(?= )")
_HEAD_LOOKED_AT = 50


def time_at(text: str) -> tuple[TimeReader, int, bool] | None:
    """Match the time at the start of a text: its reader, end, and whether only syslog headers start so."""
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
        return (lambda context: _loose_time(written, context)), match.end(), False
    return None


def bracketed_time(text: str) -> tuple[TimeReader, int, bool] | None:
    """Match a time in square brackets; other programs write these too, so host and program must follow."""
    match = _BRACKETED.match(text)
    found = time_at(match[1] + " ") if match else None
    return (found[0], match.end(), False) if match and found and found[1] == len(match[1]) else None


def _loose_time(text: str, context: FileContext) -> datetime:
    """Parse a time whose order of day and month depends on the file; by default the day is first."""
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


@dataclass(frozen=True, slots=True)
class SyslogHeader:
    """Contents of a syslog header. `host`: the sender's name or address.

    `app` and `pid`: the program's tag, `named[812]`."""

    time: datetime | None = None
    host: str | None = None
    app: str | None = None
    pid: str | None = None


NO_HEADER = SyslogHeader()

_Parts = tuple[TimeReader | None, str | None, str | None, str | None, str]

# RFC 5424 section 6: `<34>1 `; RFC 6587 section 3.4.1 puts the octet count before: `123 <34>1 `.
_PRIORITY = re.compile(r"(?:\d{1,6} )?<\d{1,3}> ?(?:([1-9]) )?", re.ASCII)
_EPOCH_TIME = re.compile(r"(\d{10}(?:\.\d{1,9})?)(?= )", re.ASCII)
# `named[812]: `, `(squid-1): `, `postfix/smtpd[12]: `, `kernel: `
# `/usr/sbin/sshd[812]: `, `sshd(pam_unix)[812]: `
_TAG = re.compile(
    r"(?:\(|(?:/[\w.-]{1,32}){1,8}/)?([A-Za-z_][\w./@-]{0,63})(?:\)|\(pam_\w{1,16}\))?"
    r"(?:\[([^\]\s]{1,32})\])?:(?: +|$)",
    re.ASCII,
)
_TAG_WITH_PID = re.compile(r"\(?([A-Za-z_][\w./@-]{0,63})\)?\[(\d{1,10})\]:(?: +|$)", re.ASCII)
_NOT_TAGS = frozenset({"CEF", "LEEF", "http", "https", "query", "client", "error", "info", "warning"})
_HOST = re.compile(r"([A-Za-z0-9_][\w.:%-]{0,254}|::[0-9A-Fa-f:.]{0,40})(?: +|$)", re.ASCII)
_FACILITY = re.compile(
    r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])"
    r"\.(?:emerg|panic|alert|crit|critical|err|error|warning|warn|notice|info|debug)[ \t]+",
    re.ASCII | re.IGNORECASE,
)
_LONGEST_FACILITY = len("authpriv.")
# AIX: `auth|security:info sshd[812]: `; ESXi since 8: `In(38) sshd[812]: `
_LEVEL = re.compile(
    r"(?:[a-z]{3,8}(?:\|[a-z]{3,8})?:(?:emerg|alert|crit|err|warn|warning|notice|info|debug)|"
    r"(?:Db|In|No|Wa|Er|Cr|Al|Em)\(\d{1,3}\)) (?=[A-Za-z_/])",
    re.ASCII,
)
# UniFi: `U7PG2,788a20d6e0f1,v4.0.42.10433: kernel: `, `UDMPRO,788a20d6e0f1,udm-1.10.0.3686 kernel: `,
# `("U7PG2,788a20d6e0f1,v4.0.42.10433") hostapd: `; since 5: `U6-Lite 788a20d6e0f1,U6-Lite-6.5.28+14491: `
_UNIFI = re.compile(
    r'(?:\("?)?([A-Za-z0-9][\w.-]{0,63}),[0-9A-Fa-f]{12},(?:v|[A-Za-z]{2,12}-)?\d[\w.+-]{0,40}(?:"?\))?:? +',
    re.ASCII,
)
_UNIFI_VERSION = re.compile(r"[0-9A-Fa-f]{12},[\w.+-]{1,60}:? +", re.ASCII)
_CONTAINER = re.compile(r"(?:stdout|stderr) [FP] ")
# docker logs --timestamps: `2026-03-14T02:26:53.123456789Z line`
_OF_A_CONTAINER = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{9}Z ", re.ASCII)
# rsyslog without the version: `gw01 CheckPoint 1130 - CEF: 0|...`
_APP_PID_DASH = re.compile(r"([A-Za-z_][\w./-]{0,63}) (\d{1,10}) (?:-|[A-Za-z][\w.-]{0,31}) (?=\S)", re.ASCII)
_5424_FIELDS = re.compile(r"(\S{1,255}) (\S{1,64}) (\S{1,128}) (\S{1,64}) (?=[-\[])")
# RFC 5424 section 6.3: `[id name="value \" \] \\" ...]`
_STRUCTURED = re.compile(r'\[[^\s=\]"]{1,64}(?: [^\s=\]"]{1,64}="(?:[^"\\]|\\.)*")*\]')
_MAY_START = frozenset("<0123456789*.JFMASONDTW[")
_BARE_TAG_LENGTH = 80
_CACHE_SIZE = 4
"""Number of cached headers; lines may be long."""


def split_header(line: str, context: FileContext) -> tuple[SyslogHeader, str]:
    """Split a line into syslog header and message; NO_HEADER and the whole line without one.

    A time without an offset is in `context.timezone`. Raises LineError for an impossible date."""
    reader, host, app, pid, message = _split(line)
    if reader is None and host is None and app is None:
        return NO_HEADER, message
    return SyslogHeader(reader(context) if reader else None, host, app, pid), message


def split_message(line: str) -> tuple[str | None, str]:
    """Return the program's name (or None) and the message, without parsing the time; never raises."""
    _, _, app, _, message = _split_twice(line)
    return app, message


def sender_of(line: str) -> tuple[str | None, str | None]:
    """Return the host and program in a line's header; never raises."""
    _, host, app, _, _ = _split(line)
    return host, app


def _split(line: str) -> _Parts:
    """Parse the header, also after a container's name or the remains of a paste if a time follows."""
    parts = _split_twice(line)
    if parts[0] is None and parts[1] is None and parts[2] is None and (rest := bare(line)) is not line:
        inner = _split_twice(rest)
        return inner if inner[0] is not None else parts
    return parts


@lru_cache(_CACHE_SIZE)  # recognition and parsing both split the same line
def _split_twice(line: str) -> _Parts:
    """Parse one header, or two when a relay prepended its own: the sender's values take precedence.

    A second header must have a time, and a program or priority, because messages may begin with a time."""
    outer = _split_once(line)
    message = outer[4]
    if (outer[0] is None and outer[1] is None) or message[:1] not in _MAY_START:
        return outer
    inner = _split_once(message)
    if inner[0] is None or (inner[2] is None and message[0] != "<"):
        return outer
    return inner[0], inner[1] or outer[1], inner[2], inner[3], inner[4]


def _split_once(line: str) -> _Parts:
    if line[:1] not in _MAY_START:
        own = in_english(line) if line[:1] in STARTS else None
        if own is None:
            return _bare_tag(line, line)
        line = own
    priority = _PRIORITY.match(line) if line[0] in "<0123456789" else None
    rest = line[priority.end() :].removeprefix(": ") if priority else line  # NX-OS: `<189>: 2026 Mar 27 ...`
    if priority and priority[1]:
        parts = _rfc5424(rest)
        if parts:
            return parts
    elif line.startswith("1 20") and ISO_TIME.match(line, 2):  # a collector took the priority off
        parts = _rfc5424(line[2:])
        if parts and parts[1]:
            return parts
    found = bracketed_time(rest) if rest[:1] == "[" else time_at(rest)
    if found is None and (translated := in_english(rest)):
        rest, found = translated, time_at(translated)
    if found is None:
        return _bare_tag(rest, rest)
    reader, end, trusted = found
    after = rest[end:]
    if after[:1] == "\t":
        return _kiwi(reader, after[1:]) or (None, None, None, None, rest)
    if _OF_A_CONTAINER.match(rest):  # a container runtime states no host: the program's line follows
        return _host_and_tag(reader, after, False) or (reader, None, None, None, after.lstrip(" "))
    return _host_and_tag(reader, after, trusted or priority is not None) or (None, None, None, None, rest)


def _bare_tag(text: str, otherwise: str) -> _Parts:
    """Parse a message that starts with only `program[pid]: `."""
    tag = _TAG_WITH_PID.match(text[:_BARE_TAG_LENGTH])
    if tag:
        return None, None, tag[1], tag[2], text[tag.end() :]
    return None, None, None, None, otherwise


def _rfc5424(rest: str) -> _Parts | None:
    """Parse what follows `<PRI>1 `: TIMESTAMP HOST APP PROCID MSGID [STRUCTURED] message; else None."""
    reader: TimeReader | None = None
    if rest.startswith("- "):
        after = rest[2:]
    else:
        found = time_at(rest)
        if found is None:
            epoch = _EPOCH_TIME.match(rest)
            if epoch is None:
                return None
            stated = epoch[1]
            found = (lambda _: from_epoch(stated)), epoch.end(), True
        reader, after = found[0], rest[found[1] + 1 :]
    fields = _5424_FIELDS.match(after)
    if fields is None:
        return _host_and_tag(reader, " " + after, True)
    position = fields.end()
    if after[position] == "-":
        position += 1
    else:
        while element := _STRUCTURED.match(after, position):
            position = element.end()
    message = after[position:].lstrip(" ").removeprefix("\ufeff")
    host, app, pid, _ = (None if value == "-" else value for value in fields.groups())
    return reader, host, app, pid, message


def _kiwi(reader: TimeReader, text: str) -> _Parts | None:
    """Parse Kiwi Syslog's file: time TAB Facility.Level TAB host TAB message."""
    facility = _FACILITY.match(text)
    if facility is None:
        return None
    host, tab, message = text[facility.end() :].partition("\t")
    if not tab:
        return None
    _, _, app, pid, message = _bare_tag(message, message)
    return reader, host, app, pid, message


def _host_and_tag(reader: TimeReader | None, after: str, trusted: bool) -> _Parts | None:
    """Parse what follows the time: `host program[pid]: message` in its variants.

    None unless `trusted` (many products start lines with `2026-10-03 14:22:02 `) or confirmed by a program's
    tag."""
    text = after.removeprefix(":").lstrip(" ")
    container = _CONTAINER.match(text) if text.startswith("std") else None
    if container:
        _, _, app, pid, message = _bare_tag(text[container.end() :], text[container.end() :])
        return reader, None, app, pid, message
    facility = _FACILITY.match(text) if "." in text[:_LONGEST_FACILITY] else None
    text = text[facility.end() :] if facility else text
    level = _LEVEL.match(text)
    text = text[level.end() :] if level else text
    tag = _tag(text)
    if tag and text.startswith("%", tag.end()):  # Cisco: `Mar 14 09:26:53 gw01: %ASA-...`
        return reader, tag[1], None, None, text[tag.end() :]
    if tag:
        return (reader, None, tag[1], tag[2], text[tag.end() :]) if trusted or tag[2] else None
    host = (_UNIFI.match(text) if "," in text[:80] else None) or _HOST.match(text)
    if host is None:
        return (reader, None, None, None, text) if trusted else None
    text = text[host.end() :]
    if text.startswith(host[1] + " "):  # UniFi repeats its name
        text = text[len(host[1]) + 1 :]
    version = _UNIFI_VERSION.match(text) if text[12:13] == "," else None
    text = text[version.end() :] if version else text
    text = text.removeprefix(": ")  # Cisco: `gw01 : %ASA-...`
    if text[:1] == ":" and BSD_TIME.match(text, 1):  # Cisco's EMBLEM header after a relay's
        text = text[1:]
    facility = _FACILITY.match(text) if "." in text[:_LONGEST_FACILITY] else None
    text = text[facility.end() :] if facility else text
    level = _LEVEL.match(text)
    text = text[level.end() :] if level else text
    tag = _tag(text) or _APP_PID_DASH.match(text)
    if tag:
        return reader, host[1], tag[1], tag[2], text[tag.end() :]
    return (reader, host[1], None, None, text) if trusted else None


def _tag(text: str) -> re.Match[str] | None:
    tag = _TAG.match(text)
    return None if tag is None or tag[1] in _NOT_TAGS else tag
