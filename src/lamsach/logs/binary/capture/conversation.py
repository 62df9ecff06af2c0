"""Reassembly of TCP streams, and the messages in each direction: HTTP, TLS, SOCKS and DNS.

Except for DNS, the port does not determine the protocol, since C2 uses any. A ClientHello may come late
(after STARTTLS, CONNECT or SOCKS), so the first segments are all tried. Memory is bounded: only incomplete
messages and out-of-order segments are buffered (RFC 9293 section 3.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lamsach.logs.binary.capture import dns, http, tls
from lamsach.logs.text.values import host_and_port, host_of_url, question_of
from lamsach.model import Action, EventKind

MOST_MISSES = 32
"""Limit of consecutive segments without a known message before a connection is ignored."""
_LONGEST = 1 << 16
_LOOKED_AT = 2048
_PATIENT_TRIES = 64
# c2.example:8443
_PORT = re.compile(r":\d{1,5}\s*$", re.ASCII)
_START, _HTTP, _DNS, _DONE = range(4)


class Finding(NamedTuple):
    """A message: HTTP or SOCKS request, TLS hello (each implies a connection), or DNS message."""

    kind: EventKind
    domain: str | None = None
    url: str | None = None
    message: dns.Message | None = None
    action: Action = Action.UNKNOWN


def hello_of(name: str | None) -> Finding:
    """Return the finding of a ClientHello for a server name."""
    return Finding(EventKind.TLS, _host(name), action=Action.ALLOWED)


def _host(name: str | None) -> str | None:
    """Return a valid host from a Host header or hello, without its port."""
    if not name:
        return None
    return host_and_port(name)[0] or question_of(_PORT.sub("", name))


class Conversation:
    """The messages in one direction of a connection."""

    __slots__ = ("_body", "_buffer", "_dns_seen", "_misses", "_mode", "_retry_at", "_tries", "said_hello")

    def __init__(self, *, is_dns: bool) -> None:
        self._mode = _DNS if is_dns else _START
        self._buffer = b""
        self._misses = 0
        self._body = 0
        self._tries = 0
        self._retry_at = 0
        self._dns_seen = False
        self.said_hello = False
        """Whether a ClientHello was seen, so that the rest is encrypted."""

    def is_done(self) -> bool:
        """Return whether further bytes are ignored."""
        return self._mode == _DONE

    @property
    def held_bytes(self) -> int:
        """Bytes buffered for an incomplete message."""
        return len(self._buffer)

    def feed(self, data: bytes, *, gap: bool = False) -> list[Finding]:
        """Parse the next segment; `gap`: bytes before it are missing."""
        if self._mode == _DONE:
            return []
        found = self.end() if gap else []
        if self._mode == _DNS:
            return found + self._dns(data, gap=gap)
        if self._body:
            skipped = min(self._body, len(data))
            self._body -= skipped
            data = data[skipped:]
        self._buffer = self._buffer + data if self._buffer else data
        while self._should_parse():
            before = len(self._buffer)
            finding = self._next(complete=False)
            if finding is not None:
                found.append(finding)
            if len(self._buffer) == before:
                self._tries += 1
                self._retry_at = before + before // 4 if self._tries > _PATIENT_TRIES else 0
                break
            self._tries = self._retry_at = 0
        return found

    def _should_parse(self) -> bool:
        """Return whether to parse the buffer now.

        Bytes that trickle in are not parsed one by one, which would take quadratic time."""
        return bool(self._buffer) and self._mode != _DONE and len(self._buffer) >= self._retry_at

    def end(self) -> list[Finding]:
        """Parse what is buffered as the end of the stream."""
        if not self._buffer or self._mode in (_DONE, _DNS):
            self._buffer = b""
            return []
        finding = self._next(complete=True)
        self._buffer, self._body = b"", 0
        return [finding] if finding is not None else []

    def _next(self, *, complete: bool) -> Finding | None:
        """Parse and remove the message at the start of the buffer; leave an incomplete one."""
        passed = http.before_request(self._buffer)
        if passed:
            self._body = max(0, passed - len(self._buffer))
            self._buffer = self._buffer[passed:]
            return None
        first = self._buffer[0]
        if first == 22 or (first & 0x80 and self._buffer[2:4] in (b"\x01\x03", b"\x01\x00")):
            return self._hello(complete=complete)
        if first in (4, 5) and self._mode == _START:
            return self._socks()
        if 65 <= first <= 90:
            return self._request(complete=complete)
        self._miss()
        return None

    def _miss(self) -> None:
        hello = tls.HELLO.search(self._buffer, 1, _LOOKED_AT) if self._mode == _START else None
        if hello:  # STARTTLS and the hello in one segment
            self._buffer = self._buffer[hello.start() :]
            return
        self._buffer = b""
        if self._mode == _START:
            self._misses += 1
            if self._misses >= MOST_MISSES:
                self._mode = _DONE

    def _hello(self, *, complete: bool) -> Finding | None:
        if self._buffer[0] & 0x80:  # an SSL 2 hello, without a server name
            self._encrypted()
            return hello_of(None)
        handshake = tls.handshake_in_records(self._buffer)
        name = tls.server_name(handshake) if isinstance(handshake, bytes) else handshake
        if name is tls.Need.MORE:
            if not complete and len(self._buffer) < _LONGEST:
                return None
            if not isinstance(handshake, bytes):
                self._miss()
                return None
            name = tls.partial_server_name(handshake)
        if isinstance(name, tls.Need):
            self._miss()
            return None
        self._encrypted()
        return hello_of(name)

    def _encrypted(self) -> None:
        self._mode, self._buffer, self.said_hello = _DONE, b"", True

    def _request(self, *, complete: bool) -> Finding | None:
        request = http.request(self._buffer, complete=complete)
        if isinstance(request, bool):
            self._miss()
            return None
        if request is None:
            return None
        rest = self._buffer[request.head_bytes :]
        self._mode, self._misses = (_START, 0) if request.upgrade else (_HTTP, 0)
        if request.body_bytes < 0:
            self._buffer = b""
        else:
            self._buffer = rest[request.body_bytes :]
            self._body = max(0, request.body_bytes - len(rest))
        host = _host(request.host)
        if request.method == "CONNECT":
            host = host_and_port(request.target)[0] or host
        return Finding(
            EventKind.WEB, host_of_url(request.target) or host, request.target or None, action=Action.ALLOWED
        )

    def _socks(self) -> Finding | None:
        """Parse a SOCKS 4, 4a or 5 request (RFC 1928) with the name or address to connect to."""
        request = http.socks_request(self._buffer)
        if request is None:
            self._buffer = b""
            self._misses += 1
            self._mode = _DONE if self._misses >= MOST_MISSES else self._mode
            return None
        host, size = request
        self._buffer = self._buffer[size:]
        domain = _host(host)
        return Finding(EventKind.WEB, domain, action=Action.ALLOWED) if domain else None

    def _dns(self, data: bytes, *, gap: bool) -> list[Finding]:
        self._buffer = data if gap else self._buffer + data
        if not self._dns_seen and (tls.HELLO.match(self._buffer) or http.is_request(self._buffer)):
            self._mode, self._buffer, data = _START, b"", self._buffer
            return self.feed(data)
        found: list[Finding] = []
        at = 0
        buffer = self._buffer
        while at + 2 <= len(buffer):
            size = buffer[at] << 8 | buffer[at + 1]
            if at + 2 + size > len(buffer):
                break
            message = dns.parse_message(buffer, at + 2, at + 2 + size)
            if message is None:
                self._mode, self._buffer = _DONE, b""
                return found
            found.append(Finding(EventKind.DNS, message=message))
            self._dns_seen = True
            at += 2 + size
        self._buffer = buffer[at:]
        return found


MOST_HELD = 64
"""Limit of segments buffered behind a missing one, which is then given up."""
MOST_HELD_BYTES = 1 << 17
_WRAP = 1 << 32
_HALF = 1 << 31


class Stream:
    """Segments of one direction, put in order."""

    __slots__ = ("_first", "_held", "_held_bytes", "_next")

    def __init__(self) -> None:
        self._first: int | None = None
        self._next: int | None = None
        self._held: dict[int, bytes] | None = None
        self._held_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Bytes buffered behind a missing segment."""
        return self._held_bytes

    def start(self, sequence: int) -> None:
        """Set the first sequence number after a SYN; a repeated SYN changes nothing."""
        first = (sequence + 1) % _WRAP
        if first == self._first:
            return
        self._first = self._next = first
        self._held, self._held_bytes = None, 0

    def add(self, sequence: int, payload: bytes) -> Iterator[tuple[bytes, bool]]:
        """Yield the payloads that are now in order, each with whether bytes before it are missing."""
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) % _WRAP
        if ahead == 0:
            self._next = (sequence + len(payload)) % _WRAP
            yield payload, False
        elif ahead >= _HALF:  # retransmission, perhaps with more data
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
        """Yield the buffered segments that have become contiguous."""
        segments, position = self._held or {}, self._next or 0
        for sequence in sorted(segments, key=lambda number: (number - position + _HALF) % _WRAP):
            overlap = (position - sequence) % _WRAP
            if overlap >= _HALF:
                break  # still a gap before it
            payload = segments.pop(sequence)
            self._held_bytes -= len(payload)
            new = payload[overlap:]
            if new:
                position = self._next = (position + len(new)) % _WRAP
                yield new, False

    def rest(self) -> Iterator[tuple[bytes, bool]]:
        """Yield all buffered segments in order, without waiting for the missing ones."""
        while self._held:
            position = self._next or 0
            first = min(self._held, key=lambda number: (number - position) % _WRAP)
            payload = self._held.pop(first)
            self._held_bytes -= len(payload)
            self._next = (first + len(payload)) % _WRAP
            yield payload, True
            yield from self._released()
