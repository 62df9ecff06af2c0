"""The header before records that announce themselves (`CEF:`, `LEEF:`)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from lamsach.logs.base import FileContext
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, judged
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.text.framing import header_before
from lamsach.logs.text.times.stated_clock import states_other_zone

_LONGEST_HEADER = 500


def heads_before(before: pa.Array, record: str, context: FileContext) -> tuple[pa.Array, pa.Array]:
    """The time and the host that a header before records states; `record`: how the records begin. Raises Unusual, LineError."""
    check(judged(before, r"^(?:[^{]*[^{A-Za-z0-9])?$"))
    check(pc.less(pc.binary_length(before), _LONGEST_HEADER))

    def read(text: str) -> Head:
        if states_other_zone(text, context.timezone):
            raise Unusual
        return of_header(header_before(text + record, len(text), context))

    return heads(before, read)
