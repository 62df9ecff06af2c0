"""Column files as events: Apache Parquet, and Arrow's file (Feather 2), stream, and first Feather.

Source: https://parquet.apache.org/docs/file-format/ (its pages may be compressed by any codec),
https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format.

Columns are recognized by name as in CSV; nested ones are named by their path (`source.ip`). Times without a
zone are in the zone assumed for the file. A table without a known column is searched anyway: every text in it
that can be an address, a name or a URL is `mentioned`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from itertools import zip_longest
from typing import TYPE_CHECKING, BinaryIO

from lamsach.errors import LineError, UnreadableError
from lamsach.logs.base import FileContext
from lamsach.logs.binary.base import BinaryFormat, seekable
from lamsach.logs.events.ends import stamped
from lamsach.logs.mappings import columns
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import domain_of, host_of_url, in_order, ip_of
from lamsach.model import Event, Reference, Refusal
from lamsach.runtime.extras import require

if TYPE_CHECKING:
    import pyarrow as pa


GIVES = in_order(
    "time observer source_ip source_port destination_ip destination_port source_nat_ip source_nat_port "
    "device_ip device_name device_mac user domain url answers hashes action lease_until mentioned"
)
"""Fields that a column file can fill."""
BATCH_ROWS = 4096
MOST_COLUMNS = 2000
_MOST_VALUES = 50
_MOST_MENTIONED = 200
_LONGEST_SHOWN = 500
_ADDRESS_FIELDS = frozenset({"source", "destination", "ip", "nat"})
Cells = Sequence[Sequence[str]]
"""Texts of one column's cells, row by row: none for a null, several for a list."""


def table_events(
    batches: Iterable[pa.RecordBatch],
    context: FileContext,
    name: str,
    unused: Callable[[bytes], object] | None = None,
) -> Iterator[Event | Refusal]:
    """Yield the events of a table's rows, in order; `line` is the row's 1-based number.

    `unused` receives the texts of the columns without a field. Raises UnreadableError at damage,
    MissingExtraError."""
    require("pyarrow")
    times = LooseTimes(context)
    number = 0
    for batch in _validated(batches, context.file):
        names, cells, known = _cells(batch, context.file)
        if unused is not None and known:
            unused(_unused_text(batch, context.file))
        for row in zip_longest(*cells, fillvalue=()) if cells else [()] * batch.num_rows:
            number += 1
            try:
                event = _event(names, row, times) if known else _mentions(row)
            except LineError as error:
                text = "\t".join(cell[0] for cell in row if cell)[:_LONGEST_SHOWN]
                yield Refusal(Reference(context.file, row=number), text, error.what)
                continue
            yield stamped(event, name, context.file, number)


def _cells(batch: pa.RecordBatch, where: str) -> tuple[list[str], list[Cells], bool]:
    """Read the fields and texts of the used columns, and whether they state contacts."""
    try:
        leaves = list(_leaves(batch))[:MOST_COLUMNS]
        fields = columns.fields_of([path for path, _ in leaves])
        known = columns.is_contact_log(fields)
        used = [
            (field, column) for field, (_, column) in zip(fields, leaves, strict=True) if field or not known
        ]
        cells = [_texts(column, address=field in _ADDRESS_FIELDS) for field, column in used]
    except (ValueError, IndexError, KeyError, OverflowError, MemoryError) as error:
        raise damaged_table(where) from error
    return [field or "" for field, _ in used], cells, known


def _unused_text(batch: pa.RecordBatch, where: str) -> bytes:
    """Texts of the columns without a field, a cell a line."""
    import pyarrow as pa

    try:
        leaves = list(_leaves(batch, maps=True))
        fields = columns.fields_of([path for path, _ in leaves])
        rest = [column for field, (_, column) in zip(fields, leaves, strict=True) if not field]
        rest += [column for _, column in leaves[MOST_COLUMNS:]]
        texts = [
            value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            for column in rest
            if not (pa.types.is_primitive(column.type) or pa.types.is_null(column.type))
            for value in column.to_pylist()
            if value
        ]
    except (ValueError, IndexError, KeyError, OverflowError, MemoryError) as error:
        raise damaged_table(where) from error
    return "".join(f"{text}\n" for text in texts).encode("utf-8", "replace")


def _validated(batches: Iterable[pa.RecordBatch], where: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    iterator = iter(batches)
    while True:
        try:
            batch = next(iterator, None)
            if batch is not None:
                batch.validate(full=True)
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise damaged_table(where) from error
        if batch is None:
            return
        yield batch


def damaged_table(where: str) -> UnreadableError:
    """Error of a file that is damaged from here on."""
    return UnreadableError(
        "The column file is damaged; what came before the damage was read.",
        where,
        "Copy the file again from where it came.",
    )


def _event(names: Sequence[str], row: Cells, times: LooseTimes) -> Event:
    values: dict[str, list[str]] = {}
    for name, cell in zip(names, row, strict=True):
        if name and cell:
            values.setdefault(name, []).extend(cell)
    return columns.event_of(values, times, host_is_device="source" not in values)


def _mentions(row: Cells) -> Event:
    """Collect the addresses, names and URLs in a row of unknown columns."""
    found: dict[str, None] = {}
    for cell in row:
        for text in cell:
            for word in text.split()[:_MOST_MENTIONED]:
                word = word.strip("\"'<>()[]{},;")
                if ip_of(word) or host_of_url(word) or ("." in word and domain_of(word)):
                    found[word] = None
    return Event(mentioned=tuple(found)[:_MOST_MENTIONED])


def _leaves(batch: pa.RecordBatch, *, maps: bool = False) -> Iterator[tuple[str, pa.Array]]:
    """Yield the columns that hold values, by path (maps only on request); a null's children are null."""
    import pyarrow as pa

    pending = [(field.name, column, 0) for field, column in zip(batch.schema, batch.columns, strict=True)]
    while pending:
        path, column, depth = pending.pop(0)
        if pa.types.is_struct(column.type):
            if depth < 16:
                kinds = [column.type.field(number).name for number in range(column.type.num_fields)]
                below = [
                    (f"{path}.{kind}", part, depth + 1)
                    for kind, part in zip(kinds, column.flatten(), strict=True)
                ]
                pending[:0] = below
        elif maps or not pa.types.is_map(column.type):
            yield path, column


def _texts(column: pa.Array, *, address: bool) -> Cells:
    """Read the cells of a column as texts."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if address and pa.types.is_integer(kind):
        return [_single(_number_address(value)) for value in column.to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return [_single(_binary(value, address=address)) for value in column.to_pylist()]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [_multiple(value) for value in column.to_pylist()]
    try:
        return [_single(value) for value in column.cast(pa.string()).to_pylist()]
    except (pa.ArrowException, UnicodeDecodeError, ValueError):
        return [()] * len(column)


def _single(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()


def _multiple(value: list[object] | None) -> tuple[str, ...]:
    items = [item for item in (value or ())[:_MOST_VALUES] if isinstance(item, str | int | float)]
    return tuple(str(item) for item in items if item != "")


def _number_address(value: int | None) -> str | None:
    return str(ip_address(value)) if value is not None and 0 < value < 1 << 32 else None


def _binary(value: bytes | None, *, address: bool) -> str | None:
    if value is None:
        return None
    if address and len(value) in (4, 16) and not value.isascii():
        return str(ip_address(value))
    return value.decode("utf-8", "replace")


class Parquet(BinaryFormat):
    """Tables with columns recognized by name, nested ones too.

    A file that is cut short cannot be read.
    """

    name = "parquet"
    title = "Apache Parquet"
    contains_text = False
    reports_unused = True
    gives = GIVES

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match the magic number, also an encrypted file's."""
        return head[:4] in (b"PAR1", b"PARE")

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the row's number; a truncated file, without its schema, has none."""
        with seekable(stream, self.context.file) as file:
            if file.read(4) == b"PARE":
                raise UnreadableError(
                    "The Parquet file is encrypted.", self.context.file, "Export it without encryption."
                )
            yield from table_events(_batches(file, self.context.file), self.context, self.name, self.unused)


def _batches(file: BinaryIO, where: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged_table(where) from error
    yield from table.iter_batches(BATCH_ROWS, use_threads=False)


_FILE, _FEATHER_1, _CONTINUES = b"ARROW1\0\0", b"FEA1", b"\xff\xff\xff\xff"
_LONGEST_SCHEMA = 1 << 24


class Arrow(BinaryFormat):
    """The same."""

    name = "arrow"
    title = "Apache Arrow (Feather, IPC)"
    contains_text = False
    reports_unused = True
    gives = GIVES

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """Match a magic number, or a stream's first message: a schema, its size in whole words of eight."""
        if head[:8] == _FILE or head[:4] == _FEATHER_1:
            return True
        size = int.from_bytes(head[4:8], "little")
        return head[:4] == _CONTINUES and 16 <= size < _LONGEST_SCHEMA and size % 8 == 0

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the row's number."""
        with seekable(stream, self.context.file) as file:
            yield from table_events(
                _batches_arrow(file, self.context.file), self.context, self.name, self.unused
            )


def _batches_arrow(file: BinaryIO, where: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import feather, ipc

    head = file.read(8)
    file.seek(0)
    try:
        if head[:4] == _FEATHER_1:
            yield from feather.read_table(file, use_threads=False).to_batches(BATCH_ROWS)
            return
        reader = ipc.open_file(file) if head == _FILE else ipc.open_stream(file)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged_table(where) from error
    for batch in _record_batches(reader):
        for first in range(0, batch.num_rows, BATCH_ROWS):
            yield batch.slice(first, BATCH_ROWS)


def _record_batches(
    reader: pa.RecordBatchFileReader | pa.RecordBatchStreamReader,
) -> Iterator[pa.RecordBatch]:
    count = getattr(reader, "num_record_batches", None)
    if count is None:
        yield from reader
        return
    for number in range(count):
        yield reader.get_batch(number)
