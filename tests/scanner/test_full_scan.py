"""Scans of files: found, or skipped with the reason, among any files."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import socket
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from lamsach.scanner.options import Limits

from .planted import EICAR, ELF, SMALL, scan_paths

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")


def zipped(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_DOT_", "."), data)
    return stream.getvalue()


def tarred(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_a_listed_hash(tmp_path: Path, kind: str) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "bad").write_bytes(b"x" * 300_000)
    digest = hashlib.new(kind, b"x" * 300_000).hexdigest()
    (tmp_path / "list.txt").write_text(digest.upper() + "\n")
    result = scan_paths(tmp_path / "f", lists=[str(tmp_path / "list.txt")], limits=SMALL)
    (finding,) = result.findings
    assert (finding.reason, finding.indicator, finding.values["place"]) == (
        "listed_hash",
        digest,
        "list.txt:1",
    )
    assert finding.target is not None
    assert finding.target.sha256 == hashlib.sha256(b"x" * 300_000).hexdigest()


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b"\0" * 4096, b"PK\x05\x06" + b"\0" * 18])
def test_hashes_of_common_files_are_no_indicators(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "common").write_bytes(content)
    digests = [hashlib.new(kind, content).hexdigest() for kind in ("md5", "sha1", "sha256")]
    (tmp_path / "list.txt").write_text("\n".join([*digests, "evil.example.com"]) + "\n")
    result = scan_paths(tmp_path / "common", lists=[str(tmp_path / "list.txt")])
    assert not result.findings
    assert len(result.refused) == 3


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("photo.jpg", ELF, "disguised_program"),
        ("report.pdf", b"MZ" + b"\0" * 100, "disguised_program"),
        ("invoice.pdf.exe", b"x", "hidden_ending"),
        ("photo.jpg        .scr", b"x", "hidden_ending"),
        ("annex\u202exslx.exe", b"x", "hidden_ending"),
        ("KMSpico_setup.exe", b"x", "cracked_software"),
        ("Phần mềm bẻ khóa.zip", b"x", "cracked_software"),
        ("idm crack 6.41.rar", b"x", "cracked_software"),
    ],
)
def test_a_file_is_accused_by_its_name_for_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert reason in {finding.reason for finding in scan_paths(tmp_path).findings}


@pytest.mark.parametrize(
    "name",
    [
        "a.tar.gz",
        "jquery.min.js",
        "data.csv.gz",
        "cracklib.zip",
        "setup.exe",
        "v1.2.exe",
        "wisecracker.txt",
        "nutcracker.exe",
    ],
)
def test_ordinary_names_are_no_findings(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert not scan_paths(tmp_path).findings


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", zipped(bad_DOT_com=EICAR)),
        ("a.docx", zipped(word=zipped(bad_DOT_com=EICAR))),
        ("a.tar", tarred("bad.com", EICAR)),
        ("a.gz", gzip.compress(EICAR)),
        ("a.tgz", gzip.compress(tarred("bad.com", EICAR))),
        ("a.xz", lzma.compress(b"") + lzma.compress(EICAR)),
        ("gz in zip.zip", zipped(a_DOT_gz=gzip.compress(EICAR))),
        ("bz2 in tar.tar", tarred("a.bz2", bz2.compress(EICAR))),
        ("xz in zip.zip", zipped(a_DOT_xz=lzma.compress(EICAR))),
        ("zst in zip.zip", zipped(a_DOT_zst=zstandard.compress(EICAR))),
        ("no ending", zipped(bad_DOT_com=EICAR)),
    ],
)
def test_what_is_inside_archives_is_found(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (finding,) = scan_paths(tmp_path).findings
    assert finding.values["rule"] == "test_file_eicar"
    assert finding.target is not None
    assert finding.target.path == str(tmp_path / name)


def nested(depth: int) -> bytes:
    data = EICAR
    for _ in range(depth):
        data = zipped(a_DOT_zip=data)
    return data


def locked() -> bytes:
    import pyzipper

    stream = io.BytesIO()
    with pyzipper.AESZipFile(stream, "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(b"1234")
        archive.writestr("setup.exe", b"x")
    return stream.getvalue()


BOMB = zipped(a=b"\0" * (3 << 20))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (nested(6), "archive_depth"),
        (BOMB, "archive_bomb"),
        (gzip.compress(b"\0" * (3 << 20)), "archive_bomb"),
        (zipped(**{f"f{number}": b"x" for number in range(60)}), "archive_many"),
        (zipped(a=b"x")[:-10], "archive_damaged"),
        (gzip.compress(b"x" * 1000)[:-20], "archive_damaged"),
        (b"\x28\xb5\x2f\xfdgarbage", "archive_damaged"),
        (b"\xfd7zXZ\0" + b"\1" * 50, "archive_damaged"),
        (b"PK\x03\x04" + os.urandom(200), "archive_damaged"),
        (b"Rar!\x1a\x07\x01\0", "archive_damaged"),
        (b"7z\xbc\xaf\x27\x1c", "archive_damaged"),
        (locked(), "archive_locked"),
    ],
)
def test_archives_that_resist_are_listed(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    result = scan_paths(tmp_path, limits=SMALL)
    assert reason in result.skipped


def test_an_archive_that_leaves_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(**{"../../etc/cron.d/x": b"x"}))
    (tmp_path / "b.tar").write_bytes(tarred("a/../../x", b"x"))
    assert [finding.reason for finding in scan_paths(tmp_path).findings] == ["climbing_name"] * 2
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "b.tar"]


def test_a_pattern_across_windows(tmp_path: Path) -> None:
    limits = Limits(window_bytes=4096, overlap_bytes=512)
    (tmp_path / "rule.yar").write_text('rule r { strings: $a = "MARKER-ACROSS" condition: $a }')
    for offset in range(4080, 4100):
        (tmp_path / f"f{offset}").write_bytes(b"." * offset + b"MARKER-ACROSS" + b"." * 9000)
    result = scan_paths(
        tmp_path, rules=[str(tmp_path / "rule.yar")], limits=limits, exclude=[str(tmp_path / "rule.yar")]
    )
    assert len(result.findings) == 20


@POSIX
def test_a_tree_that_resists(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "loop").symlink_to(folder)
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as link:
        os.chdir(folder)
        link.bind("socket")
    name = os.fsencode(folder) + b"/\xff\xfe\x1b[31m\n"
    with open(name, "wb") as stream:
        stream.write(EICAR)
    (folder / "Tệp tin độc hại.com").write_bytes(EICAR)
    os.link(folder / "Tệp tin độc hại.com", folder / "second name.com")
    deep = folder
    for _ in range(30):
        deep = deep / "d"
        deep.mkdir()
    (deep / "deep.com").write_bytes(EICAR)
    result = scan_paths(folder)
    assert {os.fsencode(finding.subject).rpartition(b"/")[2] for finding in result.findings} == {
        b"\xff\xfe\x1b[31m\n",
        "Tệp tin độc hại.com".encode(),
        b"second name.com",
        b"deep.com",
    }
    assert result.skipped == {"not_regular": 2}


def test_a_file_that_vanishes_is_not_called_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lamsach.cli.scan.run import status_of
    from lamsach.errors import ExitStatus
    from lamsach.scanner import file_walk

    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"hello")
    assert status_of(scan_paths(tmp_path, limits=SMALL)) is ExitStatus.NOTHING_FOUND
    entries = file_walk.Walk.__iter__

    def vanishing(walk: file_walk.Walk) -> object:
        for entry in list(entries(walk)):
            (tmp_path / "b").unlink(missing_ok=True)
            yield entry

    monkeypatch.setattr(file_walk.Walk, "__iter__", vanishing)
    result = scan_paths(tmp_path, limits=SMALL)
    assert result.skipped["vanished"] == 1
    assert status_of(result) is ExitStatus.BLIND
