"""Outputs of several files: one zip, the same bytes for the same content."""

from __future__ import annotations

import zipfile
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator
from typing import BinaryIO

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.model import Indicator

_EARLIEST = (1980, 1, 1, 0, 0, 0)


class Bundle(Writer):
    """A writer whose output is a zip of files."""

    suffix = ".zip"
    binary = True

    @abstractmethod
    def files(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[tuple[str, Iterator[str]]]:
        """Name and text of each file."""

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The files' text one after the other, for looking at."""
        for _, text in self.files(items, stamp):
            yield from text

    def save(self, stream: BinaryIO, items: Collection[Indicator], stamp: Stamp) -> None:
        """Write the zip."""
        save_zip(stream, ((name, text) for name, text in self.files(items, stamp)))


def save_zip(stream: BinaryIO, files: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Write a zip of text files whose bytes depend on nothing but names and texts."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w") as member:
                for piece in text:
                    member.write(piece.encode("utf-8"))
