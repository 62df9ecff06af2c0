"""The query log of BIND 9.10 and later, with BIND's own time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import BulkReader, Unusual
from lamsach.logs.bulk.columns import addresses, cells, check, mapped, names, own_sides, ports
from lamsach.logs.bulk.parts import halves
from lamsach.logs.text.dns_names import from_presentation
from lamsach.logs.text.times.timestamps import MONTHS, local_time
from lamsach.model import Action

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa

# 19-Oct-2022 05:34:03.425 queries: info: client @0x7f65100ee4d8 192.0.2.1#3076 (www.example): query: www.example IN A +E(0)K (192.0.2.53)
_WORDS = [
    "date",
    "clock",
    "category",
    "severity",
    "client",
    "handle",
    "ends",
    "quoted",
    "word",
    "question",
    "class",
    "type",
    "flags",
    "server",
]
_FIXED = {"category": "queries:", "severity": "info:", "client": "client", "word": "query:", "class": "IN"}
_SECOND = re.compile(r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d", re.ASCII)
_SHAPES = {
    "handle": "^@0x[0-9a-fA-F]+$",
    "ends": r"^[0-9A-Fa-f:.]+#\d{1,5}$",
    "quoted": r"^\([^()\\]+\):$",
    "question": r"^[\w.-]{1,255}$",
    "type": "^[A-Z0-9]+$",
    "flags": r"^[+-](?:E\(0\)|[STDCVK])*$",
    "server": r"^\([0-9A-Fa-f:.]{2,45}\)$",
}


class BindQueries(BulkReader):
    """Questions of clients."""

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        row = cells(data, _WORDS, " ", dict.fromkeys(_WORDS, pa.string()))
        if len(row["date"]) != count:
            raise Unusual
        for name, text in _FIXED.items():
            check(pc.equal(row[name], text))
        for name, shape in _SHAPES.items():
            check(pc.match_substring_regex(row[name], shape))
        clients, numbers = halves(row["ends"], "#")
        sources = addresses(clients)
        destinations = addresses(pc.utf8_slice_codeunits(row["server"], 1, -1))
        return {
            "time": self._times(row["date"], row["clock"]),
            "source_ip": sources,
            "source_port": ports(numbers.cast(pa.int32())),
            "destination_ip": destinations,
            "device_ip": self._own_clients(sources, destinations),
            "domain": names(row["question"], from_presentation),
            "action": pa.repeat(Action.ALLOWED.value, count),
        }

    @staticmethod
    def _own_clients(sources: pa.Array, destinations: pa.Array) -> pa.Array:
        """Whoever asks at an IPv6 address is the client, as the format has it."""
        import pyarrow.compute as pc

        over_ipv6 = pc.and_(pc.match_substring(sources, ":"), pc.match_substring(destinations, ":"))
        return pc.if_else(over_ipv6, sources, own_sides(sources, destinations))

    def _times(self, dates: pa.Array, clocks: pa.Array) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        whole = pc.binary_join_element_wise(dates, pc.utf8_slice_codeunits(clocks, 0, 8), " ")
        kind = pa.timestamp("us", "UTC")
        check(pc.equal(pc.binary_length(clocks), 12))
        milliseconds = pc.utf8_slice_codeunits(clocks, 9).cast(pa.int64())
        return pc.add(
            mapped(whole, self._second, kind).cast(pa.int64()), pc.multiply(milliseconds, 1000)
        ).cast(kind)

    def _second(self, text: str) -> datetime:
        if _SECOND.fullmatch(text) is None:
            raise Unusual
        day, month, year = int(text[:2]), MONTHS.get(text[3:6], 0), int(text[7:11])
        clock = int(text[12:14]), int(text[15:17]), int(text[18:20])
        return local_time(year, month, day, *clock, 0, self.context.timezone)
