"""Lines of named values of any product: `src=10.1.1.5 dst=203.0.113.9`, `srcip:10.1.1.5, dstip:...`, `Local Host IP: ...`.

Source: the field lists in the log references of Stormshield, NetScreen, Huawei USG, H3C, Hillstone, Sangfor, Barracuda CloudGen, F5 ASM, Zscaler NSS, Symantec
Endpoint Protection and others that write such lines; names are those of `lamsach.logs.mappings.column_names`. Traps:
- A product that has a format of its own is read by that one: this one stands behind them in the registry.
- Only named values count: an address in running text is nobody's. A line must name a source or destination address and one more known field.
- A time that cannot be read does not spoil the rest: the header's time stands.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.events.placing import placed
from lamsach.logs.formats.generic.key_value import symantec_records
from lamsach.logs.mappings import column_names, columns
from lamsach.logs.mappings.actions import action_of, refusal_in
from lamsach.logs.text.framing import header_before, uncelled
from lamsach.logs.text.loose_pairs import pairs_in, start_of_pairs
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.times.record_times import zone_of
from lamsach.logs.text.values import among, host_and_port, ip_of
from lamsach.model import Action, Event

_MOST_VALUES = 8
_TIMES = ("time", "date", "clock", "lease_start", "lease_until", "lease_seconds")
_ENDS = ("source", "destination", "ip")
_WORDS = (
    *among("src Src SRC source Source dst Dst DST ip IP client addr initiator 地址 nguồn"),
    " sa=",
    "a chỉ",
    symantec_records.MARK,
)
"""One of these stands in every line that names an address."""
_OTHER = among("destination source_port destination_port domain url query action user hash mac nat")


class KeyValue(LogFormat):
    """Reads lines of named values by their names."""

    name: ClassVar[str] = "key_value"
    title: ClassVar[str] = "Key=value (named keys)"
    gives: ClassVar[tuple[str, ...]] = (
        *("time", "observer", "source_ip", "source_port", "destination_ip", "destination_port"),
        *("source_nat_ip", "source_nat_port", "device_ip", "device_name", "device_mac", "user"),
        *("domain", "url", "answers", "hashes", "action", "inbound"),
    )

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._times = LooseTimes(context)

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Named values of which one is the address of a party, and one more is known."""
        if ("=" not in line and ":" not in line) or (
            line.lstrip()[:1] in "{<" and line.lstrip()[:2] not in _PRIORITIES and not _ELEMENT.match(line)
        ):
            return False
        return any(word in line for word in _WORDS) and _values(line) is not None

    def parse(self, line: str, number: int) -> Event | None:
        """See `LogFormat.parse`."""
        values = _values(uncelled(line))
        if values is None:
            raise LineError("The line has no named values that are known.", line[:80])
        line = uncelled(line)
        header, message = split_header(line, self.context)
        zone = _ZONE.search(line) if "tz=" in line or "timezone=" in line else None
        own = zone_of(zone[1]) if zone else None
        times = LooseTimes(replace(self.context, timezone=own)) if own else self._times
        symantec = symantec_records.MARK in line
        if symantec:
            times = LooseTimes(symantec_records.on_its_clock(self.context, line, header.time))
        of_one = values.keys().isdisjoint(("source", "destination"))  # the record is of one machine
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
        if symantec and symantec_records.is_inbound(line):
            event = replace(event, inbound=True)
        time = header.time or header_before(line, start_of_pairs(line), self.context).time
        sender = _SENDER.search(line, 0, _HEAD) if header.host is None and "/" in line[:_HEAD] else None
        return placed(event, self, number, time, sender[1] if sender else header.host)


# Huawei: %%01POLICY/6/POLICYDENY(l):vsys=public
_POLICY = re.compile(r"/POLICY(PERMIT|DENY)\b")
# Huawei: Mar  4 2026 10:00:01+07:00 USG6000 %%01POLICY/6/POLICYPERMIT(l): vsys=public     H3C: %Mar  4 10:00:01:123 2026 FW1 FILTER/6/FILTER_ZONE_..
_SENDER = re.compile(
    r"\d\d:\d\d:\d\d(?::\d{1,3})?(?: \d{4})?(?:[+-]\d\d:\d\d)?(?: DST)? ([A-Za-z][\w.-]{0,63}) (?:%%\d\d)?[A-Z][A-Z0-9_]{1,30}/\d/[A-Z]",
    re.ASCII,
)
_HEAD = 160
# Sangfor: NAT类型:dnat   NAT Type: dnat: what is translated is the destination
_INWARD = re.compile(r"NAT ?(?:类型|type)\W{1,3}dnat", re.IGNORECASE)
# Stormshield: tz=+0700    FortiWeb: timezone="(GMT+7:00)Bangkok,Hanoi,Jakarta"
_ZONE = re.compile(r"\b(?:tz|timezone)=\"?\(?([A-Z]{0,5}[+-]\d{1,2}:?(?:\d{2})?)(?!\w)", re.ASCII)
# FortiWeb, FortiMail: date=2026-06-05 time=07:31:12
_CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}(?:\.\d{1,9})?", re.ASCII)
_ONE_WORD = frozenset({"source_port", "destination_port", "nat_port", "mac", "source_mac"})
# <event time="2026-06-05T00:31:12Z" computer="PC-1" ipAddress="192.0.2.5"/>
_ELEMENT = re.compile(r"\s*<[A-Za-z][\w:.-]{0,40} [A-Za-z][\w:.-]{0,40}=[\"']")
_PRIORITIES = tuple(f"<{digit}" for digit in "0123456789")


def _values(line: str) -> dict[str, list[str]] | None:
    """The values of each known field; None when they tell of no contact."""
    for colon in (False, True):
        if ("=" if not colon else ":") not in line:
            continue
        values: dict[str, list[str]] = {}
        symantec = symantec_records.MARK in line
        pairs = [(column_names.plain(key), key, text) for key, text in pairs_in(line, colon=colon)]
        others = column_names.beside(frozenset(name for name, _, _ in pairs))
        for name, key, text in pairs:
            field = others.get(name)
            own = symantec_records.field_of(name, text) if symantec and not field else None
            field = own if own is not None else field or column_names.field_of(key)
            words = text.split(None, 1)
            if (
                not field
                or not words
                or (symantec and field in _ENDS and not symantec_records.is_machine(text))
            ):
                continue
            if field == "time" and _CLOCK.fullmatch(text):
                field = "clock"
            held = values.setdefault(field, [])
            if len(held) < _MOST_VALUES:
                held.append(words[0] if field in _ONE_WORD else text)
        if "ip" in values and "source" not in values and "destination" in values:
            values["source"] = values.pop("ip")
        if "nat" in values and _INWARD.search(line):
            del values["nat"]
            values.pop("nat_port", None)
        if (symantec and symantec_records.complete(line, values)) or _tells(values):
            return values
    return None


def _tells(values: dict[str, list[str]]) -> bool:
    named = any(_is_address(text) for field in _ENDS for text in values.get(field, ())[:3])
    known = set(values)
    both = "source" in known and "destination" in known
    return named and (both or len(known & _OTHER) >= (1 if "source" in known else 2))


def _is_address(text: str) -> bool:
    host, _ = host_and_port(text[:80].split(" ", 1)[0])
    return host is not None and ip_of(host) is not None
