"""A look at files: what is found, what is skipped and why, whatever anybody put there."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import socket
import sys
import tarfile
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from lamsach.errors import InputError
from lamsach.scanner.examine import Examiner, FileReport, Settings
from lamsach.scanner.options import Limits
from lamsach.scanner.rules import rule_sources
from lamsach.scanner.walking import Walk

from .planted import EICAR, ELF, SMALL, lookat, reasons

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
    result = lookat(tmp_path / "f", lists=[str(tmp_path / "list.txt")], limits=SMALL)
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
    result = lookat(tmp_path / "common", lists=[str(tmp_path / "list.txt")])
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
def test_names(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert reason in {finding.reason for finding in lookat(tmp_path).findings}


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
def test_ordinary_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert not lookat(tmp_path).findings


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
def test_inside_archives(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (finding,) = lookat(tmp_path).findings
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
        (b"Rar!\x1a\x07\x01\0", "archive_closed"),
        (b"7z\xbc\xaf\x27\x1c", "archive_closed"),
        (locked(), "archive_locked"),
    ],
)
def test_archives_that_resist_are_listed(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    result = lookat(tmp_path, limits=SMALL)
    assert reason in result.skipped


def test_an_archive_that_climbs(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(**{"../../etc/cron.d/x": b"x"}))
    (tmp_path / "b.tar").write_bytes(tarred("a/../../x", b"x"))
    assert [finding.reason for finding in lookat(tmp_path).findings] == ["climbing_name"] * 2
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "b.tar"]


def test_a_pattern_across_windows(tmp_path: Path) -> None:
    limits = Limits(window_bytes=4096, overlap_bytes=512)
    (tmp_path / "rule.yar").write_text('rule r { strings: $a = "MARKER-ACROSS" condition: $a }')
    for place in range(4080, 4100):
        (tmp_path / f"f{place}").write_bytes(b"." * place + b"MARKER-ACROSS" + b"." * 9000)
    result = lookat(
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
    result = lookat(folder)
    assert {os.fsencode(finding.subject).rpartition(b"/")[2] for finding in result.findings} == {
        b"\xff\xfe\x1b[31m\n",
        "Tệp tin độc hại.com".encode(),
        b"second name.com",
        b"deep.com",
    }
    assert result.skipped == {"not_regular": 2}


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="makes a device")
def test_a_device_is_not_opened(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("this machine lets nobody make devices")
    assert lookat(tmp_path / "zero").skipped == {"not_regular": 1}


def test_many_entries_and_limits(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}").write_bytes(b"")
    skips: list[object] = []
    assert sum(1 for _ in Walk([str(tmp_path)], skips.append, Limits(entries=100))) == 100
    assert len(skips) == 1
    assert lookat(tmp_path).counts.files == 300


def test_workers_give_the_same(tmp_path: Path) -> None:
    for number in range(250):
        (tmp_path / f"{number}.bin").write_bytes(EICAR if number % 50 == 0 else b"x" * number)
    alone, together = lookat(tmp_path), lookat(tmp_path, jobs=2)
    assert [finding.key for finding in alone.findings] == [finding.key for finding in together.findings]
    assert (len(alone.findings), together.counts.files) == (5, 250)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"x" * 100_000)
    examiner, report = Examiner(Settings(rule_sources(), limits=SMALL)), FileReport()
    real = Examiner._search
    monkeypatch.setattr(Examiner, "_search", lambda *a: (file.write_bytes(b"y" * 50), real(*a)))
    examiner.examine(str(file), report)
    assert [skip.reason for skip in report.skips] == ["changed"]


def test_since_and_exclude(tmp_path: Path) -> None:
    (tmp_path / "a.com").write_bytes(EICAR)
    (tmp_path / "b.com").write_bytes(EICAR)
    assert lookat(tmp_path, since=datetime(2100, 1, 1, tzinfo=UTC)).skipped == {"older": 2}
    result = lookat(tmp_path, exclude=[str(tmp_path / "a*")])
    assert (len(result.findings), result.skipped) == (1, {"excluded": 1})


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        lookat(tmp_path / "none")
    (tmp_path / "a").write_bytes(b"")
    assert [problem.where for problem in lookat(tmp_path / "a", tmp_path / "none").problems] == [
        str(tmp_path / "none")
    ]


def test_clamd(tmp_path: Path) -> None:
    """A daemon made for the test: it finds what holds BAD, and breaks off for what holds BREAK."""
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("no such sockets here")
    place = f"/tmp/lamsach-{os.getpid()}.sock"
    server = socket.socket(socket.AF_UNIX)
    server.bind(place)
    server.listen()

    def answer() -> None:
        for _ in range(3):
            link, _ = server.accept()
            with link:
                data = b""
                while not data.endswith(b"\0\0\0\0"):
                    data += link.recv(65536)
                if b"BREAK" not in data:
                    link.sendall(b"stream: Test.Bad FOUND\0" if b"BAD" in data else b"stream: OK\0")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    for name, content in (("a", b"fine"), ("b", b"BAD"), ("c", b"BREAK")):
        (tmp_path / name).write_bytes(content)
    try:
        result = lookat(tmp_path, clamd=place)
    finally:
        thread.join(5)
        server.close()
        os.unlink(place)
    assert reasons(result) == {("b", "clamd")}
    assert [(skip.subject[-1], skip.reason) for skip in result.skips] == [("c", "clamd_failed")]


@pytest.mark.parametrize("suffix", [".zip", ".html", ".jsonl"])
def test_results(tmp_path: Path, suffix: str) -> None:
    from lamsach.scanner.report.writing import write_result

    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "<script>.com").write_bytes(EICAR)
    result = lookat(tmp_path / "f")
    path = tmp_path / f"r{suffix}"
    write_result(result, path, "vi")
    if suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
            for name, stated in manifest["contents"].items():
                assert hashlib.sha256(archive.read(name)).hexdigest() == stated["sha256"]
            assert json.loads(archive.read("findings.jsonl"))["level"] == "malicious"
    else:
        text = path.read_text("utf-8")
        assert ("<script" not in text) if suffix == ".html" else '"summary"' in text
        assert not [name for name in os.listdir(tmp_path) if name.startswith(".lamsach")]


def test_nothing_is_found_in_the_system() -> None:
    """A part of the system's own files; `make soak` looks at all."""
    roots = [
        Path(path) for path in ("/usr/bin", "/usr/sbin", "/usr/share/doc", "/etc") if Path(path).is_dir()
    ]
    entries = [
        entry.path for entry in Walk([str(root) for root in roots], lambda _: None) if entry.size < 1 << 20
    ][::12]
    result = lookat(*map(Path, entries[:400]))
    assert [(finding.subject, finding.reason) for finding in result.findings] == []


@pytest.mark.soak
def test_nothing_is_found_in_the_whole_system() -> None:
    result = lookat(Path("/usr"), jobs=None)
    assert [(finding.subject, finding.reason) for finding in result.findings] == []
    assert result.counts.files > 10_000
