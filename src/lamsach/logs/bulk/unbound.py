"""Questions and replies of Unbound, behind a syslog header and the thread's number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import addresses, cells, check, check_distinct, lines_of, names, text_of
from lamsach.logs.bulk.features import Lines, groups_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads
from lamsach.logs.bulk.letters import DIGITS, HEX_DIGITS, PRINTABLE, check_made_of
from lamsach.logs.bulk.parts import halves
from lamsach.logs.text.dns_names import from_presentation
from lamsach.model import Action

if TYPE_CHECKING:
    import pyarrow as pa

# May 20 16:29:19 gw unbound: [79652:0] info: 192.168.10.8 www.example. A IN     ... info: 192.168.10.8 www.example. A IN NOERROR 0.095659 0 134
_MARKS = ("] info: ", "] query: ", "] reply: ")
_WORDS = ("client", "name", "type", "class", "code", "seconds", "cached", "size")
_QUESTION, _FEW = _WORDS[:4], ("type", "class", "code", "cached")
_THREAD = r"unbound(?:\[[0-9]{1,10}\])?: \[[0-9]{1,10}:[0-9a-f]{1,4}$"
_LETTERS = {"client": (HEX_DIGITS + b".:", 2, 45), "name": (PRINTABLE, 1, 400), "size": (DIGITS, 1, 7)}
_SHAPES = {
    "type": "^[A-Z0-9]{1,16}$",
    "class": "^IN$",
    "code": r"^[A-Z]{2,16}[0-9]{0,5}$",
    "seconds": r"^[0-9]{1,10}\.[0-9]{1,9}$",
    "cached": "^[01]$",
}
_SAMPLE = "10.0.0.1 a.example. A IN"


class UnboundQuestions(GroupReader):
    """Lines that name a client and a question."""

    def alike(self, data: bytes) -> bool:
        """See `GroupReader`: the words are counted, and the mark stands behind the thread's number."""
        return True

    def groups(self, lines: Sequence[bytes]) -> tuple[list[list[int]], list[int]]:
        """By the level, and whether it is a question or a reply."""
        import numpy as np

        told = Lines(lines)
        level, place = np.zeros((2, len(lines)), np.int64)
        for at, mark in reversed([*enumerate(_MARKS, 1)]):
            found = told.place(mark)
            level = np.where(found >= 0, at, level)
            place = np.where(found >= 0, found + len(mark), place)
        words = told.count(" ", place)
        usual = (
            (level > 0) & told.has("unbound") & ((words == len(_QUESTION) - 1) | (words == len(_WORDS) - 1))
        )
        return groups_of((level, words), usual)

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        line = data.partition(b"\n")[0]
        mark = next((mark for mark in _MARKS if mark.encode() in line), _MARKS[0])
        before, message = halves(lines_of(data), mark)
        shown = _WORDS[: message[0].as_py().count(" ") + 1]
        row = cells(text_of(message), shown, " ", dict.fromkeys(shown, pa.string()))
        if len(row["client"]) != count:
            raise Unusual
        for name in shown:
            if name in _LETTERS:
                check_made_of(row[name], *_LETTERS[name])
            elif name in _FEW:
                check_distinct(row[name], _SHAPES[name])
            else:
                check(pc.match_substring_regex(row[name], _SHAPES[name]))

        def head(text: str) -> Head:
            event = self.log_format.parse(f"{text}{mark}{_SAMPLE}", 1)
            if event is None or event.domain != "a.example":
                raise Unusual
            return event.time, event.observer

        times, hosts = heads(before, head, _THREAD)
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
