"""The noted digest of a list is that of the current file."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

import pytest

from lamsach.hunt.sets import folder
from lamsach.hunt.sets.folder import SETTLED_NS, digest_of

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="nothing is noted there"),
    pytest.mark.real_clock("a file is settled by the file system's time"),
]


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "digests"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test's files be unchanged for long enough."""
    monkeypatch.setattr(time, "time_ns", lambda: real() + 2 * SETTLED_NS)


real = time.time_ns


def _sha(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def test_a_file_just_written_is_not_noted(tmp_path: Path, notes: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("evil.example\n")
    assert digest_of(path) == _sha(path)
    assert not notes.exists()


@pytest.mark.usefixtures("later")
def test_a_settled_file_is_read_once(tmp_path: Path, notes: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("evil.example\n")
    digest = digest_of(path)
    [note] = notes.iterdir()
    saved = json.loads(note.read_text())
    assert bytes.fromhex(saved["sha256"]) == digest == _sha(path)
    note.write_text(json.dumps({**saved, "sha256": "00" * 32}))
    assert digest_of(path) == bytes(32), "the note is what answers"


@pytest.mark.usefixtures("later")
def test_a_change_that_keeps_size_and_time_is_seen(tmp_path: Path, notes: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("evil.example\n")
    digest_of(path)
    before = path.stat()
    path.write_text("good.example\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert digest_of(path) == _sha(path)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("damage", ["", "{", "[]", '{"about": 1}', '{"about": [], "sha256": "zz"}'])
def test_a_damaged_note_is_no_answer(tmp_path: Path, notes: Path, damage: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text("evil.example\n")
    digest_of(path)
    [note] = notes.iterdir()
    note.write_text(damage)
    assert digest_of(path) == _sha(path)


@pytest.mark.usefixtures("later")
def test_notes_are_few(tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "NOTES_MAX", 3)
    for number in range(6):
        path = tmp_path / f"{number}.txt"
        path.write_text(f"{number}.example\n")
        digest_of(path)
    assert len(list(notes.iterdir())) == 3
