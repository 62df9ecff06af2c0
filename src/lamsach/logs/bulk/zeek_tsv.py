"""Zeek's tab-separated logs of connections and of DNS, with their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import BulkReader, Unusual
from lamsach.logs.bulk.columns import addresses, cells, internal, mapped, names, own_sides, ports, seconds
from lamsach.logs.formats.sensors.zeek_tsv import ZeekTsv
from lamsach.logs.mappings.zeek.fields import action_of, answers_of
from lamsach.logs.text.values import question_of
from lamsach.model import EventKind

if TYPE_CHECKING:
    import pyarrow as pa

ENDS = ("ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
TOLD = {"conn": ("conn_state", "local_orig", "local_resp"), "dns": ("query", "rcode_name", "answers")}
# Columns of the default scripts that say nothing of a contact; a log with any other is read line by line.
IDLE = frozenset(
    [
        "uid",
        "proto",
        "service",
        "duration",
        "orig_bytes",
        "resp_bytes",
        "missed_bytes",
        "history",
        "orig_pkts",
        "orig_ip_bytes",
        "resp_pkts",
        "resp_ip_bytes",
        "tunnel_parents",
        "ip_proto",
        "trans_id",
        "rtt",
        "qclass",
        "qclass_name",
        "qtype",
        "qtype_name",
        "rcode",
        "AA",
        "TC",
        "RD",
        "RA",
        "Z",
        "TTLs",
        "rejected",
        "vlan",
        "inner_vlan",
        "orig_l2_addr",
        "resp_l2_addr",
        "community_id",
    ]
)


class ZeekRows(BulkReader):
    """Rows of conn.log and dns.log."""

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        assert isinstance(self.log_format, ZeekTsv)
        path, layout = self.log_format.columns
        told = TOLD.get(path or "", ())
        if not told or b"\\" in data or not {*ENDS, *told} <= set(layout) <= {*ENDS, *told, *IDLE}:
            raise Unusual
        kinds = dict.fromkeys((*ENDS, *told), pa.string()) | {
            "ts": pa.float64(),
            "id.orig_p": pa.int32(),
            "id.resp_p": pa.int32(),
        }
        row = cells(data, layout, "\t", kinds)
        if "answers" in row:
            row["answers"] = pc.split_pattern(row["answers"], ",")
        columns = {
            "time": seconds(row["ts"]),
            "source_ip": addresses(row["id.orig_h"]),
            "source_port": ports(row["id.orig_p"]),
            "destination_ip": addresses(row["id.resp_h"]),
            "destination_port": ports(row["id.resp_p"]),
        }
        if len(row["ts"]) != count:
            raise Unusual
        return columns | (connections(row, columns) if path == "conn" else questions(row, columns))


def connections(row: dict[str, pa.Array], columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The unit's own side is what `local_orig` and `local_resp` say, else what the addresses say."""
    import pyarrow.compute as pc

    sources, destinations = columns["source_ip"], columns["destination_ip"]
    ours, theirs = pc.equal(row["local_orig"], "T"), pc.equal(row["local_resp"], "T")
    inward = pc.and_(pc.equal(row["local_orig"], "F"), theirs)
    device = own_sides(sources, destinations)
    if pc.any(inward).as_py():
        stranger = pc.invert(internal(sources))
        device = pc.if_else(pc.and_(inward, stranger), destinations, device)
    return {
        "device_ip": pc.if_else(ours, sources, device),
        "action": mapped(
            row["conn_state"], lambda text: action_of(EventKind.CONNECTION, {"conn_state": text})
        ),
    }


def questions(row: dict[str, pa.Array], columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """A capture that began in mid-stream turns a question around: who speaks from port 53 is the server."""
    import pyarrow.compute as pc

    turned = pc.and_(pc.equal(columns["source_port"], 53), pc.not_equal(columns["destination_port"], 53))
    return {
        "device_ip": pc.if_else(turned, columns["destination_ip"], columns["source_ip"]),
        "domain": names(row["query"], question_of),
        "action": mapped(row["rcode_name"], lambda text: action_of(EventKind.DNS, {"rcode_name": text})),
        "answers": _answers(row["answers"]),
    }


def _answers(lists: pa.Array) -> pa.Array:
    """The sets' addresses and names; nothing is left of an unset one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = names(lists.values, lambda text: next(iter(answers_of({"answers": text})), None))
    made = pa.ListArray.from_arrays(lists.offsets, found)
    if found.null_count:
        texts = made.to_pylist()
        told = [[one for one in several if one is not None] or None for several in texts]
        return pa.array(told, pa.list_(pa.string()))
    empty = pc.equal(pc.list_value_length(made), 0)
    if not pc.any(empty).as_py():
        return made
    return pa.array([several or None for several in made.to_pylist()], pa.list_(pa.string()))
