"""Restored files equal the quarantined ones: content, times, mode, owner, extended attributes, ACLs."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.errors import InputError, OutputError, UnreadableError
from lamsach.scanner.actions.files import quarantine_file
from lamsach.scanner.actions.handles import Place
from lamsach.scanner.actions.lines import disable_line
from lamsach.scanner.actions.undo import PASSWORD, export, restore
from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.findings import Target, TargetKind
from lamsach.scanner.safe_open import Skipped

from .planted import EICAR, target_of

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["user.a", "user.origin", "user.ß"]), st.binary(max_size=200), max_size=3
)
# A POSIX access list (acl(5), version 2): owner, a named user, group, mask, others.
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, who)
    for tag, rights, who in (
        (1, 6, 0xFFFFFFFF),
        (2, 4, 12345),
        (4, 4, 0xFFFFFFFF),
        (16, 4, 0xFFFFFFFF),
        (32, 0, 0xFFFFFFFF),
    )
)


def state(path: Path) -> dict[str, Any]:
    status = path.lstat()
    found = {
        "content": path.read_bytes(),
        "mode": status.st_mode,
        "owner": (status.st_uid, status.st_gid),
        "mtime": status.st_mtime_ns,
    }
    if hasattr(os, "listxattr"):
        found["xattrs"] = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(st.binary(max_size=5000), st.integers(0, 3).map(lambda n: b"x" * (n * (1 << 20)))),
    mode=st.integers(0, 0o7777),
    times=st.tuples(st.integers(0, 4 * 10**18), st.integers(0, 4 * 10**18)),
    owner=st.tuples(st.integers(0, 60000), st.integers(0, 60000)),
    attributes=ATTRIBUTES,
    acl=st.booleans(),
)
def test_restored_equals_original(
    content: bytes,
    mode: int,
    times: tuple[int, int],
    owner: tuple[int, int],
    attributes: dict[str, bytes],
    acl: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder) / "q")
        file = Path(folder) / "file"
        file.write_bytes(content)
        if ROOT:
            os.chown(file, *owner)
        file.chmod(mode if ROOT else mode | 0o600)
        for name, value in attributes.items():
            _try_attribute(file, name, value)
        if acl:
            _try_attribute(file, "system.posix_acl_access", ACL)
        os.utime(file, ns=times)
        before = state(file)
        os.utime(file, ns=times)
        item = quarantine_file(vault, target_of_read(file, times), {})
        assert not file.exists()
        assert restore(vault, item) == []
        assert file.lstat().st_atime_ns == times[0]
        assert state(file) == before
        assert not list(vault.items())


def target_of_read(file: Path, times: tuple[int, int]) -> Target:
    target = target_of(file)
    os.utime(file, ns=times)
    return target


def _try_attribute(file: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(file, name, value)
    except OSError:
        pytest.skip("the file system keeps no extended attributes") if name == "user.a" else None


def test_content_is_stored_encrypted(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "secret-name.exe"
    file.write_bytes(EICAR)
    quarantine_file(vault, target_of(file), {})
    stored = b"".join(path.read_bytes() for path in vault.folder.rglob("*") if path.is_file())
    assert EICAR[:20] not in stored
    assert b"secret-name" not in stored
    assert (vault.folder.stat().st_mode & 0o077, (vault.folder / "key").stat().st_mode & 0o077) == (0, 0)


@pytest.mark.parametrize("offset", [0, 9, 20, 100, -1])
def test_a_changed_byte_is_noticed(tmp_path: Path, vault: Vault, offset: int) -> None:
    file = tmp_path / "f"
    file.write_bytes(EICAR * 5)
    item = quarantine_file(vault, target_of(file), {})
    sealed = item.folder / "content.bin"
    data = bytearray(sealed.read_bytes())
    data[offset] ^= 1
    sealed.write_bytes(data)
    with pytest.raises((UnreadableError, OutputError)):
        restore(vault, item)
    assert not file.exists()
    assert [item_left.id for item_left in vault.items()] == [item.id]
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".lamsach")]


def test_a_cut_off_content_is_noticed(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"y" * (2 << 20))
    item = quarantine_file(vault, target_of(file), {})
    sealed = item.folder / "content.bin"
    sealed.write_bytes(sealed.read_bytes()[: 8 + 7 + (1 << 20) + 16])  # the first full piece
    with pytest.raises((UnreadableError, OutputError)):
        restore(vault, item)


def test_nothing_that_has_the_name_is_replaced(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "f"
    file.write_bytes(EICAR)
    item = quarantine_file(vault, target_of(file), {})
    file.write_text("mine")
    with pytest.raises(OutputError, match="this name"):
        restore(vault, item)
    assert file.read_text() == "mine"
    file.unlink()
    restore(vault, item)
    assert file.read_bytes() == EICAR


def test_a_missing_folder_keeps_the_item(tmp_path: Path, vault: Vault) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    file = folder / "f"
    file.write_bytes(EICAR)
    item = quarantine_file(vault, target_of(file), {})
    folder.rmdir()
    with pytest.raises(OutputError, match="folder"):
        restore(vault, item)
    assert [left.id for left in vault.items()] == [item.id]


@pytest.mark.parametrize("change", ["content", "other file", "link", "gone", "pipe"])
def test_a_file_other_than_the_scanned_one_is_left_alone(tmp_path: Path, vault: Vault, change: str) -> None:
    file = tmp_path / "f"
    file.write_bytes(EICAR)
    target = target_of(file)
    victim = tmp_path / "victim"
    victim.write_bytes(EICAR)
    if change == "content":
        file.write_bytes(EICAR[::-1])
    else:
        file.unlink()
    if change == "other file":
        file.write_bytes(b"new")
    elif change == "link":
        file.symlink_to(victim)
    elif change == "pipe":
        os.mkfifo(file)
    with pytest.raises(InputError, match="not the file"):
        quarantine_file(vault, target, {})
    assert victim.read_bytes() == EICAR
    assert not list(vault.items())
    assert os.path.lexists(file) == (change != "gone")


def test_a_file_changed_since_gets_only_its_line_back(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "hosts"
    file.write_text("a\nbad line\nc\n")
    item = disable_line(vault, Target(TargetKind.LINE, str(file), "bad line"), {})
    assert file.read_text() == "a\n# lamsach: bad line\nc\n"
    file.write_text(file.read_text() + "new\n")
    restore(vault, item)
    assert file.read_text() == "a\nbad line\nc\nnew\n"


def test_preload_knows_no_comments(tmp_path: Path, vault: Vault) -> None:
    file = tmp_path / "ld.so.preload"
    file.write_text("/tmp/evil.so\n/usr/lib/good.so\n")
    item = disable_line(vault, Target(TargetKind.LINE, str(file), "/tmp/evil.so"), {})
    assert file.read_text() == "/usr/lib/good.so\n"
    restore(vault, item)
    assert file.read_text() == "/tmp/evil.so\n/usr/lib/good.so\n"


def test_exported_items_are_complete_and_stay_in_the_quarantine(tmp_path: Path, vault: Vault) -> None:
    import pyzipper

    file = tmp_path / "f"
    file.write_bytes(EICAR)
    item = quarantine_file(vault, target_of(file), {"reason": "own_rule"})
    assert export(vault, [item], tmp_path / "x.zip") == 1
    assert EICAR not in (tmp_path / "x.zip").read_bytes()
    with pyzipper.AESZipFile(tmp_path / "x.zip") as archive:
        archive.setpassword(PASSWORD)
        assert archive.read(f"{item.id}/content") == EICAR
    assert [left.id for left in vault.items()] == [item.id]


def test_a_file_in_use_is_left_alone(tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f"
    file.write_bytes(EICAR)
    target = target_of(file)

    def refused(_: Place) -> None:
        raise Skipped("locked")

    monkeypatch.setattr(Place, "open_file", refused)
    with pytest.raises(InputError, match="in use"):
        quarantine_file(vault, target, {})
    assert file.read_bytes() == EICAR
    assert not list(vault.items())
