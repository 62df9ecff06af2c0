"""NAT records of FortiGate in batches, from lines of one shape (`lamsach.logs.bulk.readers.pairs`).

Unusual lines are left to the reader of single lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lamsach.devices.nat.records import protocol_number

if TYPE_CHECKING:
    import pyarrow as pa

_KEYS = ("eventtime", "srcip", "srcport", "dstip", "proto", "action", "transip", "transport", "duration")
_LEAST = frozenset(_KEYS) - {"duration"}
_OTHERS = frozenset(
    {"src", "src_port", "dst", "tran_ip", "tran_port", "portbegin", "portend", "saddr", "nat"}
)
_FEW_LINES = 50
_EXPONENTS = {10: 6, 13: 3, 16: 0, 19: -3}
Texts = tuple[list[str], NDArray[np.int64]]
"""Distinct texts, and for each row the number of its own."""


@dataclass(frozen=True, slots=True)
class NatBatch:
    """Sessions with known beginning and end, in columns: see `NatRecord`. The public port is a single one."""

    public: Texts
    port: NDArray[np.int64]
    protocol: NDArray[np.int64]
    inside: Texts
    inside_port: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    destination: Texts
    file: str
    line: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.port)


class FortiGateBatches:
    """Reads the lines of one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._shapes: dict[bytes, Any] = {}

    def read(self, first: int, lines: Sequence[bytes | None]) -> tuple[list[NatBatch], list[int]]:
        """The records of lines from this number on, and the lines (from 0) to be read one by one."""
        from lamsach.logs.bulk.readers.pairs import likely_groups

        alone: list[int] = []
        batches: list[NatBatch] = []
        for rows in likely_groups(lines, alone):
            batch = self._batch(rows, first, lines) if len(rows) >= _FEW_LINES else None
            if batch is None:
                alone += rows
            elif len(batch):
                batches.append(batch)
        return batches, sorted(alone)

    def _batch(self, rows: list[int], first: int, lines: Sequence[bytes | None]) -> NatBatch | None:
        import pyarrow as pa

        from lamsach.logs.bulk.base import Unusual
        from lamsach.logs.bulk.readers.pairs import Mixed, skeleton

        shape = skeleton(lines[rows[0]] or b"")
        if shape not in self._shapes:
            if len(self._shapes) >= 1000:
                self._shapes.clear()
            self._shapes[shape] = _rows_of(shape)
        reader = self._shapes[shape]
        if reader is None:
            return None
        try:
            row = reader.row(b"\n".join([lines[at] or b"" for at in rows]), len(rows))
            return _columns(row, self._file, np.array(rows) + first)
        except (Mixed, Unusual, ValueError, pa.ArrowException):
            return None


def _rows_of(shape: bytes) -> Any:
    """Return a reader of lines of the shape; None when it is not one of translated sessions."""
    from lamsach.logs.bulk.readers.pairs import PairRows, keys_of

    try:
        keys = dict(keys_of(shape) or ())
    except UnicodeDecodeError:
        return None
    usual = keys.keys() >= _LEAST and not keys.keys() & _OTHERS
    return PairRows(list(keys.items()), frozenset(_KEYS)) if usual else None


def _columns(row: dict[str, pa.Array], file: str, line: NDArray[np.int64]) -> NatBatch:
    """Raises Unusual, ValueError, pyarrow.ArrowInvalid."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from lamsach.logs.bulk.base import Unusual
    from lamsach.logs.bulk.columns import addresses, check, mapped

    check(pc.not_equal(row["action"], "start"))
    digits = pc.unique(pc.binary_length(row["eventtime"])).to_pylist()
    if len(digits) != 1 or digits[0] not in _EXPONENTS:
        raise Unusual
    end = _numbers(row["eventtime"].cast(pa.int64()))
    exponent = _EXPONENTS[digits[0]]
    end = end // 10**-exponent if exponent < 0 else end * 10**exponent
    lasted = _numbers(row["duration"].cast(pa.int64())) if "duration" in row else np.zeros(len(end), np.int64)
    ports = [_numbers(row[key].cast(pa.int64())) for key in ("transport", "srcport")]
    if (
        any(int(np.min(column)) < 0 or int(np.max(column)) > 65535 for column in ports)
        or int(np.min(lasted)) < 0
    ):
        raise Unusual
    public, inside = addresses(row["transip"]), addresses(row["srcip"])
    held = pc.and_(pc.not_equal(public, inside), pc.not_equal(public, "0.0.0.0"))  # noqa: S104 - means: none
    kept = np.flatnonzero(held.to_numpy(zero_copy_only=False))
    start = end - lasted * 1_000_000
    protocol = mapped(row["proto"], protocol_number, pa.int64())
    return NatBatch(
        public=_texts(public, kept),
        port=ports[0][kept],
        protocol=_numbers(protocol)[kept],
        inside=_texts(inside, kept),
        inside_port=ports[1][kept],
        start=start[kept],
        end=np.maximum(end, start + 1)[kept],
        destination=_texts(row["dstip"], kept),
        file=file,
        line=line[kept],
    )


def _numbers(column: pa.Array) -> NDArray[np.int64]:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def _texts(column: pa.Array, kept: NDArray[np.int64]) -> Texts:
    import pyarrow as pa

    coded = column.take(pa.array(kept)).dictionary_encode()
    return coded.dictionary.to_pylist(), _numbers(coded.indices)
