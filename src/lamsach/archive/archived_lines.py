"""Lines of archived sources, by segment or as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lamsach.archive.archive import Archive
from lamsach.archive.catalog import Row
from lamsach.archive.segment import decompress
from lamsach.errors import UnreadableError


@dataclass(slots=True)
class Unit:
    """Segments that are searched together: one, or several when a line continues from one to the next."""

    rows: list[Row]

    @property
    def first_line(self) -> int:
        """1-based number of its first line in the source."""
        return self.rows[0].first_line

    def raw(self, archive: Archive) -> bytes:
        """Return its lines. Raises UnreadableError for a damaged segment."""
        return b"".join(raw_of(archive, row) for row in self.rows)


def raw_of(archive: Archive, row: Row) -> bytes:
    """Return the lines of one segment. Raises UnreadableError."""
    return decompress(archive.store.read(row.name, row.frame_offset), row.name)


def units(rows: Sequence[Row]) -> list[Unit]:
    """Group the segments of one source, in order, into units."""
    found: list[Unit] = []
    for row in rows:
        if found and found[-1].rows[-1].unfinished:
            found[-1].rows.append(row)
        else:
            found.append(Unit([row]))
    return found


class Joined:
    """Lines of several segments as one source of bytes (`logs.sources.ByteSource`)."""

    def __init__(self, archive: Archive, rows: Sequence[Row], name: str) -> None:
        self.name = name
        self.position = 0
        self._parts = self._read(archive, rows)
        self._left = memoryview(b"")
        self._problem: UnreadableError | None = None

    def _read(self, archive: Archive, rows: Sequence[Row]) -> Iterator[bytes]:
        for row in rows:
            try:
                yield raw_of(archive, row)
            except UnreadableError as error:
                self._problem = error

    def readinto(self, view: memoryview) -> int:
        """See ByteSource. Damaged parts are skipped, and raised at the end."""
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                if self._problem is not None:
                    problem, self._problem = self._problem, None
                    raise problem
                return 0
            self._left = memoryview(part)
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        self.position += count
        return count

    def close(self) -> None:
        """See ByteSource."""
