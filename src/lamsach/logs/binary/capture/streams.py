"""TCP segments in the order of their bytes (RFC 9293 section 3.4), as far as a conversation is still listened to."""

from __future__ import annotations

from collections.abc import Iterator

MOST_HELD = 64
"""How many segments may wait for one that is missing; then it is given up."""
MOST_HELD_BYTES = 1 << 17
_WRAP = 1 << 32
_HALF = 1 << 31


class Stream:
    """Orders the segments of one direction."""

    __slots__ = ("_first", "_held", "_held_bytes", "_next")

    def __init__(self) -> None:
        self._first: int | None = None
        self._next: int | None = None
        self._held: dict[int, bytes] | None = None
        self._held_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Bytes waiting for a missing segment."""
        return self._held_bytes

    def start(self, sequence: int) -> None:
        """A SYN was seen: the first byte has the number after it. The same one again changes nothing."""
        first = (sequence + 1) % _WRAP
        if first == self._first:
            return
        self._first = self._next = first
        self._held, self._held_bytes = None, 0

    def add(self, sequence: int, payload: bytes) -> Iterator[tuple[bytes, bool]]:
        """The bytes that are next, with whether some before them are missing."""
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) % _WRAP
        if ahead == 0:
            self._next = (sequence + len(payload)) % _WRAP
            yield payload, False
        elif ahead >= _HALF:  # sent again, perhaps with more
            new = payload[_WRAP - ahead :]
            if not new:
                return
            self._next = (self._next + len(new)) % _WRAP
            yield new, False
        else:
            self._hold(sequence, payload)
            if self._held and (len(self._held) > MOST_HELD or self._held_bytes > MOST_HELD_BYTES):
                yield from self.rest()
            return
        if self._held:
            yield from self._released()

    def _hold(self, sequence: int, payload: bytes) -> None:
        if self._held is None:
            self._held = {}
        known = self._held.get(sequence, b"")
        if len(payload) > len(known):
            self._held[sequence] = payload
            self._held_bytes += len(payload) - len(known)

    def _released(self) -> Iterator[tuple[bytes, bool]]:
        """Yield what of the waiting segments follows now."""
        held, position = self._held or {}, self._next or 0
        for sequence in sorted(held, key=lambda number: (number - position + _HALF) % _WRAP):
            behind = (position - sequence) % _WRAP
            if behind >= _HALF:
                break  # still missing something before it
            payload = held.pop(sequence)
            self._held_bytes -= len(payload)
            new = payload[behind:]
            if new:
                position = self._next = (position + len(new)) % _WRAP
                yield new, False

    def rest(self) -> Iterator[tuple[bytes, bool]]:
        """Give up waiting: all that is held, in order, with its gaps."""
        while self._held:
            position = self._next or 0
            first = min(self._held, key=lambda number: (number - position) % _WRAP)
            payload = self._held.pop(first)
            self._held_bytes -= len(payload)
            self._next = (first + len(payload)) % _WRAP
            yield payload, True
            yield from self._released()
