"""Framing of syslog messages in a stream or a datagram, each as one line.

RFC 6587 section 3.4.1 (octet counting), 3.4.2 (trailer: LF, also NUL or CRLF from some senders), RFC 5425
(TLS: octet counting).
"""

from __future__ import annotations

import re

LONGEST = 1 << 20
"""Maximum length of a message; a longer one is split into lines of this length."""
# `123 <34>1 2026-10-11T22:14:15.003Z ...`
_COUNT = re.compile(rb"([1-9][0-9]{0,6}) ")
_COUNTED_START = re.compile(rb"[1-9][0-9]{0,6} <")
_START_BYTES = 9
_SMALL_BYTES = 1 << 12
"""Longest rest examined on every arrival: a longer one would be copied for each byte sent singly."""


def one_line(message: bytes) -> bytes:
    """Convert a message to one line, without its trailer, line feeds as by rsyslog (`#012`)."""
    message = message.rstrip(b"\r\n\0")
    if b"\n" in message:
        message = message.replace(b"\n", b"#012")
    if b"\0" in message:
        message = message.replace(b"\0", b" ")
    return message


class Framer:
    """Splitter of a connection's bytes into whole messages, each ended by a line feed."""

    def __init__(self) -> None:
        self._rest: bytes | bytearray = b""
        self._needed = 0
        self._counted: bool | None = None

    def feed(self, data: bytes) -> bytes:
        """Return the messages complete so far."""
        if len(self._rest) > _SMALL_BYTES:
            self._rest = self._rest if isinstance(self._rest, bytearray) else bytearray(self._rest)
            self._rest += data
            ended = not self._counted and (b"\n" in data or b"\0" in data)
            if len(self._rest) < self._needed and not ended:
                return b""
            data = bytes(self._rest)
        elif self._rest:
            data = bytes(self._rest) + data
        if self._counted is None:
            if len(data) < _START_BYTES and _maybe_count(data):
                self._rest = data
                return b""
            self._counted = _COUNTED_START.match(data) is not None
        return self._by_count(data) if self._counted else self._by_trailer(data)

    def end(self) -> bytes:
        """Return the rest at the connection's end: a last message without trailer, or truncated."""
        rest, self._rest = one_line(bytes(self._rest)), b""
        return rest + b"\n" if rest else b""

    def _by_trailer(self, data: bytes) -> bytes:
        if b"\0" in data:
            data = data.replace(b"\0", b"\n")
        end = data.rfind(b"\n") + 1
        whole, rest = data[:end], data[end:]
        if len(rest) > LONGEST:
            cut = len(rest) // LONGEST * LONGEST
            pieces = [rest[start : start + LONGEST] for start in range(0, cut, LONGEST)]
            whole += b"\n".join(pieces) + b"\n"
            rest = rest[cut:]
        self._rest, self._needed = rest, LONGEST + 1
        return whole

    def _by_count(self, data: bytes) -> bytes:
        messages: list[bytes] = []
        place = 0
        while True:
            while data[place : place + 1] in (b"\n", b"\r"):  # some senders count and also end lines
                place += 1
            found = _COUNT.match(data, place)
            if found is None:
                rest = data[place:]
                if len(rest) < _START_BYTES and _maybe_count(rest):
                    break
                self._counted = False  # no longer counted: nothing is discarded
                self._rest = b""
                return b"".join(messages) + self._by_trailer(rest)
            size = int(found[1])
            begin = found.end()
            if len(data) - begin < size:
                if size > LONGEST and len(data) - begin >= LONGEST:
                    messages.append(one_line(data[begin : begin + LONGEST]) + b"\n")
                    data, place = b"%d " % (size - LONGEST) + data[begin + LONGEST :], 0
                    continue
                self._needed = begin - place + min(size, LONGEST)
                break
            messages.append(one_line(data[begin : begin + size]) + b"\n")
            place = begin + size
        self._rest = data[place:]
        return b"".join(messages)


def _maybe_count(data: bytes) -> bool:
    """Return whether so few bytes may be the beginning of a counted message."""
    digits, blank, after = data.partition(b" ")
    return (digits.isdigit() or not digits) and digits[:1] != b"0" and (not blank or not after)
