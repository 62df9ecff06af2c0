"""Columnar reader of export files: the records of many packets with one plain template as one array.

A template is plain if it states no more than IPv4 addresses, ports and protocol, as those of versions 1, 5
and 7 do; records of others give single events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from socket import inet_ntoa
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from lamsach.errors import InputError
from lamsach.logs.binary.netflow import templates as e
from lamsach.logs.binary.netflow.events import NAME, PORTED, events_of
from lamsach.logs.binary.netflow.packets import DataSet
from lamsach.logs.binary.netflow.templates import Template
from lamsach.logs.events.ends import INTERNAL_IPV4
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.logs.formats.flows.netflow import NetFlow
from lamsach.model import Action, Event, Refusal

Array = np.ndarray[Any, Any]

_SETS_HELD = 1024
_EVENTS_HELD = 4096
_FEWEST_BYTES = 4096
"""Shorter runs of one template are quicker to read as single events."""
_COLUMNS = {
    e.SOURCE: ("source", ">u4"),
    e.DESTINATION: ("destination", ">u4"),
    e.SOURCE_PORT: ("source_port", ">u2"),
    e.DESTINATION_PORT: ("destination_port", ">u2"),
    e.PROTOCOL: ("protocol", "u1"),
}
"""Name and type of the columns of plain templates."""


class FlowTables:
    """Reads one file; refusals go to `on_refusal`."""

    def __init__(self, log_format: NetFlow, on_refusal: Callable[[Refusal], None]) -> None:
        self.events = 0
        self.refused = 0
        self._format = log_format
        self._file = log_format.context.file
        self._on_refusal = on_refusal
        self._run: list[DataSet] = []
        self._held: list[Event] = []

    def read(self, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
        """Yield the events in file order. Raises as `NetFlow.read` does, after everything readable."""
        try:
            for item in self._format.items(stream):
                yield from self._add(item)
        except InputError:
            yield from self._rest()
            raise
        yield from self._rest()

    def _add(self, item: DataSet | Refusal) -> Iterator[pa.RecordBatch]:
        if isinstance(item, Refusal):
            self.refused += 1
            self._on_refusal(item)
            return
        if len(self._run) >= _SETS_HELD or (self._run and self._run[-1].template is not item.template):
            yield from self._end_run()
        self._run.append(item)

    def _end_run(self) -> Iterator[pa.RecordBatch]:
        """Read the sets of one template together, or hold their single events."""
        run, self._run = self._run, []
        if not run[0].template.plain or sum(len(flows.data) for flows in run) < _FEWEST_BYTES:
            self._held += [event for flows in run for event in events_of(flows, self._file)]
            if len(self._held) >= _EVENTS_HELD:
                yield from self._single()
        else:
            yield from self._single()
            yield from self._counted(_table(run, self._file))

    def _single(self) -> Iterator[pa.RecordBatch]:
        events, self._held = self._held, []
        if events:
            yield from self._counted(table_of(columns_of(events), len(events)))

    def _rest(self) -> Iterator[pa.RecordBatch]:
        if self._run:
            yield from self._end_run()
        yield from self._single()

    def _counted(self, table: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        self.events += table.num_rows
        yield table


def _layout(template: Template) -> np.dtype[Any]:
    """Return the array type of a plain template's records."""
    places: dict[int, int] = {}
    at = 0
    for element, length in template.fields:
        places.setdefault(element, at)
        at += length
    names, kinds = zip(*_COLUMNS.values(), strict=True)
    offsets = [places[element] for element in _COLUMNS]
    return np.dtype({"names": names, "formats": kinds, "offsets": offsets, "itemsize": template.size})


def _table(run: list[DataSet], file: str) -> pa.RecordBatch:
    """Return the records of sets of one plain template, equal to `netflow.events.events_of`."""
    layout = _layout(run[0].template)
    counts = [len(flows.data) // layout.itemsize for flows in run]
    bodies = [flows.data[: count * layout.itemsize] for flows, count in zip(run, counts, strict=True)]
    rows = np.frombuffer(b"".join(bodies), layout)
    seconds = np.repeat(np.array([flows.seconds for flows in run], np.int64), counts)
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
        "line": pa.array(np.repeat([flows.number for flows in run], counts)),
    }
    return table_of(columns, len(rows))


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
