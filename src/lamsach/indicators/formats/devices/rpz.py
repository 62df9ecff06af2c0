"""Response policy zones (https://datatracker.ietf.org/doc/html/draft-vixie-dnsop-dns-rpz-00), as BIND,
Unbound and Knot take them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats.base import ListFormat, line_by_line
from lamsach.indicators.text.extract import Found
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused, declined
from lamsach.indicators.values.records import Entry, Facts, entries, read_text
from lamsach.model import IndicatorType, Reference

# evil.example 60 IN CNAME .        *.evil.example CNAME rpz-drop.       32.5.113.0.203.rpz-ip CNAME .
_RECORD = re.compile(
    r"(?P<owner>[^\s;$()\"]+)\s+(?:\d+[smhdwSMHDW]?\s+)?(?:IN\s+)?(?:\d+[smhdwSMHDW]?\s+)?"
    r"(?P<type>CNAME|A|AAAA|TXT|DNAME)\s+(?P<target>[^;]+?)\s*(?:;\s*(?P<note>.*))?",
    re.IGNORECASE,
)
_ORIGIN = re.compile(r"\$ORIGIN\s+(\S+)", re.IGNORECASE)
_SOA = re.compile(r"(?m)^(?:@|\S+)?\s.{0,80}\bSOA\b", re.IGNORECASE)
_SOA_OWNER = re.compile(r"(?P<owner>\S+)?\s+(?:\d+\S*\s+)?(?:IN\s+)?(?:\d+\S*\s+)?SOA\s", re.IGNORECASE)
_PASSTHRU = re.compile(r"rpz-passthru\.?", re.IGNORECASE)
_TRIGGER = re.compile(r"(?P<body>.+)\.(?P<kind>rpz-(?:ip|client-ip|nsdname|nsip))", re.IGNORECASE)


def _begins(source: ListSource) -> bool:
    """Return whether the text is a zone file with CNAME records that block."""
    head = source.text_head
    if re.search(r"(?m)\bCNAME\s+(?:\.|\*\.|rpz-\w+\.?)\s*(?:;.*)?\r?$", head, re.IGNORECASE) is None:
        return False
    return _SOA.search(head) is not None or "rpz" in head.lower() or _mostly_records(head)


def _read(source: ListSource) -> Iterator[Entry]:
    """Read record by record. A name relative to the zone is blocked; what passes is an exception."""
    origin = ""
    depth = 0

    def take(line: str, reference: Reference) -> Iterable[Entry]:
        nonlocal origin, depth
        text = line.partition(";")[0]
        if depth > 0:
            depth += text.count("(") - text.count(")")
        elif match := _ORIGIN.match(text):
            origin = match[1].strip(".").lower()
        elif match := _SOA_OWNER.match(text):
            depth += text.count("(") - text.count(")")
            if (owner := match["owner"] or "").endswith("."):
                origin = owner.strip(".").lower()
        elif match := _RECORD.fullmatch(line.strip()):
            return entries(_values(match, origin), reference, Facts.of(match["note"]))
        return ()

    return line_by_line(source, take)


def _mostly_records(head: str) -> bool:
    lines = [
        text
        for line in head.splitlines()[:200]
        if (text := line.strip()) and not text.startswith((";", "$", "#"))
    ]
    return sum(_RECORD.fullmatch(line) is not None for line in lines) * 2 >= len(lines)


def _values(match: re.Match[str], origin: str) -> list[Found]:
    owner = match["owner"].lower()
    if owner == "@":
        return []
    if owner.endswith("."):
        owner = owner.rstrip(".")
        owner = owner.removesuffix("." + origin) if origin else _without_zone(owner)
    found = _trigger(owner) if ".rpz-" in owner else read_text(owner)
    if _PASSTHRU.fullmatch(match["target"]) or match["target"].strip(".").lower() == owner:
        return [declined(item, refusals.ALLOWED) for item in found]
    return found


def _without_zone(owner: str) -> str:
    """An absolute name of a zone whose origin is not stated: `evil.example.rpz.local` is `evil.example`."""
    return re.sub(r"\.(?:rpz|[\w-]*blocklist|[\w-]*policy|db\.rpz)(?:\.[\w-]+){0,4}$", "", owner)


def _trigger(owner: str) -> list[Found]:
    match = _TRIGGER.fullmatch(owner)
    if match is None:
        return read_text(owner)
    kind = match["kind"].lower()
    if kind == "rpz-nsdname":
        return read_text(match["body"], IndicatorType.DOMAIN)
    if kind == "rpz-client-ip":
        return [Refused(refusals.OWN_CLIENT, owner)]
    network = _network(match["body"])
    return read_text(network) if network else [Refused(refusals.BAD_RECORD, owner)]


def _network(body: str) -> str | None:
    """`24.0.113.0.203` is 203.0.113.0/24; `128.1.zz.db8.2001` is 2001:db8::1/128 (section 4.2.1)."""
    length, *parts = body.split(".")
    if not length.isdecimal() or not parts:
        return None
    parts.reverse()
    if len(parts) == 4 and all(part.isdecimal() for part in parts):
        return f"{'.'.join(parts)}/{length}"
    text = ":".join("" if part == "zz" else part for part in parts)
    text = (":" if text.startswith(":") else "") + text + (":" if text.endswith(":") else "")
    try:
        return f"{IPv6Address(text)}/{length}"
    except ValueError:
        return None


RPZ = ListFormat("rpz", "Response policy zone (RPZ)", _begins, _read, text=True, rows_are_lines=True)
