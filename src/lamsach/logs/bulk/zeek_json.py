"""Zeek's logs of connections and of DNS as JSON, bare, with dotted keys, as Zeek itself writes them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import BulkReader, Unusual
from lamsach.logs.bulk.columns import addresses, check, seconds
from lamsach.logs.bulk.zeek_tsv import ENDS, IDLE, TOLD, connections, questions

if TYPE_CHECKING:
    import pyarrow as pa

_NESTED = re.compile(rb"\[[^\[\]]*\[")
_TEXTS = ("conn_state", "query", "rcode_name")


class ZeekObjects(BulkReader):
    """Records of conn.log and dns.log."""

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc
        from pyarrow import json

        if data.count(b"{") > count or _NESTED.search(data) or not data.startswith(b"{"):
            raise Unusual  # Arrow ends the process at lists within lists that are nested very deep
        table = json.read_json(
            io.BytesIO(data), json.ReadOptions(use_threads=False, block_size=len(data) + 64)
        )
        layout = set(table.column_names)
        path = "dns" if "query" in layout else "conn"
        if table.num_rows != count or not {*ENDS} <= layout <= {*ENDS, *TOLD[path], *IDLE, "_path"}:
            raise Unusual
        row = {name: table.column(name).combine_chunks() for name in layout}
        if "_path" in row:
            check(pc.equal(row["_path"], path))
        elif path == "dns":  # told by these in each record
            check(pc.and_(pc.is_valid(row["query"]), pc.is_valid(row.get("trans_id", row["query"]))))
        if path == "dns" and "trans_id" not in row and "_path" not in row:
            raise Unusual
        for name in TOLD[path]:
            row[name] = _told(row.get(name), name, count)
        columns = {
            "time": seconds(_as(row["ts"], pa.float64())),
            "source_ip": addresses(_as(row["id.orig_h"], pa.string())),
            "source_port": _port(row["id.orig_p"]),
            "destination_ip": addresses(_as(row["id.resp_h"], pa.string())),
            "destination_port": _port(row["id.resp_p"]),
        }
        return columns | (connections(row, columns) if path == "conn" else questions(row, columns))


def _as(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type != kind:
        raise Unusual
    return column


def _port(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    from lamsach.logs.bulk.columns import ports

    return ports(_as(column, pa.int64())).cast(pa.int32())


def _told(column: pa.Array | None, name: str, count: int) -> pa.Array:
    """A column as Zeek's tab-separated logs would hold it: `T` and `F`, `-` for what is unset; of answers the lists."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name == "answers":
        kind = pa.list_(pa.string())
        if column is None or pa.types.is_null(column.type):
            return pa.nulls(count, kind)
        if not pa.types.is_list(column.type) or not pa.types.is_string(column.type.value_type):
            raise Unusual
        return column.cast(kind)
    if column is None or pa.types.is_null(column.type):
        return pa.repeat("-", count)
    if name not in _TEXTS:
        column = pc.if_else(_as(column, pa.bool_()), "T", "F")
    return pc.fill_null(_as(column, pa.string()), "-")
