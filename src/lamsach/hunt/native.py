"""The kernel as machine code: compiled once for this machine, kept in the user's cache, loaded without the compiler.

Numba translates the kernel to LLVM's language; LLVM turns that into one object file. The file's name tells the kernel's sources,
the version of LLVM's binding and the processor, so another machine or another version never loads it.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from lamsach.hunt.cache import cache_folder, sources_digest

_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_PROTOTYPES: Mapping[str, Any] = {
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
_ARCHIVE = frozenset({"emit", "any_in_each"})
_PARTS: Mapping[str, frozenset[str]] = {"hunt": frozenset(_PROTOTYPES) - _ARCHIVE, "archive": _ARCHIVE}
"""Compiled apart, so that the first hunt does not wait for what only an archive needs."""
_OPTIMISE = 3


@cache
def _object_path(part: str) -> Path:
    _initialise()
    machine = f"{llvmlite.__version__} {llvm.get_default_triple()} {llvm.get_host_cpu_name()} {_features()}"
    digest = hashlib.sha256(f"{sources_digest()} {machine}".encode()).hexdigest()[:24]
    return cache_folder() / "kernels" / f"{digest}.{part}"


def is_compiled() -> bool:
    """Whether the cache holds the hunt's code for this version and machine; else the first call takes some seconds."""
    return _object_path("hunt").is_file()


@cache
def functions(part: str = "hunt") -> Mapping[str, Any]:
    """The entry points of the kernel's part (`hunt` or `archive`) by name, as C functions; a call releases the interpreter lock."""
    path = _object_path(part)
    try:
        return _load(_read_own(path))
    except (OSError, ValueError, RuntimeError, KeyError):
        compiled = _compile(part)
        _save(compiled, path)
        return _load(compiled)


def _read_own(path: Path) -> bytes:
    """The cached code, where nobody but this user (or root) can have written it. Raises OSError, PermissionError for any other."""
    with path.open("rb") as stream:
        if hasattr(os, "getuid"):
            for status in (os.fstat(stream.fileno()), path.parent.stat()):
                if status.st_uid not in (os.getuid(), 0) or status.st_mode & 0o022:
                    raise PermissionError(f"{path} can be written by others")
        return stream.read()


def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@cache
def _features() -> str:
    try:
        return str(llvm.get_host_cpu_features().flatten())
    except RuntimeError:  # a processor whose features LLVM cannot tell
        return ""


def _target_machine() -> Any:
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=_OPTIMISE, codemodel="jitdefault", jit=True
    )


def _compile(part: str) -> bytes:
    """The object file with a line of JSON before it: the symbol of each entry point, and what the object file leaves open."""
    from lamsach.hunt.kernel.exports import entry_points

    entries = entry_points(_PARTS[part])
    modules = [llvm.parse_assembly(entry.inspect_llvm()) for entry in entries.values()]
    for module in modules[1:]:
        modules[0].link_in(module)
    left_open = [item.name for item in modules[0].functions if item.is_declaration]
    about = {
        "symbols": {name: entry.native_name for name, entry in entries.items()},
        "open": sorted(name for name in left_open if not name.startswith("llvm.")),
    }
    machine = _target_machine()
    code = bytes(machine.emit_object(modules[0]))
    return json.dumps(about).encode() + b"\n" + hashlib.sha256(code).digest() + code


def _save(compiled: bytes, path: Path) -> None:
    """Put the code into the cache at once; a cache that cannot be written is no error."""
    temporary = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and path.parent.stat().st_uid == os.getuid():
            path.parent.chmod(0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
            temporary = Path(file.name)
            file.write(compiled)
        temporary.replace(path)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


_kept: list[Any] = []
"""The engine that owns the code in memory."""


def _load(saved: bytes) -> Mapping[str, Any]:
    head, _, rest = saved.partition(b"\n")
    about = json.loads(head)
    digest, code = rest[:32], rest[32:]
    if hashlib.sha256(code).digest() != digest:
        raise ValueError("damaged object file")
    _initialise()
    _stop_where_left_open(about["open"])
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _kept.append(engine)
    return {
        name: _PROTOTYPES[name](engine.get_function_address(symbol))
        for name, symbol in about["symbols"].items()
    }


def _stop_where_left_open(names: list[str]) -> None:
    """Bind the compiler's own helpers, which raise exceptions, to `abort`.

    The kernel raises none, so they are never called; but every name that the code mentions must have an address.
    """
    library = ctypes.CDLL(None) if sys.platform != "win32" else ctypes.CDLL("ucrtbase")
    abort = ctypes.cast(library.abort, ctypes.c_void_p).value
    for name in names:
        if name.startswith(("numba_", "NRT_", "Py")):
            llvm.add_symbol(name, abort)
