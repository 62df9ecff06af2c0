"""The compiled part of the hunt: one pass over raw bytes that tells which lines may hold an indicator.

Compiled code is cached in the user's cache folder under a digest of these sources (numba itself only watches the file of
the function that it compiles, not the files of the functions called from there).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from numba.core import config

from lamsach.hunt.cache import cache_folder


def sources_digest() -> str:
    """A short digest of this package's sources: changes whenever compiled code may change."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


KERNEL_CACHE = cache_folder() / "kernels" / sources_digest()
config.CACHE_DIR = str(KERNEL_CACHE)


def is_compiled() -> bool:
    """Whether compiled code of this version is cached already; else the first call takes some seconds."""
    return any(KERNEL_CACHE.rglob("*.nbc"))
