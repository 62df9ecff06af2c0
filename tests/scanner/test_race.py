"""Replacing a file or folder by a link during a clean-up touches no other file."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from lamsach.errors import LamsachError
from lamsach.scanner.actions.files import quarantine_file
from lamsach.scanner.actions.handles import Place, place_of
from lamsach.scanner.actions.undo import restore
from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.safe_open import Skipped

from .planted import EICAR, target_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
ROUNDS = 60


def test_a_racing_link_in_the_place_of_the_file(tmp_path: Path, vault: Vault) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(EICAR)
    folder = tmp_path / "theirs"
    folder.mkdir()
    file, link, stored = folder / "f", folder / "link", folder / "kept"
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for source, target_path in ((file, stored), (link, file), (file, link), (stored, file)):
                with suppress(OSError):
                    os.rename(source, target_path)

    thread = threading.Thread(target=swap)
    outcomes = set()
    for number in range(ROUNDS):
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        fresh = tmp_path / "fresh"
        fresh.write_bytes(EICAR)
        target = replace(target_of(fresh), path=str(file))
        fresh.rename(file)
        with suppress(FileExistsError):
            link.symlink_to(victim)
        if number == 0:
            thread.start()
        try:
            item = quarantine_file(vault, target, {})
        except (LamsachError, OSError) as error:
            outcomes.add(type(error).__name__)
        else:
            outcomes.add("done")
            assert item.meta["inode"] == target.inode
        assert victim.read_bytes() == EICAR
        assert not victim.is_symlink()
    stop.set()
    thread.join()
    assert outcomes


def test_the_exchange_between_scan_and_removal(
    tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment, forced: the file is exchanged right before its name is moved aside."""
    file, other = tmp_path / "f", tmp_path / "other"
    file.write_bytes(EICAR)
    other.write_text("somebody's letter")
    real = Place.rename

    def exchanged(self: Place, target: Place) -> None:
        if self.name == "f":
            os.replace(other, file)
        real(self, target)

    target = target_of(file)
    monkeypatch.setattr(Place, "rename", exchanged)
    with pytest.raises(LamsachError, match="not the file"):
        quarantine_file(vault, target, {})
    assert file.read_text() == "somebody's letter"
    assert not list(vault.items())


@pytest.mark.parametrize("part", ["a", "a/b"])
def test_a_folder_that_became_a_link(tmp_path: Path, vault: Vault, part: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere" / "b"
    elsewhere.mkdir(parents=True)
    file = inner / "f"
    file.write_bytes(EICAR)
    (elsewhere / "f").write_bytes(EICAR)
    target = target_of(file)
    moved = tmp_path / part
    moved.rename(tmp_path / "moved")
    moved.symlink_to(tmp_path / "elsewhere" if part == "a" else elsewhere)
    with pytest.raises(LamsachError, match="not the file"):
        quarantine_file(vault, target, {})
    assert (elsewhere / "f").read_bytes() == EICAR


def test_restore_does_not_follow_a_link(tmp_path: Path, vault: Vault) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    file = folder / "f"
    file.write_bytes(EICAR)
    item = quarantine_file(vault, target_of(file), {})
    folder.rmdir()
    (tmp_path / "system").mkdir()
    folder.symlink_to(tmp_path / "system")
    with pytest.raises(LamsachError):
        restore(vault, item)
    assert not list((tmp_path / "system").iterdir())


@pytest.mark.parametrize("path", ["relative", "/", "/a/../b"])
def test_only_plain_absolute_paths(path: str) -> None:
    with pytest.raises(Skipped), place_of(path):
        pass
