"""IP fragments put together again (RFC 791 section 3.2, RFC 8200 section 4.5), in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_DATAGRAMS = 512
"""How many datagrams may wait for their fragments; the oldest gives way."""
LONGEST_DATAGRAM = 65_535
MOST_PIECES = 2048

Key = tuple[bytes, bytes, int, int]
"""Source, destination, protocol, identification."""


@dataclass(slots=True)
class _Datagram:
    pieces: dict[int, bytes] = field(default_factory=dict)
    size: int = -1
    held: int = 0


class Fragments:
    """Waiting fragments of one capture."""

    def __init__(self) -> None:
        self._waiting: dict[Key, _Datagram] = {}

    def add(self, key: Key, offset: int, piece: bytes, *, more: bool) -> bytes | None:
        """Take a fragment; the datagram's whole payload when this one completes it.

        Of fragments that overlap the one that came first counts, as on most systems.
        """
        datagram = self._waiting.get(key)
        if datagram is None:
            if len(self._waiting) >= MOST_DATAGRAMS:
                del self._waiting[next(iter(self._waiting))]
            datagram = self._waiting[key] = _Datagram()
        if offset + len(piece) > LONGEST_DATAGRAM or len(datagram.pieces) >= MOST_PIECES:
            del self._waiting[key]
            return None
        if not more:
            datagram.size = offset + len(piece)
        if offset not in datagram.pieces:
            datagram.pieces[offset] = piece
            datagram.held += len(piece)
        if datagram.size < 0 or datagram.held < datagram.size:
            return None
        whole = _join(datagram)
        if whole is not None:
            del self._waiting[key]
        return whole


def _join(datagram: _Datagram) -> bytes | None:
    whole = bytearray()
    for offset in sorted(datagram.pieces):
        if offset > len(whole):
            return None
        whole += datagram.pieces[offset][len(whole) - offset :]
    return bytes(whole[: datagram.size]) if len(whole) >= datagram.size else None
