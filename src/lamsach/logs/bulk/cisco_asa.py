"""The messages that fill the logs of Cisco's firewalls: connections and translations that begin and end, and what an access list denied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.announced import heads_before
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import (
    cells,
    check,
    check_distinct,
    internal,
    ipv4,
    judged,
    lines_of,
    mapped,
    text_of,
)
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.keyed import port_numbers
from lamsach.logs.bulk.letters import DIGITS, check_made_of
from lamsach.logs.bulk.parts import halves
from lamsach.logs.formats.firewalls.cisco_asa.actions import action_of_message
from lamsach.logs.formats.firewalls.cisco_asa.device import leads_outside

if TYPE_CHECKING:
    import pyarrow as pa

# Built outbound TCP connection 7 for outside:203.0.113.9/443 (203.0.113.9/443) to inside:10.1.1.5/51000 (198.51.100.1/51000)
# Teardown TCP connection 7 for outside:203.0.113.9/443 to inside:10.1.1.5/51000 duration 0:00:30 bytes 1234 TCP FINs
# Built dynamic TCP translation from inside:10.1.1.5/51000 to outside:198.51.100.1/51000
# Deny tcp src inside:10.1.1.5/51000 dst outside:203.0.113.9/443 by access-group "in" [0x0, 0x0]
_NUMBER, _DURATION = (DIGITS, 1, 20), (DIGITS + b":", 5, 12)
_LAYOUTS = {
    "Built connection": ("Built", "^(?:in|out)bound$", "^(?:TCP|UDP)$", "connection", _NUMBER, "for", 0, "MAPPED", "to", 1, "MAPPED"),
    "Teardown connection": ("Teardown", "^(?:TCP|UDP)$", "connection", _NUMBER, "for", 0, "to", 1, "duration", _DURATION, "bytes", _NUMBER),
    "Built translation": ("Built", "^(?:dynamic|static)$", "^(?:TCP|UDP)$", "translation", "from", 0, "to", 1),
    "Teardown translation": ("Teardown", "^(?:dynamic|static)$", "^(?:TCP|UDP)$", "translation", "from", 0, "to", 1, "duration", _DURATION),
    "Deny": ("Deny", "^(?:tcp|udp)$", "src", 0, "dst", 1, "by", "access-group", r'^"[\w.-]{1,80}"$', r"^\[0x[0-9a-f]{1,8},$", r"^0x[0-9a-f]{1,8}\]$"),
}  # fmt: skip
"""The words of the messages: one that stands as it is, what it is made of, an expression for few distinct words, or the number of an end."""
_MAPPED = r"^\([0-9.]{7,15}/[0-9]{1,5}\)$"
_KINDS = {
    "302013": "Built connection", "302015": "Built connection", "302014": "Teardown connection", "302016": "Teardown connection",
    "305011": "Built translation", "305012": "Teardown translation", "106023": "Deny",
}  # fmt: skip
_MARKS = ("%ASA-", "%FTD-")
# 6-302013: Built
_TAG = "^[0-7]-[0-9]{6}:$"
_REASON = re.compile(r"(?: [A-Z][A-Za-z-]{1,20}){0,5}(?: (?:from|by) [\w-]{1,40}){0,2}")
_WELL_KNOWN, _EPHEMERAL, _PORT_DIGITS = 1024, 32768, 5


class AsaContacts(GroupReader):
    """Messages about two IPv4 addresses with ports, without users."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the product's mark, the layout of the message, and how many words the line has."""
        import numpy as np

        told = Lines(lines)
        asa = told.place(_MARKS[0])
        place = np.where(asa >= 0, asa, told.place(_MARKS[1]))
        number = told.letters(place + len(_MARKS[0]) + 2, 6)
        layout = np.zeros(len(lines), np.int64)
        for at, name in enumerate(_LAYOUTS, 1):
            numbers = [letters_of(digits) for digits, kind in _KINDS.items() if kind == name]
            layout[np.isin(number, numbers)] = at
        quoted = told.count('"') > told.count('"', place)
        return groups_of((asa >= 0, layout, told.count(" ")), (place >= 0) & (layout > 0) & ~quoted)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow.compute as pc

        mark = next((mark for mark in _MARKS if mark.encode() in data.partition(b"\n")[0]), _MARKS[0])
        before, message = halves(lines_of(data), mark)
        check(pc.invert(judged(before, "-[0-7]-[0-9]{6}|SFIMS")))
        layout = _LAYOUTS[_KINDS[message[0].as_py()[2:8]]]
        ends, row = _words(message, layout, count)
        times, hosts = heads_before(before, f"{mark}6-302013: Built", self.context)
        first, second = _end(ends[0]), _end(ends[1])
        return {
            "time": times,
            "observer": hosts,
            "source_ip": first["ip"],
            "source_port": first["port"],
            "destination_ip": second["ip"],
            "destination_port": second["port"],
            "device_ip": _devices(first, second, row),
            "action": _actions(first, second, row),
        }


def _words(
    message: pa.Array, layout: tuple[object, ...], count: int
) -> tuple[list[pa.Array], dict[str, pa.Array]]:
    """The two ends, and what stands at the places of the layout; what follows is a reason, which is told in few words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = message[0].as_py().count(" ") + 1
    names = [str(at) for at in range(words)]
    data = text_of(message)
    row = cells(data, names, " ", dict.fromkeys(names, pa.string()))
    if len(row["0"]) != count or words <= len(layout):
        raise Unusual
    check_distinct(row["0"], _TAG)
    ends: list[pa.Array] = []
    for at, word in enumerate(layout, 1):
        column = row[str(at)]
        if isinstance(word, int):
            ends.append(column)
        elif word == "MAPPED":
            check(pc.match_substring_regex(column, _MAPPED))
        elif isinstance(word, tuple):
            check_made_of(column, *word)
        elif isinstance(word, str) and word.startswith("^"):
            check_distinct(column, word)
        else:
            check(pc.equal(column, str(word)))
    rest = [row[str(at)] for at in range(len(layout) + 1, words)]
    if rest:
        reasons = pc.binary_join_element_wise("", *rest, " ")
        check(mapped(reasons, _is_reason, pa.bool_()))
    return ends, row


def _is_reason(text: str) -> bool:
    return _REASON.fullmatch(text) is not None and "ser" not in text


def _end(texts: pa.Array) -> dict[str, pa.Array]:
    """The interface, the address and the port of `inside:10.1.1.5/51000`."""
    import pyarrow.compute as pc

    interface, rest = halves(texts, ":")
    check_distinct(interface, r"^[A-Za-z][\w.-]{0,40}$")
    check(pc.invert(judged(interface, "(?i)user|name")))  # what follows would be one's name
    address, port = halves(rest, "/")
    check(ipv4(address))
    check_made_of(port, DIGITS, 1, _PORT_DIGITS)
    ports = port_numbers(port)
    check(pc.is_valid(ports))
    return {"interface": interface, "ip": address, "port": ports}


def _devices(first: dict[str, pa.Array], second: dict[str, pa.Array], row: dict[str, pa.Array]) -> pa.Array:
    """The unit's own side: see `CiscoAsa`, whose source is the end that opened the contact."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(first["ip"])
    no = pa.repeat(pa.scalar(False), count)
    opened_by_second, inbound = no, no
    verb = row["1"][0].as_py()
    if "connection" in (row["3"][0].as_py(), row["4"][0].as_py()):
        if verb == "Built":
            inbound = pc.equal(row["2"], "inbound")
            opened_by_second = pc.invert(inbound)
        else:
            opened_by_second = _answers(first["port"], second["port"])
    own = internal(first["ip"]), internal(second["ip"])
    outside = [mapped(end["interface"], leads_outside, pa.bool_()) for end in (first, second)]
    from_outside = pc.if_else(
        opened_by_second, pc.and_not(outside[1], outside[0]), pc.and_not(outside[0], outside[1])
    )
    opener = pc.if_else(opened_by_second, second["ip"], first["ip"])
    other = pc.if_else(opened_by_second, first["ip"], second["ip"])
    opener_own = pc.if_else(opened_by_second, own[1], own[0])
    other_own = pc.if_else(opened_by_second, own[0], own[1])
    inward = pc.and_(pc.or_(inbound, from_outside), pc.invert(pc.or_(own[0], own[1])))
    return pc.if_else(pc.or_(pc.and_not(other_own, opener_own), inward), other, opener)


def _answers(port: pa.Array, other: pa.Array) -> pa.Array:
    """Whether the end with this port is the one that was called."""
    import pyarrow.compute as pc

    called = pc.or_(
        pc.less(port, _WELL_KNOWN), pc.and_(pc.less(port, _EPHEMERAL), pc.greater_equal(other, _EPHEMERAL))
    )
    return pc.and_(pc.less(port, other), called)


def _actions(first: dict[str, pa.Array], second: dict[str, pa.Array], row: dict[str, pa.Array]) -> pa.Array:
    """What the messages' words say, among them the interfaces' names."""
    import pyarrow.compute as pc

    texts = pc.binary_join_element_wise(row["1"], first["interface"], second["interface"], " ")
    return mapped(texts, lambda text: action_of_message(text).value)
