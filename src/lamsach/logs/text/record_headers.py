"""Any kind of syslog header before a record with its own marker (`CEF:`, `LEEF:`)."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext
from lamsach.logs.text.syslog import NO_HEADER, SyslogHeader, split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import ABBREVIATIONS, zone_of

# <166>   <34>1
_PRIORITY = re.compile(r"<\d{1,3}>(?:\d )?", re.ASCII)
# a name or an address, but no time of day
_HOST = re.compile(r"(?!\d{1,2}:\d\d)[A-Za-z0-9][\w.:-]{0,254}", re.ASCII)
# "devname=""gw""","srcip=10.1.1.5"
_PAIR_CELL = re.compile(r'"[A-Za-z_][\w.-]*=')
# Cisco ASA with several contexts: `Nov 20 2026 10:00:01 asa1/ctx1 : %ASA-...`
_CONTEXT = re.compile(r"(?:^|\s)([A-Za-z][\w.-]{0,63}/[\w.-]{1,64})$", re.ASCII)
_MOST_WORDS = 6
_MOST_RELAYS = 4


def header_before(line: str, position: int, context: FileContext) -> SyslogHeader:
    """Parse the header before a position; of an unknown kind, the time at its start and host at its end."""
    before = _PRIORITY.sub("", line[:position], count=1).strip(" :")
    if not before:
        return NO_HEADER
    marked = _PRIORITY.match(line)
    if marked and line.startswith(":", marked.end()):  # Cisco: `<166>:Jun  5 07:31:12 UTC: %ASA-...`
        line = marked[0] + line[marked.end() + 1 :]
    header = _innermost(line, position, context)
    named = header.host if header.host in ABBREVIATIONS else header.app
    zone = zone_of(named) if named in ABBREVIATIONS else None
    if named and zone:  # Cisco: `Jun  5 07:31:12 ICT: %ASA-...`, `... ICT gw1 : %ASA-...`
        relay = split_header(line, context)[0].host
        own = _innermost(line, position, replace(context, timezone=zone))
        behind = _HOST.fullmatch(before.rpartition(f" {named} ")[2].strip())
        return replace(own, host=behind[0] if behind else None if relay == named else relay, app=None)
    if header.host in ("UTC", "GMT"):
        header = replace(header, host=None)
    elif (
        header.host is None
        and header.app is not None
        and header.pid is None
        and header.app not in ABBREVIATIONS
    ):
        header = replace(header, host=header.app, app=None)  # `Jun  5 07:31:12 gw: CEF:0|...`
    within = _CONTEXT.search(before) if header.host is None and "/" in before[-130:] else None
    if within:
        header = replace(header, host=within[1])
    words = before.split()
    time = header.time or _time(words, context)
    host = header.host
    if host is None and header.time is None and header.app is None and len(words) > 1:
        last = words[-1].rstrip(":,-")
        host = last if _HOST.fullmatch(last) and last not in ABBREVIATIONS else None
    return header if time is header.time and host is header.host else replace(header, time=time, host=host)


def last_header(before: str, context: FileContext) -> SyslogHeader:
    """Return the sender's own header, the last of several: each relay prepends one.

    Raises LineError as `split_header` does."""
    header, rest = split_header(f"{before}-", context)
    for _ in range(_MOST_RELAYS):
        try:
            inner, rest = split_header(rest, context) if len(rest) > 1 else (NO_HEADER, rest)
        except LineError:
            break
        if inner.time is None:
            break
        header = replace(inner, host=inner.host or inner.app or header.host)
    return header


def _innermost(line: str, position: int, context: FileContext) -> SyslogHeader:
    """Return the last header before a position; each relay prepends its own."""
    found = NO_HEADER
    for _ in range(_MOST_RELAYS):
        try:
            header, rest = split_header(line, context)
        except LineError:
            break
        position -= len(line) - len(rest)
        if header.time is None and (found is not NO_HEADER or header.host is None):
            return header if found is NO_HEADER else found
        found = header if header.host or header.app else replace(header, host=found.host)
        if position <= 0 or not rest[:position].strip(" :%"):
            break
        line = rest
    return found


def _time(words: list[str], context: FileContext) -> datetime | None:
    """Return the time in the longest run of first words that has one."""
    for count in range(min(len(words), _MOST_WORDS), 0, -1):
        candidate = " ".join(words[:count])[:64]
        if not any(character.isdigit() for character in candidate):
            return None
        try:
            return LooseTimes(context).read(candidate)
        except LineError:
            continue
    return None


def within_json(line: str, position: int) -> bool:
    """Return whether a JSON object begins before this position, so that it is inside a value."""
    before = line[:position]
    return '{"' in before or '{ "' in before or "{'" in before


def unquote_cell(line: str) -> str:
    r"""Undo the quoting of a table cell or JSON text around a line.

    A spreadsheet doubles a cell's quotes (`"devname=""gw"" srcip=..."`, alone or with other cells); text cut
    out of JSON has them escaped (`devname=\"gw\" srcip=...`, `[action:\"Drop\"; ...`)."""
    if ('=\\"' in line or ':\\"' in line) and '="' not in line and ':"' not in line:
        return line.replace('\\"', '"').strip('"') if line[0] == '"' else line.replace('\\"', '"')
    if len(line) < 3 or line[0] != '"' or line[-1] != '"' or '""' not in line:
        return line
    inner = line[1:-1]
    if '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return _longest_cell(line) if '=""' in line and not _PAIR_CELL.match(line) else line


def _longest_cell(line: str) -> str:
    try:
        return max(next(csv.reader([line])), key=len)
    except (csv.Error, StopIteration):
        return line
