"""Lines of named values: `src=10.1.1.5 dst=203.0.113.9`, `srcip:10.1.1.5, dstip:...`, `<src>10.1.1.5</src>`.

Source: the field lists in the log references of Stormshield, NetScreen, Huawei USG, H3C, Hillstone, Sangfor,
Barracuda CloudGen, F5 ASM, Zscaler NSS and others that write such lines; names are those of
`lamsach.logs.mappings.column_names`. Symantec Endpoint Protection 12 and 14, sent by its manager's syslog
(`SymantecServer: ...`): Broadcom, "External Logging settings and log event severity levels". Traps:
- A product with a format of its own is read by that one, which precedes this one in the registry.
- Only named values count: an address in running text is nobody's. A line must name a source or destination
  address and one more known field.
- A time that cannot be read does not spoil the rest: the header's time counts.
- Symantec's `Domain` is the manager's or Windows' domain, `First Seen` a sentence: neither is a site nor a
  time.
- Its version 12 writes `Local:` three times, for the address, the port and the hardware address.
- SONAR's detections and potential risks name the machine alone, in the first cell or as `Computer name`.
- `Event time` is in UTC or on the manager's clock; `Inserted`, the moment of the header, shows which.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.mappings import column_names, columns
from lamsach.logs.mappings.actions import action_of, refusal_in
from lamsach.logs.text.key_value import leaves_in, pairs_in, start_of_pairs
from lamsach.logs.text.record_headers import header_before, unquote_cell
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.timestamps import from_iso, zone_of
from lamsach.logs.text.values import among, host_and_port, ip_of, mac_of
from lamsach.model import Action, Event

_MARK = "SymantecServer"
_NOTHING = ""
"""Meaning of a name that states nothing about the record."""
_SYMANTEC_ENDS = {
    "local": ("source", "source_port", "mac"),
    "remote": ("destination", "destination_port", _NOTHING),
}
_OTHERS_WORDS = frozenset({"domain", "domainname", "firstseen"})
_OF_DETECTIONS = frozenset({"hash", "url", "domain"})
# SymantecServer: PC-AN,SONAR detection now allowed,Application type: Trojan Worm,
_MACHINE = re.compile(r"SymantecServer(?: [\w.-]{1,60})?: ([A-Za-z][\w-]{0,62}),", re.ASCII)
# Inserted: 2026-03-01 05:23:14,   Event Insert Time: 2026-03-01 05:23:14,
_INSERTED = re.compile(r"(?a)(?:Inserted|Event Insert Time): (\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?=,|$)")
_SAME_MOMENT = timedelta(minutes=20)


def field_of(name: str, text: str) -> str | None:
    """Field of a name (lower case, letters and digits only) in Symantec's records; None: the usual one."""
    if name in _OTHERS_WORDS:
        return _NOTHING
    if name in _SYMANTEC_ENDS:
        address, port, mac = _SYMANTEC_ENDS[name]
        if text.isdigit() and len(text) <= 5:
            return port
        return mac if mac_of(text) else address
    return None


def _is_detection(line: str, values: dict[str, list[str]]) -> bool:
    """Return whether a record is a detection on a machine; a machine in its first cell is added."""
    if "name" not in values and (machine := _MACHINE.search(line)):
        values["name"] = [machine[1]]
    return "name" in values and not _OF_DETECTIONS.isdisjoint(values)


def _with_zone(context: FileContext, line: str, sent: datetime | None) -> FileContext:
    """Set the record's zone: UTC when only then `Inserted` is close to `sent`."""
    match = _INSERTED.search(line)
    if match is None or sent is None:
        return context
    in_utc, on_clock = (from_iso(match[1], zone) for zone in (UTC, context.timezone))
    if abs(sent - in_utc) < _SAME_MOMENT <= abs(sent - on_clock):
        return replace(context, timezone=ZoneInfo("UTC"))
    return context


_MOST_VALUES = 8
_TIMES = ("time", "date", "clock", "lease_start", "lease_until", "lease_seconds")
_ENDS = ("source", "destination", "ip")
_WORDS = (
    *among("src Src SRC source Source dst Dst DST ip Ip IP client addr initiator 地址 nguồn"),
    " sa=",
    "a chỉ",
    _MARK,
)
"""Every line that names an address holds one of these."""
_CONTACTED = among("destination query url domain")
_OTHER = among("destination source_port destination_port domain url query action user hash mac nat")


class KeyValue(LogFormat):
    """Any line of named values: Stormshield, NetScreen, Barracuda, F5, Huawei, H3C, Sangfor, Zscaler,
    Symantec and others.

    Names are recognized by their words, in English, Vietnamese and Chinese; a line must name an address and
    one more known value.
    """

    name = "key_value"
    title = "Key=value (named keys)"
    gives = fields_named("contact nat machine user domain url answers hashes action inbound")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match named values: the address of a party and one more known value."""
        if ("=" not in line and ":" not in line) or (
            line.lstrip()[:1] in "{<"
            and line.lstrip()[:2] not in _PRIORITIES
            and "</" not in line
            and not _ELEMENT.match(line)
        ):
            return False
        return any(word in line for word in _WORDS) and _values(line) is not None

    def read(self, line: str) -> Event | None:
        """See `LogFormat.read`."""
        values = required(_values(unquote_cell(line)), line)
        line = unquote_cell(line)
        header, message = split_header(line, self.context)
        zone = _ZONE.search(line) if "tz=" in line or "timezone=" in line else None
        own = zone_of(zone[1]) if zone else None
        times = LooseTimes(replace(self.context, timezone=own)) if own else self._times
        symantec = _MARK in line
        if symantec:
            times = LooseTimes(_with_zone(self.context, line, header.time))
        of_one = values.keys().isdisjoint(("source", "destination")) or (  # a record of one machine
            values.keys().isdisjoint(_CONTACTED) and not values.keys().isdisjoint(("ip", "mac"))
        )
        try:
            event = columns.event_of(values, times, host_is_device=of_one)
        except LineError:
            timeless = {field: texts for field, texts in values.items() if field not in _TIMES}
            event = columns.event_of(timeless, times, host_is_device=of_one)
        if event.action is Action.UNKNOWN:
            before = message[: start_of_pairs(message)]
            policy = _POLICY.search(before)
            action = action_of(policy[1] if policy else before)
            event = replace(event, action=refusal_in(before) if action is Action.UNKNOWN else action)
        if event.source_nat_ip == event.source_ip and event.source_nat_port == event.source_port:
            event = replace(event, source_nat_ip=None, source_nat_port=None)
        # an intrusion's direction is its packet's
        if symantec and ",Inbound," in line and "Intrusion ID:" not in line and "[SID: " not in line:
            event = replace(event, inbound=True)
        time = header.time or header_before(line, start_of_pairs(line), self.context).time
        sender = _SENDER.search(line, 0, _HEAD) if header.host is None and "/" in line[:_HEAD] else None
        return placed(event, time, sender[1] if sender else header.host)


# Huawei: %%01POLICY/6/POLICYDENY(l):vsys=public
_POLICY = re.compile(r"/POLICY(PERMIT|DENY)\b")
# Huawei: Mar  4 2026 10:00:01+07:00 USG6000 %%01POLICY/6/POLICYPERMIT(l): vsys=public
_SENDER = re.compile(
    r"(?a)\d\d:\d\d:\d\d(?::\d{1,3})?(?: \d{4})?(?:[+-]\d\d:\d\d)?(?: DST)? ([A-Za-z][\w.-]{0,63}) "
    r"(?:%%\d\d)?[A-Z][A-Z0-9_]{1,30}/\d/[A-Z]"
)
_HEAD = 160
# Sangfor: NAT类型:dnat   NAT Type: dnat: the destination is translated
_INWARD = re.compile(r"NAT ?(?:类型|type)\W{1,3}dnat", re.IGNORECASE)
# Stormshield: tz=+0700    FortiWeb: timezone="(GMT+7:00)Bangkok,Hanoi,Jakarta"
_ZONE = re.compile(r"\b(?:tz|timezone)=\"?\(?([A-Z]{0,5}[+-]\d{1,2}:?(?:\d{2})?)(?!\w)", re.ASCII)
# FortiWeb, FortiMail: date=2026-06-05 time=07:31:12
_CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?", re.ASCII)
_ONE_WORD = frozenset({"source_port", "destination_port", "nat_port", "mac", "source_mac"})
# <event time="2026-06-05T00:31:12Z" ipAddress="192.0.2.5"/>   <log><event time=
_ELEMENT = re.compile(
    r"\s*(?:<[A-Za-z][\w:.-]{0,40}>){0,4}<[A-Za-z][\w:.-]{0,40} [A-Za-z][\w:.-]{0,40}=[\"']"
)
_PRIORITIES = tuple(f"<{digit}" for digit in "0123456789")


_SYNTAXES = (("</", leaves_in), ("=", pairs_in), (":", partial(pairs_in, colon=True)))
"""A sign without which a line has no pairs of a syntax, and the syntax's parser."""


@lru_cache(maxsize=256)
def _fields_of(keys: tuple[str, ...]) -> tuple[tuple[str, str | None], ...]:
    """Normalize a record's keys, and look up their fields together."""
    keys = column_names.without_prefix(keys)
    names = [column_names.plain(key) for key in keys]
    context_fields = column_names.contextual_meanings(frozenset(names))
    return tuple(
        (name, context_fields.get(name) or column_names.field_of(key))
        for name, key in zip(names, keys, strict=True)
    )


def _values(line: str) -> dict[str, list[str]] | None:
    """Read the values by known field; None when they state no contact."""
    for sign, pairs in _SYNTAXES:
        if sign not in line:
            continue
        values: dict[str, list[str]] = {}
        symantec = _MARK in line
        found = [*pairs(line)]
        for (name, field), (_, text) in zip(_fields_of(tuple(key for key, _ in found)), found, strict=True):
            if symantec and (own := field_of(name, text)) is not None:
                field = own
            words = text.split(None, 1)
            if not field or not words:
                continue
            # `Source: Real Time Scan`, `Source IP: 0.0.0.0`
            if symantec and field in _ENDS and ip_of(text) in (None, "0.0.0.0"):  # noqa: S104 - no address
                continue
            if field == "time" and _CLOCK.fullmatch(text):
                field = "clock"
            collected = values.setdefault(field, [])
            if len(collected) < _MOST_VALUES:
                collected.append(words[0] if field in _ONE_WORD else text)
        if "ip" in values and "source" not in values and "destination" in values:
            values["source"] = values["ip"]
        if "nat" in values and _INWARD.search(line):
            del values["nat"]
            values.pop("nat_port", None)
        if (symantec and _is_detection(line, values)) or _states_contact(values):
            return values
    return None


def _states_contact(values: dict[str, list[str]]) -> bool:
    named = any(_is_address(text) for field in _ENDS for text in values.get(field, ())[:3])
    known = set(values)
    both = "source" in known and "destination" in known
    return named and (both or len(known & _OTHER) >= (1 if "source" in known else 2))


def _is_address(text: str) -> bool:
    host, _ = host_and_port(text[:80].split(" ", 1)[0])
    return host is not None and ip_of(host) is not None
