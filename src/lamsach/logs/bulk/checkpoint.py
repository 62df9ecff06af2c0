"""Check Point's records as its Log Exporter writes them to syslog: `[action:"Accept"; src:"10.1.1.5"; ...]`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.announced import stated_times
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, lines_of, mapped
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.bulk.keyed import event_columns
from lamsach.logs.bulk.parts import halves
from lamsach.logs.bulk.quoted import Quoted
from lamsach.logs.formats.firewalls.checkpoint.format import (
    KEYS,
    OWN_ZONES,
    SERVICES,
    SESSIONS,
    TIMES,
    gateway_of,
)
from lamsach.logs.mappings.keyed_events import asked_of
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.times.stated_clock import states_other_zone

if TYPE_CHECKING:
    import pyarrow as pa

# <134>1 2026-06-10T08:45:34Z gw1 CheckPoint 1234 - [action:"Accept"; flags:"4606212"; ifdir:"inbound"; ... src:"10.1.1.5"; user:"an"]
_LAYOUT = Quoted(':"', '"; ', ('"]', '"; ]'))
_HEAD = r" CheckPoint [0-9]{1,10} [!-Z\\^-~]{1,40} $"
_LONGEST_HEAD = 400
_SAMPLE = '[action:"Accept"; src:"10.0.0.1"]'
_CERTIFICATES = ("originsicname", "origin_sic_name", "origin", "orig")
_ZONES = ("conn_direction", "inzone", "outzone")
_WANTED = asked_of(KEYS) | {*TIMES, *_ZONES, *_CERTIFICATES}
_UNUSUAL = frozenset(
    {*KEYS.answers, *KEYS.hashes, "office_mode_ip", "proxy_src_ip", "dhost", "Action", "act"}
)


class CheckPointRecords(GroupReader):
    """Connections and threats that name no hash, no session and no VPN client's address."""

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By how many keys the record has, and the first of them."""
        told = Lines(lines)
        place, product = told.place(" ["), told.place(" CheckPoint ")
        usual = (product >= 0) & (product < place) & (place < _LONGEST_HEAD) & (told.place('"') > place)
        usual &= ~told.has("|", "product: ", "CEF:", "LEEF:")  # signs of the layouts that are read one by one
        usual &= told.count('"]') <= 1  # the record ends at the first, and what follows is no value
        usual &= _LAYOUT.usual(told)
        first = told.letters(place + len(" ["), 4)
        return groups_of((told.count(_LAYOUT.closing), told.place(_LAYOUT.opening) - place, first), usual)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return _LAYOUT.keys(line.decode().partition(" [")[2])

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        before, records = halves(lines_of(data), "[")
        check(pc.match_substring_regex(before, _HEAD))
        check(pc.invert(pc.match_substring(before, '"')))
        if _UNUSUAL & {*_LAYOUT.keys(records[0].as_py())}:
            raise Unusual
        row = _LAYOUT.rows(records, _WANTED)
        if "action" in row:
            check(mapped(row["action"], lambda text: text.lower() not in SESSIONS, pa.bool_()))
        if "service" in row:
            row["service"] = mapped(row["service"], lambda text: SERVICES.get(text, text))
        moments, hosts = heads(before, self._head)
        stated = stated_times(row, TIMES, self.context)
        written = next((row[key] for key in TIMES if key in row), None)
        if written is not None and not pc.all(pc.match_substring_regex(written, "^[0-9]+$")).as_py():
            check(mapped(before, self._is_on_our_clock, pa.bool_()))  # the header may state its zone
        columns = event_columns(row, KEYS, count, inward=_inward(row, count))
        keys = [key for key in _CERTIFICATES if key in row]
        if keys and hosts.null_count:
            told = pc.binary_join_element_wise(*(row[key] for key in keys), "\x1f")
            gateways = mapped(told, lambda text: gateway_of(dict(zip(keys, text.split("\x1f"), strict=True))))
            hosts = pc.coalesce(hosts, gateways)
        columns["observer"] = pc.coalesce(columns["observer"], hosts)
        return columns | {"time": moments if stated is None else stated}

    def _is_on_our_clock(self, head: str) -> bool:
        return not states_other_zone(head, self.context.timezone)

    def _head(self, text: str) -> Head:
        return of_header(split_header(text + _SAMPLE, self.context)[0])


def _inward(row: dict[str, pa.Array], count: int) -> pa.Array:
    """Whether the gateway says that the contact came from outside."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.repeat(pa.scalar(False), count)
    if "conn_direction" in row:
        found = pc.equal(row["conn_direction"], "Incoming")
    if "inzone" in row and "outzone" in row:
        inside = pc.is_in(row["outzone"], pa.array(OWN_ZONES))
        zones = pc.and_(pc.equal(row["inzone"], "External"), inside)
        found = pc.or_(found, zones)
    return found
