"""Sieve over all bytes that a binary log's reader reads, so that no value in its text is missed.

A JSON document is searched as text. In captures, event files and the like, runs of printable characters are
searched, in single bytes and in UTF-16, in captures also names in DNS wire format (RFC 1035, section 3.1).
Values stored as numbers (addresses of packets) are left to the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lamsach.errors import InputError
from lamsach.hunt.account import Account
from lamsach.hunt.chunks import OVERLAP, Pool, cut
from lamsach.hunt.engine import Sieve
from lamsach.hunt.examine import Uncounted
from lamsach.hunt.kernel.layout import PAD
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.unread import Rest
from lamsach.hunt.workers import sieve_chunk
from lamsach.logs.base import FileContext
from lamsach.logs.opening.inputs import LogStream
from lamsach.logs.reading.detect import Detection
from lamsach.model import Event, Match

_PIECE_BYTES = (1 << 20) - 2 * PAD
_STEP_BYTES = 1 << 18
_LONGEST_LINE = 8192
"""A longer line is searched piece by piece: the evidence shows the surroundings of the value."""
_WIDE = re.compile(rb"(?:[\x20-\x7e]\0){6,}")
_WIDE_DOT = b"\0.\0"
"""Part of every UTF-16 text that names a host or an address; a piece without it is skipped."""
# all but printable ASCII separates strings
_SEPARATED = bytes(code if 32 <= code < 127 else 10 for code in range(256))
# the length before each label of a name becomes its dot: 7example3com0
_DOTTED = bytes(46 if 0 < code < 32 else byte for code, byte in enumerate(_SEPARATED))
_LONG_LABEL = re.compile(rb"[-0-9](?=([0-9A-Za-z_-]{45,57})(?![0-9A-Za-z_-]))")
"""A label so long that its length is also a character of names: `-` is 45, `0` to `9` are 48 to 57."""
_LABEL_BYTES = bytes(chr(code).isalnum() or code in b"-_" for code in range(128)) + bytes(128)
_LONG_RUN = b"\1" * 46


class SievedStream:
    """A log's stream for its reader. After `finish`, `matches` holds the first match of each listed value."""

    def __init__(
        self,
        stream: LogStream,
        matcher: Matcher,
        rules: Rules,
        context: FileContext,
        name: str,
        *,
        text: bool,
        search_reads: bool = True,
        names: bool = False,
    ) -> None:
        """Open over a stream. `text`: the bytes are text; `names`: they hold DNS messages.

        `search_reads`: search the bytes that the reader reads, else only those passed to `feed`.
        """
        self._stream = stream
        self._search_reads = search_reads
        self._text = text
        self._names = names
        self._pending = bytearray()
        self._sieve: Sieve | None = None
        self._compiled = matcher.compiled
        self._pool = Pool(1, _PIECE_BYTES)
        self._examiner = _Unread(context, matcher, rules, name)

    @property
    def position(self) -> int:
        """See `LogStream`."""
        return self._stream.position

    @property
    def matches(self) -> dict[str, Match]:
        """The first match of each listed value."""
        return self._examiner.matches

    def readinto(self, view: memoryview) -> int:
        """See `LogStream`."""
        count = self._stream.readinto(view)
        if self._search_reads:
            self.feed(view[:count])
        return count

    def feed(self, data: bytes | memoryview) -> None:
        """Add bytes to be searched, now or with the next ones."""
        self._pending += data
        if len(self._pending) >= _PIECE_BYTES:
            self._search(last=False)

    def finish(self) -> None:
        """Search the bytes that the reader left, up to any damage, and all that is pending."""
        rest = memoryview(bytearray(_STEP_BYTES))
        try:
            while self._search_reads and self.readinto(rest):
                pass
        except InputError:  # damage: the bytes before it are searched
            pass
        self._search(last=True)

    def _search(self, *, last: bool) -> None:
        """Search the pending bytes, retaining a tail that may begin a value."""
        end = len(self._pending) if last else self._pending.rfind(b"\n") + 1
        consumed = end or max(0, len(self._pending) - OVERLAP)
        data = bytes(self._pending[: end or len(self._pending)])
        del self._pending[:consumed]
        feeds = data.count(b"\n")
        self._sieve = self._sieve or Sieve(self._compiled, 1)
        lines = self._examiner.state.lines
        for piece in (data,) if self._text else _strings(data, names=self._names):
            for chunk in cut(_Piece(piece), self._pool):
                self._examiner.state.lines = lines
                self._examiner.chunk(sieve_chunk(self._sieve, 0, chunk))
                self._pool.put(chunk.buffer)
        self._examiner.state.lines = lines + feeds


def _strings(data: bytes, *, names: bool) -> Iterator[bytes]:
    """Yield the printable runs, one a line: of single bytes, of DNS `names`, of UTF-16."""
    yield data.translate(_SEPARATED)
    if names:
        long_labels = _LONG_RUN in data.translate(_LABEL_BYTES)
        yield (_LONG_LABEL.sub(_dot, data) if long_labels else data).translate(_DOTTED)
    if _WIDE_DOT in data:
        yield b"\n".join(_WIDE.findall(data)).replace(b"\0", b"")


def _dot(label: re.Match[bytes]) -> bytes:
    return b"." if len(label[1]) == label[0][0] else label[0]


class _Piece:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self.position = 0

    def readinto(self, view: memoryview) -> int:
        part = self._data[self.position : self.position + len(view)]
        view[: len(part)] = part
        self.position += len(part)
        return len(part)


class _Unread(Uncounted):
    """Examiner of text that no format reads; matches are never attributed."""

    def __init__(self, context: FileContext, matcher: Matcher, rules: Rules, name: str) -> None:
        super().__init__(Detection(None, 0.0), context, matcher, rules, {}, Account())
        self._context_event = Event(observer=context.file, format=name, file=context.file)
        self.longest_line = _LONGEST_LINE
        self.matches: dict[str, Match] = {}

    def _read(self, record: str, number: int, text: str) -> Rest:
        return Rest(self._context_event)

    def _add(self, match: Match) -> None:
        self.matches.setdefault(match.indicator.value, match)
