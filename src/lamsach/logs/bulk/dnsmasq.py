"""Questions, answers and forwarded questions of dnsmasq, without serial numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import (
    addresses,
    cells,
    check,
    check_distinct,
    ends_of,
    ipv4,
    kept,
    lines_of,
    names,
    text_of,
)
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.bulk.letters import DIGITS, HEX_DIGITS, PRINTABLE, check_made_of
from lamsach.logs.bulk.parts import halves
from lamsach.logs.formats.dns.dnsmasq.dns import question_of_name
from lamsach.logs.text.syslog import split_header
from lamsach.logs.text.values import ip_of
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

# Sep 15 08:32:47 gw dnsmasq[2221]: query[A] www.example from 192.0.2.49     forwarded www.example to 198.51.100.53     reply www.example is 198.51.100.7
_TAG, _END = "dnsmasq[", "]: "
_LETTERS = 5
_WORDS = {"query": "from", "forwa": "to", "reply": "is", "cache": "is"}
_FIRST = {
    "query": r"^query\[[A-Za-z0-9=]{1,20}\]$",
    "forwa": "^forwarded$",
    "reply": "^reply$",
    "cache": "^cached$",
}
_ADDRESS, _VALUE = (HEX_DIGITS + b".:", 2, 45), (PRINTABLE, 1, 300)
_SAMPLE = "query[A] a.example from 10.0.0.1"
_DNS_PORT = 53
_HEADS_KEPT = 1024


class DnsmasqMessages(GroupReader):
    """Messages of four words."""

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._known_head = lru_cache(maxsize=_HEADS_KEPT)(self._head)

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the message's first letters, which only this program's messages have."""
        import numpy as np

        told = Lines(lines)
        end = told.place(_END) + len(_END)
        word = told.letters(end, _LETTERS)
        usual = (end > len(_TAG)) & (told.count(" ", end) == len("abcd") - 1)
        return groups_of((word,), usual & np.isin(word, list(map(letters_of, _WORDS))))

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        lines = lines_of(data)
        before, tagged = halves(lines, _TAG)
        pid, message = halves(tagged, _END)
        check_distinct(pid, "^[0-9]{1,10}$")
        kind = message[0].as_py()[:_LETTERS]
        row = cells(text_of(message), "abcd", " ", dict.fromkeys("abcd", pa.string()))
        if len(row["a"]) != count or kind not in _FIRST:
            raise Unusual
        check_distinct(row["a"], _FIRST[kind])
        check(pc.equal(row["c"], _WORDS[kind]))
        check_made_of(row["d"], *(_ADDRESS if kind in ("query", "forwa") else _VALUE))
        name = row["b"]
        check_made_of(name, PRINTABLE, 1, 250)
        if np.isin(ends_of(name)[1], [*DIGITS]).any():
            check(pc.invert(ipv4(name)))
        check(pc.invert(pc.is_in(name, pa.array(["error", "result"]))))
        times, hosts = heads(before, self._known_head, r"^(?:.*[^0-9\w\s].* )?$")
        columns = {"time": times, "observer": hosts, "domain": names(name, question_of_name)}
        if kind == "query":
            clients = addresses(row["d"])
            return columns | {
                "source_ip": clients,
                "device_ip": clients,
                "action": _all(Action.UNKNOWN, count),
            }
        if kind == "forwa":
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
        header, message = split_header(f"{text}{_TAG}1]: {_SAMPLE}", self.context)
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
