"""Lowest processor and disk priority, so that the scan disturbs nobody's work; memory limit."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def step_back() -> None:
    """Lower the priority of this process, as far as the system allows."""
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


def cap_memory(limit_bytes: int) -> None:
    """Limit this process's private memory (RLIMIT_DATA, Linux 4.7); no effect on Windows."""
    if sys.platform != "linux":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    with suppress(OSError, ValueError):
        limit = limit_bytes if hard == resource.RLIM_INFINITY else min(limit_bytes, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def reuse_memory() -> None:
    """Let the C library reuse a window's memory instead of requesting zeroed pages (mallopt(3))."""
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _REUSED_BYTES)
        library.mallopt(_TRIM_THRESHOLD, _REUSED_BYTES)


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_REUSED_BYTES = 20 << 20
