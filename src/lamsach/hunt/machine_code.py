"""The kernel's machine code: one shared object per platform, built ahead, for several processor levels.

The object's name holds a digest of the kernel's sources, so an object of other sources is never loaded. A
source checkout without an object builds one (`kernel/build.py`); a platform without objects compiles at every
start, with the extra `jit`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lamsach.errors import ExitStatus, LamsachError
from lamsach.hunt.cache import sources_digest
from lamsach.i18n import mark

OBJECTS = Path(__file__).parent / "kernel" / "objects"
_SOURCES = Path(__file__).parents[2]
_REMEDY = mark("In the sources run make install; else: pip install 'lamsach[jit]'")
_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
PROTOTYPES: Mapping[str, Any] = {
    "sieve": ctypes.CFUNCTYPE(
        _NUMBER,
        *(_POINTER, _NUMBER, _NUMBER, _NUMBER, _NUMBER),
        *(_POINTER, _POINTER, _NUMBER, _POINTER, _NUMBER, _POINTER, _NUMBER),
        *(_POINTER, _POINTER, _POINTER, _NUMBER, _POINTER, _NUMBER),
        *(_POINTER, _POINTER, _POINTER, _POINTER),
        *(_POINTER, _POINTER, _POINTER, _POINTER, _NUMBER, _POINTER, _NUMBER, _POINTER),
    ),
    "emit": ctypes.CFUNCTYPE(
        _NUMBER,
        *(_POINTER, _NUMBER, _NUMBER, _NUMBER, _POINTER),
        *(_POINTER, _POINTER, _POINTER, _POINTER),
        *(_POINTER, _POINTER, _POINTER, _POINTER, _NUMBER, _POINTER, _NUMBER),
    ),
    "any_in_each": ctypes.CFUNCTYPE(
        None,
        *(_POINTER, _POINTER, _POINTER, _NUMBER, _POINTER, _NUMBER),
        *(_POINTER, _POINTER, _NUMBER, _POINTER, _NUMBER, _POINTER, _POINTER, _POINTER),
    ),
    "count_lines": ctypes.CFUNCTYPE(_NUMBER, _POINTER, _NUMBER, _NUMBER),
    "feeds_by_block": ctypes.CFUNCTYPE(None, _POINTER, _NUMBER, _NUMBER, _POINTER, _NUMBER),
    "next_line": ctypes.CFUNCTYPE(_NUMBER, _POINTER, _NUMBER, _NUMBER, ctypes.c_uint8),
    "skip_lines": ctypes.CFUNCTYPE(_NUMBER, _POINTER, _NUMBER, _NUMBER, _NUMBER),
    "insert": ctypes.CFUNCTYPE(None, _POINTER, _NUMBER, _POINTER, _NUMBER, _POINTER, _NUMBER),
    "insert_stems": ctypes.CFUNCTYPE(None, _POINTER, _NUMBER, _POINTER, _NUMBER),
    "hash_many": ctypes.CFUNCTYPE(None, _POINTER, _NUMBER, _POINTER, _NUMBER, _NUMBER, _POINTER),
    "hash_networks": ctypes.CFUNCTYPE(None, _POINTER, _NUMBER, _POINTER),
}


class KernelError(LamsachError):
    """No machine code of the search for this computer; the message says what to install."""

    exit_status = ExitStatus.USAGE


def own_platform() -> str:
    """This interpreter's platform as in the objects' names: `linux-x86_64`, `windows-x86_64` or another."""
    if sys.platform == "win32":
        machine = {"AMD64": "x86_64"}.get(os.environ.get("PROCESSOR_ARCHITECTURE", ""), "other")
        return f"windows-{machine}" if sys.maxsize > 1 << 32 else "windows-x86"
    return f"{sys.platform}-{os.uname().machine if sys.maxsize > 1 << 32 else 'x86'}"


def object_of(platform: str, folder: Path = OBJECTS) -> Path | None:
    """Return the platform's object built from the present sources; None if there is none."""
    found = folder.glob(f"{platform}-{sources_digest()}-*")
    return min((path for path in found if path.suffix in (".so", ".dll")), default=None)


def compiles_at_start() -> bool:
    """Return whether each start compiles: there is no object and none can be built."""
    return object_of(own_platform()) is None and not _can_build() and find_spec("numba") is not None


@cache
def functions() -> Mapping[str, Any]:
    """Return the entry points by name, as C functions without the interpreter lock. Raises KernelError."""
    platform = own_platform()
    if object_of(platform) is None and _can_build():
        _build()
    path = object_of(platform)
    if path is not None:
        return load(path)
    if find_spec("numba") is None:
        raise KernelError(mark("There is no machine code of the search for this system."), platform, _REMEDY)
    from lamsach.hunt.kernel.exports import entry_points

    return {name: PROTOTYPES[name](entry.address) for name, entry in entry_points().items()}


def load(path: Path, level: int | None = None) -> Mapping[str, Any]:
    """Load an object's entry points, for this or the highest processor level. Raises KernelError."""
    try:
        library = ctypes.CDLL(str(path))
        level = library.level() if level is None else level
        return {name: prototype((f"{name}_v{level}", library)) for name, prototype in PROTOTYPES.items()}
    except (OSError, AttributeError) as error:
        raise KernelError(
            "The search's machine code cannot run on this computer.", str(path), _REMEDY
        ) from error


def _in_checkout() -> bool:
    return (_SOURCES.parent / "requirements-kernel.lock").is_file()


def _can_build() -> bool:
    return _in_checkout() and find_spec("numba") is not None


def _build() -> None:
    """Build this platform's object in another process, which frees the compiler's memory."""
    import subprocess

    paths = os.pathsep.join(filter(None, (str(_SOURCES), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "lamsach.hunt.kernel.build"]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, check=False)
