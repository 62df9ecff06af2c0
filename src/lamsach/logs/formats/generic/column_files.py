"""Tables in Apache Parquet, as data platforms export logs.

Source: https://parquet.apache.org/docs/file-format/. Its pages may be compressed by any codec. Columns are
recognised by name: `lamsach.logs.binary.columnar`.

Tables in Apache Arrow's formats: the file (Feather 2), the stream, and the first Feather.

Source: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format. Columns are recognised by name:
`lamsach.logs.binary.columnar`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from lamsach.errors import UnreadableError
from lamsach.logs.binary.base import BinaryFormat, seekable
from lamsach.logs.binary.columnar import BATCH_ROWS, GIVES, damaged_table, table_events
from lamsach.model import Event, Refusal

if TYPE_CHECKING:
    import pyarrow as pa


class Parquet(BinaryFormat):
    """Tables whose columns are recognised by name, nested ones too.

    Of a file that is cut short nothing can be read.
    """

    name = "parquet"
    title = "Apache Parquet"
    holds_text = False
    hands_over = True
    gives = GIVES

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """The magic number, of an encrypted file too."""
        return head[:4] in (b"PAR1", b"PARE")

    def read(self, stream: BinaryIO) -> Iterator[Event | Refusal]:
        """See BinaryFormat. `line` is the row's number.

        The description of a Parquet file stands at its end: one that is cut short gives nothing.
        """
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
    holds_text = False
    hands_over = True
    gives = GIVES

    @classmethod
    def recognises(cls, head: bytes) -> bool:
        """A magic number, or a stream's first message: a schema, its size in whole words of eight."""
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
