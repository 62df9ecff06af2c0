"""The spool on a full disk.

Nothing is stored by half, and nothing that can be read again is deleted.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from lamsach.collect.spool import Header, Spool, drop_empty, read_spool
from lamsach.errors import OutputError

HEADER = Header("k", "name", "tcp", "default", 1)


class Full(Spool):
    """Spool whose disk accepts a limited number of further bytes."""

    room = 0

    def _write(self, data: bytes) -> None:
        if len(data) > self.room:
            assert self._file is not None
            self._file.write(data[: self.room])
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(data)
        super()._write(data)


@pytest.mark.parametrize("room", [0, 10, 110, 125, 140])
def test_a_full_disk_takes_nothing_in_by_half(tmp_path: Path, room: int) -> None:
    spool = Full(tmp_path, HEADER)
    spool.room = room
    with pytest.raises(OutputError):
        spool.append(b"line one\n" * 10, {"offset": 1})
    spool.room = 10_000
    spool.append(b"line two\n", {"offset": 2})
    spool.close()
    found = read_spool(spool.path)
    assert found is not None
    assert found.raw == b"line two\n"
    assert found.place == {"offset": 2}


@pytest.mark.parametrize(("cut", "left"), [(0, ["k-00000001.damaged"]), (10**6, [])])
def test_lines_behind_a_broken_header_are_put_aside(tmp_path: Path, cut: int, left: list[Any]) -> None:
    spool = Spool(tmp_path, HEADER)
    spool.append(b"line one\n", {})
    spool.close()
    data = spool.path.read_bytes()
    spool.path.write_bytes(b"{broken" + data[8 : len(data) - cut if cut else None])
    assert read_spool(spool.path) is None
    drop_empty(spool.path)
    assert [path.name for path in tmp_path.iterdir()] == left
