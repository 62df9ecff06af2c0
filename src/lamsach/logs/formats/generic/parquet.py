"""Tables in Apache Parquet, as data platforms export logs.

Source: https://parquet.apache.org/docs/file-format/. Its pages may be compressed by any codec. Columns are recognised by name:
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
        """See BinaryFormat. `line` is the row's number. The description of a Parquet file stands at its end: one that is cut short
        gives nothing.
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
