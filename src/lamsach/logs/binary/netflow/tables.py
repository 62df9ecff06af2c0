"""Columnar reader of fixed-layout NetFlow packets (versions 1, 5, 7): many packets as one array.

Packets of other versions give single events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from socket import inet_ntoa
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from lamsach.errors import InputError
from lamsach.logs.binary.netflow.events import NAME, PORTED
from lamsach.logs.binary.netflow.packets import FIXED, FixedPacket
from lamsach.logs.events.ends import INTERNAL_IPV4
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.logs.formats.flows.netflow import NetFlow
from lamsach.model import Action, Event, Refusal

Array = np.ndarray[Any, Any]

_PACKETS_HELD = 1024
_EVENTS_HELD = 4096
_FIELDS = {
    "source": (">u4", 0),
    "destination": (">u4", 4),
    "source_port": (">u2", 32),
    "destination_port": (">u2", 34),
    "protocol": ("u1", 38),
}
"""Type and offset of the fields read from a record, equal in all three layouts."""


class FlowTables:
    """Reads one file; refusals go to `on_refusal`."""

    def __init__(self, log_format: NetFlow, on_refusal: Callable[[Refusal], None]) -> None:
        self.events = 0
        self.refused = 0
        self._format = log_format
        self._on_refusal = on_refusal
        self._packets: list[FixedPacket] = []
        self._held: list[Event] = []

    def read(self, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
        """Yield the events in file order. Raises as `NetFlow.read` does, after everything readable."""
        try:
            for item in self._format.items(stream):
                yield from self._add(item)
        except InputError:
            yield from self._flush()
            raise
        yield from self._flush()

    def _add(self, item: Event | Refusal | FixedPacket) -> Iterator[pa.RecordBatch]:
        if isinstance(item, FixedPacket):
            if self._held or (self._packets and self._packets[-1].version != item.version):
                yield from self._flush()
            self._packets.append(item)
        elif isinstance(item, Refusal):
            self.refused += 1
            self._on_refusal(item)
        else:
            if self._packets:
                yield from self._flush()
            self._held.append(item)
        if len(self._packets) >= _PACKETS_HELD or len(self._held) >= _EVENTS_HELD:
            yield from self._flush()

    def _flush(self) -> Iterator[pa.RecordBatch]:
        packets, self._packets = self._packets, []
        events, self._held = self._held, []
        tables = [_table(packets, self._format.context.file)] if packets else []
        tables += [table_of(columns_of(events), len(events))] if events else []
        for table in tables:
            if table.num_rows:
                self.events += table.num_rows
                yield table


def _table(packets: list[FixedPacket], file: str) -> pa.RecordBatch:
    """Return the records of packets of one version, equal to `netflow.events.fixed_events`."""
    size = FIXED[packets[0].version][1].size
    bodies = [packet.records for packet in packets]
    rows = np.frombuffer(b"".join(bodies), _layout(size))
    counts = [len(body) // size for body in bodies]
    seconds = np.repeat(np.array([packet.seconds for packet in packets], np.int64), counts)
    portless = ~np.isin(rows["protocol"], list(PORTED))

    def constant(text: str) -> pa.Array:
        return pa.repeat(pa.scalar(text, pa.string()), len(rows))

    columns = _addresses(rows["source"].astype(np.uint32), rows["destination"].astype(np.uint32)) | {
        "time": pa.array(seconds * 1_000_000).cast(pa.timestamp("us", "UTC")),
        "source_port": pa.array(rows["source_port"].astype(np.int32), mask=portless),
        "destination_port": pa.array(rows["destination_port"].astype(np.int32), mask=portless),
        "action": constant(Action.UNKNOWN.value),
        "format": constant(NAME),
        "file": constant(file),
        "line": pa.array(np.repeat([packet.number for packet in packets], counts)),
    }
    return table_of(columns, len(rows))


def _layout(size: int) -> np.dtype[Any]:
    kinds, positions = zip(*_FIELDS.values(), strict=True)
    return np.dtype({"names": [*_FIELDS], "formats": kinds, "offsets": positions, "itemsize": size})


def _addresses(source: Array, destination: Array) -> dict[str, pa.Array]:
    """Return the address columns; the device as `ends.decide` chooses it. Each address is formatted once."""
    distinct, rows = np.unique(np.concatenate((source, destination)), return_inverse=True)
    spelled = distinct.astype(">u4").tobytes()
    texts = pa.array([inet_ntoa(spelled[at : at + 4]) for at in range(0, len(spelled), 4)], pa.string())
    internal = np.any([distinct >> shift == prefix for prefix, shift in INTERNAL_IPV4], axis=0)
    sources, destinations = rows[: len(source)], rows[len(source) :]
    devices = np.where(internal[destinations] & ~internal[sources], destinations, sources)
    indices = {"source_ip": sources, "destination_ip": destinations, "device_ip": devices}
    return {key: texts.take(pa.array(index)) for key, index in indices.items()}
