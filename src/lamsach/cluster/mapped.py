"""A plain file's piece as it lies in the system's cache: of what a look at a few lines does not ask for
nothing is copied.
"""

from __future__ import annotations

import mmap
from io import FileIO

import numpy as np

from lamsach.cluster.texts import WholeError
from lamsach.hunt.chunks import Buffer
from lamsach.hunt.memory import Memory


class Mapped(Buffer):
    """Bytes [begin:end] of a file to look at, not to write. `shift`: where they begin in `memory`.

    A file that is cut short while it is looked at costs the process its life (SIGBUS); when its work is done
    again, it is found too short. Raises WholeError when it is too short already.
    """

    def __init__(self, handle: FileIO, begin: int, end: int) -> None:
        self.shift = begin % mmap.ALLOCATIONGRANULARITY
        start = begin - self.shift
        try:
            memory = Memory(handle.fileno(), end - start, access=mmap.ACCESS_READ, offset=start)
        except ValueError as error:  # the file does not reach so far
            raise WholeError(str(error)) from None
        self.memory = memory
        self.array = np.frombuffer(memory, np.uint8)
        self.limit = len(memory)
