"""The kernel's machine code in the cache: what is damaged is compiled again, and never run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamsach.hunt import native


@pytest.fixture
def saved() -> bytes:
    native.functions()
    return native._object_path("hunt").read_bytes()


@pytest.fixture
def elsewhere(saved: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Another cache, empty, for a process that has loaded nothing."""
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path))
    monkeypatch.setattr(native, "_compile", lambda _part: saved)
    native._object_path.cache_clear()
    native.functions.cache_clear()
    yield native._object_path("hunt")
    monkeypatch.undo()
    native._object_path.cache_clear()
    native.functions.cache_clear()
    native.functions()  # from the usual cache again, before another test turns to a cache of its own


@pytest.mark.parametrize("cut", [0, 10, 200, -1])
def test_damaged_code_is_not_loaded(saved: bytes, cut: int) -> None:
    with pytest.raises((ValueError, KeyError)):
        native._load(saved[:cut])
    changed = bytearray(saved)
    changed[-100] ^= 1
    with pytest.raises(ValueError, match="damaged"):
        native._load(bytes(changed))


@pytest.mark.parametrize("found", [None, b"", b"{}\n", b"\0" * 100])
def test_what_is_missing_or_damaged_is_made_anew(elsewhere: Path, saved: bytes, found: bytes | None) -> None:
    assert not native.is_compiled()
    if found is not None:
        elsewhere.parent.mkdir(parents=True)
        elsewhere.write_bytes(found)
    assert set(native.functions()) == native._PARTS["hunt"]
    assert elsewhere.read_bytes() == saved
    assert native.is_compiled()


def test_a_cache_that_cannot_be_written_is_no_error(saved: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    native._save(saved, tmp_path / "file" / "kernel")
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="rights of POSIX")
def test_code_that_others_can_write_is_not_loaded(elsewhere: Path, saved: bytes) -> None:
    path = elsewhere
    path.parent.mkdir(mode=0o700, parents=True)
    path.write_bytes(saved)
    path.chmod(0o644)
    assert native._read_own(path) == saved
    for place in (path, path.parent):
        mode = place.stat().st_mode
        place.chmod(mode | 0o020)
        with pytest.raises(PermissionError):
            native._read_own(path)
        place.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, 4712, -1)
        with pytest.raises(PermissionError):
            native._read_own(path)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="rights of POSIX")
def test_a_cache_open_to_others_is_closed_and_made_anew(elsewhere: Path) -> None:
    elsewhere.parent.mkdir(parents=True)
    elsewhere.parent.chmod(0o777)
    elsewhere.write_bytes(b"planted")
    assert native.functions()
    assert elsewhere.parent.stat().st_mode & 0o777 == 0o700
    assert native._read_own(elsewhere) != b"planted"
