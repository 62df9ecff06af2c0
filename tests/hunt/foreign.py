"""The kernel's entry points in an object for ARM64, run by qemu.

Same interface as `machine_code.load`, for a processor other than this machine's.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any

from lamsach.hunt.kernel import exports, layout

HOST = Path(__file__).with_name("foreign_host.c")
_TARGET = ("-target", "aarch64-freestanding-none", "-O2", "-ffreestanding", "-nostdlib", "-static")
_LOAD, _DYNAMIC = 1, 2
_HASH, _NAMES, _SYMBOLS, _RELOCATIONS = 4, 5, 6, {7, 17, 23, 36}


def image_of(data: bytes) -> tuple[bytes, dict[str, int]]:
    """Return an ELF object as loaded into memory, and the offset of each of its functions."""
    (headers,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    parts = [struct.unpack_from("<IIQQQQQQ", data, headers + size * at) for at in range(count)]
    image = bytearray(
        max(address + memory_size for kind, _, _, address, _, _, memory_size, _ in parts if kind == _LOAD)
    )
    tags: dict[int, int] = {}
    for kind, _, offset, address, _, file_size, _, _ in parts:
        if kind == _LOAD:
            image[address : address + file_size] = data[offset : offset + file_size]
        elif kind == _DYNAMIC:
            tags = dict(struct.iter_unpack("<QQ", data[offset : offset + file_size]))
    assert not tags.keys() & _RELOCATIONS
    (symbols,) = struct.unpack_from("<I", image, tags[_HASH] + 4)
    found = (struct.unpack_from("<IIQQ", image, tags[_SYMBOLS] + 24 * at) for at in range(1, symbols))
    name_at = tags[_NAMES]
    return bytes(image), {
        image[name_at + name : image.index(0, name_at + name)].decode(): address
        for name, _, address, _ in found
    }


def _sizes(function: Callable[..., Any], signature: Any) -> Callable[..., list[int]]:
    """Return the sizes in bytes of an entry point's arguments, 0 for numbers.

    They come from the arrays that the entry point makes of its pointers.
    """
    names = list(inspect.signature(function).parameters)
    counts: dict[str, list[ast.expr]] = {name: [] for name in names}
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("row_view", "table_view"):
            assert isinstance(node.args[0], ast.Name)
            counts[node.args[0].id] = node.args[1:]
    code = {
        name: [compile(ast.Expression(size), name, "eval") for size in found]
        for name, found in counts.items()
    }
    items = [getattr(kind, "dtype", None) for kind in signature.args]

    def sizes(*values: int) -> list[int]:
        known = dict(zip(names, values, strict=True))
        return [
            item.bitwidth // 8 * prod(eval(size, vars(layout), known) for size in code[name]) if item else 0
            for name, item in zip(names, items, strict=True)
        ]

    return sizes


def _caller(
    function: Callable[..., Any], signature: Any, address: int, pipes: tuple[IO[bytes], IO[bytes]]
) -> Callable[..., int]:
    sizes_of, (to, back) = _sizes(function, signature), pipes

    def call(*values: int) -> int:
        sizes, numbers = sizes_of(*values), f"<{len(values)}q"
        to.write(
            struct.pack("<QQ", address, len(values))
            + struct.pack(numbers, *values)
            + struct.pack(numbers, *sizes)
        )
        behind = [(value, size) for value, size in zip(values, sizes, strict=True) if size]
        for value, size in behind:
            to.write(ctypes.string_at(value, size))
        to.flush()
        (result,) = struct.unpack("<q", back.read(8))
        for value, size in behind:
            ctypes.memmove(value, back.read(size), size)
        return int(result)

    return call


@contextmanager
def functions(qemu: str, path: Path, level: int, scratch: Path) -> Iterator[Mapping[str, Callable[..., int]]]:
    """Start the entry points of this object, by name. The program that calls them is built in `scratch`."""
    host = scratch / "foreign_host"
    build = [sys.executable, "-m", "ziglang", "cc", *_TARGET, "-fno-sanitize=undefined", str(HOST)]
    subprocess.run([*build, "-o", str(host)], check=True)
    image, places = image_of(path.read_bytes())
    with subprocess.Popen([qemu, str(host)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ran:
        assert ran.stdin is not None
        assert ran.stdout is not None
        ran.stdin.write(struct.pack("<Q", len(image)) + image)
        yield {
            name: _caller(function, signature, places[f"{name}_v{level}"], (ran.stdin, ran.stdout))
            for name, (function, signature) in exports._SIGNATURES.items()
        }
        ran.stdin.close()
    assert ran.returncode == 0
