"""The packets that pfSense's and OPNsense's filterlog writes, behind whatever syslog header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import BulkReader, Unusual
from lamsach.logs.bulk.columns import addresses, check, check_distinct, internal, lines_of, mapped, own_sides
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.bulk.letters import DIGITS, made_of
from lamsach.logs.formats.firewalls.pf_filterlog.format import ACTIONS, WITH_PORTS
from lamsach.logs.text.syslog import split_header
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

# ...filterlog[5231]: 91,,,100000101,igb0,match,pass,in,4,0x0,,64,19736,0,DF,6,tcp,60,10.1.1.5,198.51.100.7,51514,443,0,S,...
# ...filterlog[5231]: 91,,,100000101,igb0,match,block,in,6,0x00,0x00000,64,tcp,6,40,2001:db8::5,2001:db8::7,51514,443,0,S,...
_RULE, _ANCHOR, _TRACKER, _INTERFACE, _REASON, _ACTION, _WAY, _VERSION = range(1, 9)
_SHAPES = {
    _RULE: r"^[^\s]{0,16}$",
    _ANCHOR: "^.{0,128}$",
    _TRACKER: r"^[\w.:-]{0,64}$",
    _INTERFACE: r"^[\w.:@-]{1,32}$",
    _REASON: r"^[\w-]{1,24}$",
    _ACTION: "^(?:pass|block|reject|match|nat|rdr|binat|scrub)$",
    _WAY: "^(?:in|out|in/out)$",
    _VERSION: "^[46]$",
}
_NAMES, _ENDS = {"4": (15, 16), "6": (12, 13)}, {"4": 18, "6": 15}
_COLUMNS, _PORT_DIGITS = 23, 5
_READ = sorted(
    {0, *_SHAPES, *_NAMES["4"], *_NAMES["6"], *(at + end for at in _ENDS.values() for end in range(4))}
)
_BEFORE = r"^[^,]*(?:\s|\]|^)[0-9]{0,9}$"
_PACKET = "0,,,0,em0,match,pass,in,4,"


class PfPackets(BulkReader):
    """Packets of IPv4 and IPv6."""

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        lines = lines_of(data)
        check(pc.invert(pc.match_substring_regex(lines, r"\s$")))
        split = pc.split_pattern(
            pc.binary_join_element_wise(lines, "," * _COLUMNS, ""), ",", max_splits=_COLUMNS
        )
        cell = {at: pc.list_element(split, at) for at in _READ}
        for at, shape in _SHAPES.items():
            check_distinct(cell[at], shape)
        check(pc.match_substring_regex(cell[0], _BEFORE))
        six = pc.equal(cell[_VERSION], "6")
        source, destination, source_port, destination_port = (
            pc.if_else(six, cell[_ENDS["6"] + at], cell[_ENDS["4"] + at]) for at in range(4)
        )
        names = [pc.if_else(six, cell[new], cell[old]) for old, new in zip(*_NAMES.values(), strict=True)]
        known = pa.array(sorted(WITH_PORTS))
        ported = pc.or_(*(pc.is_in(pc.utf8_lower(name), known) for name in names))
        sources, destinations = addresses(source), addresses(destination)
        moments, hosts = heads(pc.ascii_rtrim(cell[0], "0123456789"), self._head)
        check(pc.is_valid(moments))
        return {
            "time": moments,
            "observer": hosts,
            "source_ip": sources,
            "source_port": _ports(source_port, ported),
            "destination_ip": destinations,
            "destination_port": _ports(destination_port, ported),
            "device_ip": _devices(sources, destinations, pc.and_(pc.invert(six), pc.equal(cell[_WAY], "in"))),
            "action": mapped(cell[_ACTION], lambda text: ACTIONS.get(text, Action.UNKNOWN)),
        }

    def _head(self, text: str) -> Head:
        return of_header(split_header(text + _PACKET, self.context)[0])


def _devices(sources: pa.Array, destinations: pa.Array, inward: pa.Array) -> pa.Array:
    """The unit's own machines; of two public addresses the receiver of what came in."""
    import pyarrow.compute as pc

    public = pc.and_(pc.invert(internal(sources)), pc.invert(internal(destinations)))
    return pc.if_else(pc.and_(inward, public), destinations, own_sides(sources, destinations))


def _ports(column: pa.Array, ported: pa.Array) -> pa.Array:
    """The ports where the protocol has them and one is stated."""
    import pyarrow as pa
    import pyarrow.compute as pc

    stated = pc.and_(ported, pc.not_equal(column, ""))
    text = pc.if_else(stated, column, pa.scalar(None, pa.string()))
    if not made_of(text, DIGITS, 1, _PORT_DIGITS):
        raise Unusual
    found = text.cast(pa.int32())
    check(pc.fill_null(pc.less_equal(found, 65535), True))
    return found
