"""Questions, answers and forwarded questions of dnsmasq, without serial numbers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import addresses, cells, check, halves, ipv4, kept, names
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.formats.dnsmasq import question_of_name
from lamsach.logs.syslog import split_header
from lamsach.logs.values import ip_of
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

# Sep 15 08:32:47 gw dnsmasq[2221]: query[A] www.example from 192.0.2.49     forwarded www.example to 198.51.100.53     reply www.example is 198.51.100.7
_TAG = b"dnsmasq["
_WORDS = {b"query": "from", b"forwa": "to", b"reply": "is", b"cache": "is"}
_FIRST = {
    b"query": r"^query\[[A-Za-z0-9=]{1,20}\]$",
    b"forwa": "^forwarded$",
    b"reply": "^reply$",
    b"cache": "^cached$",
}
_ADDRESS, _VALUE = "^[0-9A-Fa-f.:]{2,45}$", "^[!-~]{1,300}$"
_SAMPLE = "query[A] a.example from 10.0.0.1"
_DNS_PORT = 53


class DnsmasqMessages(GroupReader):
    """Messages of four words."""

    def kind(self, line: bytes) -> Hashable | None:
        """The message's first letters."""
        place = line.find(_TAG)
        end = line.find(b"]: ", place) + 3
        usual = place >= 0 and end > place + 3 and line.count(b" ", end) == 3
        word = line[end : end + 5]
        return word if usual and word in _WORDS else None

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        lines = pa.array(data.decode().split("\n"))
        before, tagged = halves(lines, _TAG.decode())
        pid, message = halves(tagged, "]: ")
        check(pc.match_substring_regex(pid, "^[0-9]{1,10}$"))
        check(pc.match_substring_regex(before, r"^(?:.*[^0-9\w\s].* )?$"))
        kind = message[0].as_py()[:5].encode()
        row = cells("\n".join(message.to_pylist()).encode(), "abcd", " ", dict.fromkeys("abcd", pa.string()))
        if len(row["a"]) != count or kind not in _FIRST:
            raise Unusual
        check(pc.match_substring_regex(row["a"], _FIRST[kind]))
        check(pc.equal(row["c"], _WORDS[kind]))
        check(pc.match_substring_regex(row["d"], _ADDRESS if kind in (b"query", b"forwa") else _VALUE))
        name = row["b"]
        check(pc.match_substring_regex(name, r"^[!-~]{1,250}$"))
        check(pc.invert(pc.or_(ipv4(name), pc.is_in(name, pa.array(["error", "result"])))))
        times, hosts = heads(before, self._head)
        columns = {"time": times, "observer": hosts, "domain": names(name, question_of_name)}
        if kind == b"query":
            clients = addresses(row["d"])
            return columns | {
                "source_ip": clients,
                "device_ip": clients,
                "action": _all(Action.UNKNOWN, count),
            }
        if kind == b"forwa":
            server, port = addresses(row["d"]), pa.repeat(pa.scalar(_DNS_PORT, pa.int32()), count)
            return columns | {
                "destination_ip": server,
                "destination_port": port,
                "action": _all(Action.UNKNOWN, count),
            }
        return columns | _answers(row["d"])

    def _head(self, text: str) -> Head:
        if not text:
            return None, None
        header, message = split_header(f"{text}{_TAG.decode()}1]: {_SAMPLE}", self.context)
        if header.app != "dnsmasq" or message != _SAMPLE:
            raise Unusual
        return of_header(header)


def _all(action: Action, count: int) -> pa.Array:
    import pyarrow as pa

    return pa.repeat(action.value, count)


def _answers(values: pa.Array) -> dict[str, pa.Array]:
    """The address of each answer that is one. The target of a reverse lookup is not usual."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    found = kept(values, ipv4(values), ip_of)
    valid = pc.is_valid(found)
    offsets = np.concatenate(([0], np.cumsum(valid.to_numpy(zero_copy_only=False)))).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), found.drop_null(), mask=pc.invert(valid))
    told = pc.or_(valid, pc.equal(values, "<CNAME>"))
    return {"answers": lists, "action": pc.if_else(told, Action.ALLOWED.value, Action.UNKNOWN.value)}
