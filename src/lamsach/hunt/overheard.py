"""The sieve over all bytes that a binary log's reader takes, so that no value in its text is missed.

A JSON document is text as it is. Of captures, event files and their like, the runs of printable characters
are looked at, in single bytes and in UTF-16, of captures also names as DNS writes them (RFC 1035, section
3.1); a value that a format keeps as a number (an address of a packet) is for its reader alone.
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
"""A longer line is searched piece by piece: the evidence shows what stands around the value."""
_WIDE = re.compile(rb"(?:[\x20-\x7e]\0){6,}")
_WIDE_DOT = b"\0.\0"
"""Part of every UTF-16 text that names a host or an address; a piece without it is skipped."""
# everything but what is printable in ASCII parts strings
_PARTED = bytes(code if 32 <= code < 127 else 10 for code in range(256))
# the length before each label of a name is its dot: 7example3com0
_DOTTED = bytes(46 if 0 < code < 32 else byte for code, byte in enumerate(_PARTED))
_LONG_LABEL = re.compile(rb"[-0-9](?=([0-9A-Za-z_-]{45,57})(?![0-9A-Za-z_-]))")
"""A label so long that its length reads as a character of names: `-` is 45, `0` to `9` are 48 to 57."""
_OF_LABELS = bytes(chr(code).isalnum() or code in b"-_" for code in range(128)) + bytes(128)
_LONGEST_SHORT = b"\1" * 46


class Overheard:
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
        listens: bool = True,
        names: bool = False,
    ) -> None:
        """Open over a stream. `text`: the bytes are text; `names`: they hold DNS messages.

        `listens`: search what the reader reads, else only what it gives to `take`.
        """
        self._stream = stream
        self._listens = listens
        self._text = text
        self._names = names
        self._held = bytearray()
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
        """By indicator."""
        return self._examiner.matches

    def readinto(self, view: memoryview) -> int:
        """See `LogStream`."""
        count = self._stream.readinto(view)
        if self._listens:
            self.take(view[:count])
        return count

    def take(self, data: bytes | memoryview) -> None:
        """Look at these bytes, now or with the next."""
        self._held += data
        if len(self._held) >= _PIECE_BYTES:
            self._look(last=False)

    def finish(self) -> None:
        """Take what the reader left, up to a damage, and look at all that was not looked at."""
        rest = memoryview(bytearray(_STEP_BYTES))
        try:
            while self._listens and self.readinto(rest):
                pass
        except InputError:  # the reader met it too, or did not come so far: what was read is looked at
            pass
        self._look(last=True)

    def _look(self, *, last: bool) -> None:
        """Search the held text. A part that may begin a value is kept for the next time."""
        end = len(self._held) if last else self._held.rfind(b"\n") + 1
        kept = end or max(0, len(self._held) - OVERLAP)
        data = bytes(self._held[: end or len(self._held)])
        del self._held[:kept]
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
    """The printable runs of bytes, one a line: of single bytes, of UTF-16, and of DNS `names`."""
    yield data.translate(_PARTED)
    if names:
        long_labels = _LONGEST_SHORT in data.translate(_OF_LABELS)
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
    """Examines text that no format reads; nothing in it is attributed."""

    def __init__(self, context: FileContext, matcher: Matcher, rules: Rules, name: str) -> None:
        super().__init__(Detection(None, 0.0), context, matcher, rules, {}, Account())
        self._nobody = Event(observer=context.file, format=name, file=context.file)
        self.longest_line = _LONGEST_LINE
        self.matches: dict[str, Match] = {}

    def _read(self, record: str, number: int, text: str) -> Rest:
        return Rest(self._nobody)

    def _add(self, match: Match) -> None:
        self.matches.setdefault(match.indicator.value, match)
