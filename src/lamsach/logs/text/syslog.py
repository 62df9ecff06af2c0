"""The header that a syslog sender, relay or server puts before a product's own message.

Known: RFC 3164 and its variants, RFC 5424, rsyslog's ISO 8601 file format, Kiwi Syslog, OpenWrt's `logread`,
container runtimes, Sophos UTM, the octet count of RFC 6587, a bare `program[pid]:`, and a relay's header
before the sender's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from lamsach.logs.base import FileContext
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.times.syslog_times import BSD_TIME, ISO_TIME, TimeReader, bracketed_time, time_at
from lamsach.logs.text.times.timestamps import STARTS, from_epoch, in_english


@dataclass(frozen=True, slots=True)
class SyslogHeader:
    """Statements of a syslog header. `host`: the sender's name or address.

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
_SPLIT_KEPT = 4
"""How many lines' headers are kept: lines may be long."""


def split_header(line: str, context: FileContext) -> tuple[SyslogHeader, str]:
    """The syslog header of a line and the message after it; NO_HEADER and the line itself when it has none.

    A time without an offset is on the clock of `context.timezone`. Raises LineError for an impossible date.
    """
    reader, host, app, pid, message = _split(line)
    if reader is None and host is None and app is None:
        return NO_HEADER, message
    return SyslogHeader(reader(context) if reader else None, host, app, pid), message


def split_message(line: str) -> tuple[str | None, str]:
    """The program's name (None when not stated) and the message, without looking at the time or behind a
    container's name; never raises."""
    _, _, app, _, message = _split_twice(line)
    return app, message


def sender_of(line: str) -> tuple[str | None, str | None]:
    """The host and the program that a line's header states; never raises."""
    _, host, app, _, _ = _split(line)
    return host, app


def _split(line: str) -> _Parts:
    """The header, also behind the name of a container or what a paste left; without a time behind it the line
    stays as it is."""
    parts = _split_twice(line)
    if parts[0] is None and parts[1] is None and parts[2] is None and (rest := bare(line)) is not line:
        inner = _split_twice(rest)
        return inner if inner[0] is not None else parts
    return parts


@lru_cache(_SPLIT_KEPT)  # whoever looks whether the line is his, and who reads it then, each ask
def _split_twice(line: str) -> _Parts:
    """One header, or two when a relay put its own before the sender's: of what both state the sender's
    counts.

    A second one is believed only when it states a time, and a program or a priority, because messages may
    begin with a time."""
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
    if _OF_A_CONTAINER.match(rest):  # the runtime knows no host: what follows is the program's line
        return _host_and_tag(reader, after, False) or (reader, None, None, None, after.lstrip(" "))
    return _host_and_tag(reader, after, trusted or priority is not None) or (None, None, None, None, rest)


def _bare_tag(text: str, otherwise: str) -> _Parts:
    """A message that starts with `program[pid]: ` and nothing before it."""
    tag = _TAG_WITH_PID.match(text[:_BARE_TAG_LENGTH])
    if tag:
        return None, None, tag[1], tag[2], text[tag.end() :]
    return None, None, None, None, otherwise


def _rfc5424(rest: str) -> _Parts | None:
    """Return what follows `<PRI>1 `: TIMESTAMP HOST APP PROCID MSGID [STRUCTURED] message; None when it is
    laid out otherwise."""
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
    """Kiwi Syslog's file: time TAB Facility.Level TAB host TAB message."""
    facility = _FACILITY.match(text)
    if facility is None:
        return None
    host, tab, message = text[facility.end() :].partition("\t")
    if not tab:
        return None
    _, _, app, pid, message = _bare_tag(message, message)
    return reader, host, app, pid, message


def _host_and_tag(reader: TimeReader | None, after: str, trusted: bool) -> _Parts | None:
    """Return what follows the time: `host program[pid]: message` in its variants.

    None when not `trusted` (many products start lines with `2026-10-03 14:22:02 `) and no program's tag
    confirms it."""
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
    if text.startswith(host[1] + " "):  # UniFi states its name twice
        text = text[len(host[1]) + 1 :]
    version = _UNIFI_VERSION.match(text) if text[12:13] == "," else None
    text = text[version.end() :] if version else text
    text = text.removeprefix(": ")  # Cisco: `gw01 : %ASA-...`
    if text[:1] == ":" and BSD_TIME.match(text, 1):  # its EMBLEM header behind a relay's: `relay :Jun  5 ...`
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
