"""Lines of a program whose messages come again and again, as those of a DHCP server do: each distinct message is read once, only its time is the line's own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from lamsach.logs.base import FileContext, LogFormat
from lamsach.logs.bulk.base import Unusual
from lamsach.logs.bulk.columns import check, check_distinct, lines_of
from lamsach.logs.bulk.features import Lines, groups_of, letters_of
from lamsach.logs.bulk.groups import GroupReader
from lamsach.logs.bulk.heads import Head, heads, of_header
from lamsach.logs.bulk.parts import halves
from lamsach.logs.events.records import KEYS
from lamsach.logs.events.tables import columns_of, table_of
from lamsach.logs.text.syslog import split_header
from lamsach.model import Event

if TYPE_CHECKING:
    import pyarrow as pa

_STAMPED = frozenset({"time", "observer", "format", "file", "line"})
_END = "]: "
_BEFORE, _LONGEST_HEADER = r"^(?:.*[^0-9\w\s].* )?$", 100
_KEPT, _HEADS_KEPT = 65536, 1024


class MessageReader(GroupReader):
    """`sample`: a message of the program, which says nothing of the line's time and sender; `begins`: how those begin that are read here (regular expression)."""

    sample: str
    begins: str

    def __init__(self, log_format: LogFormat, context: FileContext) -> None:
        super().__init__(log_format, context)
        self._codes: dict[str, int] = {}
        self._events: pa.RecordBatch | None = None
        self.head = lru_cache(maxsize=_HEADS_KEPT)(self._head)

    @abstractmethod
    def parts(self, lines: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """The times and the observers of the lines, and what of each its event depends on beside these. Raises Unusual, LineError."""

    def read(self, data: bytes, count: int) -> dict[str, pa.Array]:
        """See `BulkReader`."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        lines = lines_of(data)
        times, observers, messages = self.parts(lines)
        coded = messages.dictionary_encode()
        check(pc.match_substring_regex(coded.dictionary, self.begins))
        _, firsts = np.unique(coded.indices.to_numpy(), return_index=True)
        codes = self._known(coded.dictionary.to_pylist(), lines, firsts.tolist())
        table = codes[1].take(pa.array(codes[0]).take(coded.indices))
        columns = {key: table.column(key) for key in KEYS if key not in _STAMPED}
        return columns | {"time": times, "observer": observers}

    def _known(
        self, messages: Sequence[str], lines: pa.Array, firsts: Sequence[int]
    ) -> tuple[list[int], pa.RecordBatch]:
        """Which row of a table of events each message's is. `firsts`: a line with each. Time and observer of these rows may be another line's."""
        import pyarrow as pa

        if len(self._codes) >= _KEPT:
            self._codes, self._events = {}, None
        new = [at for at, message in enumerate(messages) if message not in self._codes]
        events = [self._event(lines[firsts[at]].as_py()) for at in new]
        if events or self._events is None:
            made = table_of(columns_of(events), len(events))
            self._events = made if self._events is None else pa.concat_batches([self._events, made])
            first = self._events.num_rows - len(events)
            self._codes |= {messages[at]: first + row for row, at in enumerate(new)}
        return [self._codes[message] for message in messages], self._events

    def _event(self, line: str) -> Event:
        found = self.log_format.parse(line, 1)
        if found is None:
            raise Unusual
        return found

    def behind_tag(self, lines: pa.Array, tag: str) -> tuple[pa.Array, pa.Array, pa.Array]:
        """The times, the senders and the messages of lines with such a tag and a number before the message. Raises Unusual, LineError."""
        import pyarrow.compute as pc

        before, rest = halves(lines, tag)
        number, messages = halves(rest, _END)
        check(pc.less(pc.binary_length(before), _LONGEST_HEADER))
        check_distinct(number, "^[0-9]{1,10}$")
        times, hosts = heads(before, partial(self.head, tag), _BEFORE)
        return times, hosts, messages

    def _head(self, tag: str, text: str) -> Head:
        """What the header states that ends with the program's tag `named[`."""
        if not text:
            return None, None
        header, message = split_header(f"{text}{tag}1]: {self.sample}", self.context)
        if header.app != tag[:-1] or message != self.sample:
            raise Unusual
        return of_header(header)


def tagged(lines: Sequence[bytes], tag: str, begin: str) -> tuple[list[list[int]], list[int]]:
    """The numbers of the lines whose message begins so behind the tag `named[`, its number and `]: `; the others, and those that are indented, are read alone."""
    import numpy as np

    if not lines:
        return [], []
    told = Lines(lines)
    place, end = told.place(tag), told.place(_END) + len(_END)
    usual = (place >= 0) & (end > place + len(tag)) & (told.count(tag) == 1)
    if begin:
        usual &= told.letters(end, len(begin)) == letters_of(begin)
    usual &= ~np.isin(told.letters_at(0, 1), [*b" \t}"])
    return groups_of((place >= 0,), usual)
