"""Files of one array each in NPY format 1.0, mapped into memory.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Needs no numpy, whose reader takes
twenty times as long because it evaluates each header as Python.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import NamedTuple

_MAGIC = b"\x93NUMPY\x01\x00"
# {'descr': '<u8', 'fortran_order': False, 'shape': (12, 3), }
_HEADER = re.compile(r"\{'descr': '([<>|][a-z]\d)', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n")


class Mapped(NamedTuple):
    """A mapped array file: memory, offset of the numbers, their kind (`<u8`), shape."""

    memory: mmap.mmap
    begin: int
    kind: str
    shape: tuple[int, ...]


def mapped(path: Path) -> Mapped:
    """Map an array file for reading. Raises ValueError for any other file, OSError."""
    with path.open("rb") as stream:
        memory = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    if memory[:8] != _MAGIC:
        raise ValueError("the cache holds something else")
    begin = 10 + int.from_bytes(memory[8:10], "little")
    header = _HEADER.fullmatch(memory[10:begin].decode("latin-1"))
    if header is None:
        raise ValueError("the cache holds something else")
    shape = tuple(int(part) for part in header[2].split(",") if part.strip())
    return Mapped(memory, begin, header[1], shape)
