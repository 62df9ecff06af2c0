"""Memory of another process, to be searched with rules: `/proc/PID/mem` (proc(5)), ReadProcessMemory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lamsach.scanner.safe_open import Skipped

PIECE_BYTES = 8 << 20


def memory_of(pid: int, limit: int) -> Iterator[bytes]:
    """Yield pieces of the process's private memory, up to `limit` bytes.

    Raises Skipped without the right to read.
    """
    yield from _windows(pid, limit) if sys.platform == "win32" else _linux(pid, limit)


def _linux(pid: int, limit: int) -> Iterator[bytes]:
    try:
        text = Path(f"/proc/{pid}/maps").read_text("utf-8", "surrogateescape")
        stream = Path(f"/proc/{pid}/mem").open("rb", buffering=0)  # noqa: SIM115 - closed below
    except PermissionError:
        raise Skipped("no_right") from None
    except OSError:
        raise Skipped("vanished") from None
    left = limit
    with stream:
        # 7f1c2a000000-7f1c2a021000 rw-p 00000000 00:00 0
        for line in text.splitlines():
            fields = line.split(maxsplit=5)
            if len(fields) < 5 or fields[1][0] != "r" or not _is_private(fields):
                continue
            start, _, end = fields[0].partition("-")
            place, stop = int(start, 16), int(end, 16)
            while place < stop and left > 0:
                try:
                    stream.seek(place)
                    data = stream.read(min(stop - place, PIECE_BYTES, left))
                except (OSError, ValueError, OverflowError):
                    break  # unreadable page: next range
                if not data:
                    break
                yield data
                left -= len(data)
                place += len(data)


def _is_private(fields: list[str]) -> bool:
    """Return whether a range is private: no file, a changed one, or a deleted program's."""
    name = fields[5] if len(fields) > 5 else ""
    if name in ("[vvar]", "[vsyscall]", "[vdso]", "[vvar_vclock]") or name.startswith(
        ("/dev/", "/memfd:doublemapper")
    ):
        return False
    return not name.startswith("/") or name.endswith("(deleted)") or ("w" in fields[1] and "p" in fields[1])


def _windows(pid: int, limit: int) -> Iterator[bytes]:
    """Read committed private memory by VirtualQueryEx and ReadProcessMemory (memoryapi.h)."""
    import ctypes

    kernel: Any = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    info = _memory_information(ctypes)
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(0x0410, False, pid)  # PROCESS_QUERY_INFORMATION | PROCESS_VM_READ
    if not handle:
        raise Skipped("no_right")
    handle = ctypes.c_void_p(handle)
    try:
        place, left = 0, limit
        while left > 0 and kernel.VirtualQueryEx(
            handle, ctypes.c_void_p(place), ctypes.byref(info), ctypes.sizeof(info)
        ):
            size, guard = min(int(info.RegionSize), left), info.Protect
            if info.State == 0x1000 and info.Type == 0x20000 and guard & 0xEE and not guard & 0x100:
                for offset in range(0, size, PIECE_BYTES):
                    wanted, got = min(PIECE_BYTES, size - offset), ctypes.c_size_t()
                    buffer, at = ctypes.create_string_buffer(wanted), ctypes.c_void_p(place + offset)
                    if kernel.ReadProcessMemory(
                        handle, at, buffer, ctypes.c_size_t(wanted), ctypes.byref(got)
                    ):
                        left -= got.value
                        yield buffer.raw[: got.value]
            place += int(info.RegionSize)
            if place >= 1 << 47 or not info.RegionSize:
                return
        if place == 0:  # it ended, but a handle of it is open
            raise Skipped("vanished")
    finally:
        kernel.CloseHandle(handle)


def _memory_information(ctypes: Any) -> Any:
    """Build MEMORY_BASIC_INFORMATION of 64-bit Windows."""

    class Information(ctypes.Structure):  # type: ignore[misc]
        _fields_ = [
            ("BaseAddress", ctypes.c_void_p),
            ("AllocationBase", ctypes.c_void_p),
            ("AllocationProtect", ctypes.c_uint32),
            ("PartitionId", ctypes.c_uint16),
            ("RegionSize", ctypes.c_size_t),
            ("State", ctypes.c_uint32),
            ("Protect", ctypes.c_uint32),
            ("Type", ctypes.c_uint32),
        ]

    return Information()
