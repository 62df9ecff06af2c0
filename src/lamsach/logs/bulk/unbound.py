"""Questions and replies of Unbound, behind a syslog header and the thread's number."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import addresses, cells, check, halves, names
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads
from lamsach.logs.dns_names import from_presentation
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

# May 20 16:29:19 gw unbound: [79652:0] info: 192.168.10.8 www.example. A IN     ... info: 192.168.10.8 www.example. A IN NOERROR 0.095659 0 134
_MARKS = (b"] info: ", b"] query: ", b"] reply: ")
_WORDS = ("client", "name", "type", "class", "code", "seconds", "cached", "size")
_SHAPES = {
    "client": r"^[0-9A-Fa-f.:]{2,45}$",
    "name": r"^[!-~]{1,400}$",
    "type": "^[A-Z0-9]{1,16}$",
    "class": "^IN$",
    "code": r"^[A-Z]{2,16}[0-9]{0,5}$",
    "seconds": r"^[0-9]{1,10}\.[0-9]{1,9}$",
    "cached": "^[01]$",
    "size": "^[0-9]{1,7}$",
}
_SAMPLE = "10.0.0.1 a.example. A IN"


class UnboundQuestions(GroupReader):
    """Lines that name a client and a question."""

    def kind(self, line: bytes) -> Hashable | None:
        """The level, and whether it is a question or a reply."""
        if b"unbound" not in line:
            return None
        for mark in _MARKS:
            place = line.find(mark)
            if place >= 0:
                words = line.count(b" ", place + len(mark))
                return (mark, words) if words in (3, 7) else None
        return None

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        line = data.partition(b"\n")[0]
        mark = next((mark for mark in _MARKS if mark in line), _MARKS[0]).decode()
        before, message = halves(pa.array(data.decode().split("\n")), mark)
        check(pc.match_substring_regex(before, r"unbound(?:\[[0-9]{1,10}\])?: \[[0-9]{1,10}:[0-9a-f]{1,4}$"))
        shown = _WORDS[: message[0].as_py().count(" ") + 1]
        row = cells("\n".join(message.to_pylist()).encode(), shown, " ", dict.fromkeys(shown, pa.string()))
        if len(row["client"]) != count:
            raise Unusual
        for name in shown:
            check(pc.match_substring_regex(row[name], _SHAPES[name]))

        def head(text: str) -> Head:
            event = self.log_format.parse(f"{text}{mark}{_SAMPLE}", 1)
            if event is None or event.domain != "a.example":
                raise Unusual
            return event.time, event.observer

        times, hosts = heads(before, head)
        clients = addresses(row["client"])
        question = row["name"]
        dotted = pc.ends_with(question, ".")
        plain = pc.if_else(dotted, pc.utf8_slice_codeunits(question, 0, -1), question)
        return {
            "time": times,
            "observer": hosts,
            "source_ip": clients,
            "device_ip": clients,
            "domain": names(plain, from_presentation),
            "action": _actions(row, count),
        }


def _actions(row: dict[str, pa.Array], count: int) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    allowed = pa.repeat(Action.ALLOWED.value, count)
    if "code" not in row:
        return allowed
    other = pc.if_else(pc.equal(row["code"], "REFUSED"), Action.BLOCKED.value, Action.UNKNOWN.value)
    return pc.if_else(pc.equal(row["code"], "NOERROR"), allowed, other)
