"""Batches of FortiGate NAT records, read in columns like `lamsach.logs.bulk`.

Unusual lines are left to the reader of single lines.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lamsach.devices.nat.records import protocol_number
from lamsach.logs.bulk.columns import addresses, check, map_distinct
from lamsach.logs.bulk.reader import GroupReader
from lamsach.logs.bulk.readers.pairs import keys_of, pair_groups, pair_rows, skeleton
from lamsach.logs.bulk.text_buffers import Unusual

_KEYS = ("eventtime", "srcip", "srcport", "dstip", "proto", "action", "transip", "transport", "duration")
_LEAST = frozenset(_KEYS) - {"duration"}
_OTHERS = frozenset(
    {"src", "src_port", "dst", "tran_ip", "tran_port", "portbegin", "portend", "saddr", "nat"}
)
_MICROSECONDS = {10: (1_000_000, 1), 13: (1_000, 1), 16: (1, 1), 19: (1, 1_000)}
"""Multiplier and divisor to microseconds, by count of digits."""


class FortiGateSessions(GroupReader):
    """Reader of one file's sessions with known beginning and end, in columns named after `NatRecord`."""

    def __init__(self, file: str) -> None:
        self._file = file

    def sessions(
        self, first: int, lines: Sequence[bytes | None]
    ) -> tuple[pa.RecordBatch | None, Sequence[int]]:
        """Return the sessions of lines numbered from `first`, and the indexes of lines to read singly."""
        read = self.piece(first, lines)
        if read is None:
            return None, range(len(lines))
        table, singles = read
        return table.filter(table.column("translated")), singles

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """See `pair_groups`."""
        return pair_groups(lines)

    def shape(self, line: bytes) -> Hashable:
        """See `GroupReader`."""
        return skeleton(line)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `GroupReader`; `translated`: whether a line states a translation."""
        keys = keys_of(skeleton(data.partition(b"\n")[0]))
        if not keys.keys() >= _LEAST or keys.keys() & _OTHERS:
            raise Unusual
        row = pair_rows(keys, _KEYS, data, count)
        check(pc.not_equal(row["action"], "start"))
        digits = pc.unique(pc.binary_length(row["eventtime"])).to_pylist()
        if len(digits) != 1 or digits[0] not in _MICROSECONDS:
            raise Unusual
        times, parts = _MICROSECONDS[digits[0]]
        numbers = {
            key: row[key].cast(pa.int64())
            for key in ("eventtime", "transport", "srcport", "duration")
            if key in row
        }
        for key in ("transport", "srcport"):
            check(pc.and_(pc.greater_equal(numbers[key], 0), pc.less_equal(numbers[key], 65535)))
        end = pc.divide(pc.multiply(numbers["eventtime"], times), parts)
        duration = numbers.get("duration", pa.array(np.zeros(count, np.int64)))
        check(pc.greater_equal(duration, 0))
        start = pc.subtract(end, pc.multiply(duration, 1_000_000))
        public, inside = addresses(row["transip"]), addresses(row["srcip"])
        untranslated = pc.equal(public, "0.0.0.0")  # noqa: S104 - means: none
        return {
            "public_ip": public,
            "port": numbers["transport"],
            "protocol": map_distinct(row["proto"], protocol_number, pa.int64()),
            "inside_ip": inside,
            "inside_port": numbers["srcport"],
            "start": start,
            "end": pc.max_element_wise(end, pc.add(start, 1)),
            "destination": row["dstip"],
            "translated": pc.and_not(pc.not_equal(public, inside), untranslated),
        }

    def table(
        self, columns: dict[str, pa.Array], rows: Sequence[int], first: int, lines: Sequence[bytes]
    ) -> pa.RecordBatch:
        """Add file and line columns."""
        place = {
            "file": pa.repeat(self._file, len(rows)),
            "line": pa.array(np.asarray(rows, np.int64) + first),
        }
        return pa.RecordBatch.from_pydict(columns | place)
