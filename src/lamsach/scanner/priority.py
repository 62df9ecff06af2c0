"""Stepping back: the lowest processor and disk priority, so that whoever works on the machine does not notice the look."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def step_back() -> None:
    """Lower the priority of this process. What the system refuses is left as it is."""
    import psutil

    process = psutil.Process()
    with suppress(psutil.Error, OSError, AttributeError, ValueError):
        if sys.platform == "win32":
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        else:
            os.nice(max(0, 15 - os.getpriority(os.PRIO_PROCESS, 0)))
    with suppress(psutil.Error, OSError, AttributeError, ValueError):
        if sys.platform == "win32":
            process.ionice(psutil.IOPRIO_VERYLOW)
        else:
            process.ionice(psutil.IOPRIO_CLASS_IDLE)


def reuse_memory() -> None:
    """Let the C library keep the memory of a window for the next one, instead of asking the system for zeroed pages each time (mallopt(3), glibc)."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 20 << 20
