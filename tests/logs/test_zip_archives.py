"""Zip archives: members in turn, passwords, links, hostile and damaged directories."""

from __future__ import annotations

import gzip
import struct
import zipfile
from datetime import UTC, datetime

import pytest

from lamsach.errors import UnreadableError
from lamsach.logs.opening.limits import STEP_BYTES

from .builders import LINES, SMALL, logs, make_locked_zip, make_zip, read, refused

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
def test_zip_members_in_turn(tmp_path, method):
    path = make_zip(
        tmp_path / "logs.zip",
        {"in/fw.log": LINES, "fw.log.gz": gzip.compress(LINES), "none": b"", "dir/": b""},
        method,
    )
    found, problems = logs(path)
    assert [f.name for f in found] == [f"{path}!in/fw.log", f"{path}!fw.log.gz", f"{path}!none"]
    assert problems == []
    assert [read(f) for f in found] == [(LINES, None), (LINES, None), (b"", None)]
    assert [read(f, 999) for f in found] == [(LINES, None), (LINES, None), (b"", None)]
    assert found[0].modified == datetime(2026, 6, 5, 0, 31, 12, tzinfo=UTC)
    assert found[0].head(10) == LINES[:10]
    with found[0].open() as stream:
        while stream.readinto(memoryview(bytearray(1 << 20))):
            pass
        assert stream.position == found[0].size_bytes


def test_zip_behind_other_bytes(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"a": LINES})
    moved = tmp_path / "moved.zip"
    moved.write_bytes(path.read_bytes() + b"trailing bytes")
    found, problems = logs(moved)
    assert [read(f)[0] for f in found] == [LINES]
    assert problems == []


def test_files_that_the_directory_does_not_list_are_reported(tmp_path):
    first, second = (make_zip(tmp_path / name, {name: LINES}) for name in ("a", "b"))
    both = tmp_path / "both.zip"
    both.write_bytes(first.read_bytes() + second.read_bytes())
    assert refused(both) == "The archive begins with files that its directory does not list."


def test_an_archive_without_files_is_reported(tmp_path):
    assert refused(make_zip(tmp_path / "a.zip", {})) == "The archive is empty."


class TestLockedZip:
    @pytest.fixture
    def path(self, tmp_path):
        return make_locked_zip(tmp_path / "locked.zip", "fw.log", b"evil.example\n" * 1000, b"infected")

    def test_with_the_password(self, path):
        (log_file,), problems = logs(path, password=b"infected")
        assert (read(log_file), problems) == ((b"evil.example\n" * 1000, None), [])

    def test_without_the_password_nothing_is_read(self, path):
        assert refused(path) == "The archive is locked with a password."

    def test_with_another_password_nothing_is_read(self, path):
        for password in (b"wrong", b"Infected", b"x"):
            found, problems = logs(path, password=password)
            if found:  # one password in 256 passes the first check
                assert isinstance(read(found[0])[1], UnreadableError)
            else:
                assert [p.what for p in problems] == ["The archive's password is another one."]


def test_zip_links_and_unknown_compression_are_reported(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("odd", b"x")
        archive.writestr("good", b"x")
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    path.write_bytes(data[: at + 10] + b"\x61\x00" + data[at + 12 :])
    found, problems = logs(path)
    assert [f.name for f in found] == [f"{path}!good"]
    assert [(p.where, p.what) for p in problems] == [
        (f"{path}!link", "A link inside an archive was skipped."),
        (f"{path}!odd", "The archive's kind of compression is not known."),
    ]


def test_office_documents_are_not_archives_of_logs(tmp_path):
    path = make_zip(tmp_path / "a.docx", {"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
    assert refused(path) == "This is an Office document, not a log."


def test_overlapping_members_are_refused(tmp_path):
    """Two directory entries share one member's data."""
    path = make_zip(tmp_path / "a.zip", {"a.log": LINES})
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02")
    entry = data[at : data.index(b"PK\x05\x06")]
    tail = struct.pack("<HHHHIIH", 0, 0, 2, 2, 2 * len(entry), at, 0)
    path.write_bytes(data[:at] + entry + entry + b"PK\x05\x06" + tail)
    assert refused(path) == "Members of the archive overlap: it looks like a decompression bomb."


def test_zip_with_excessive_stated_size(tmp_path):
    path = make_zip(tmp_path / "a.zip", {f"{n}": bytes(1 << 20) for n in range(5)})
    what = "The file unpacks to far more than a log would: it looks like a decompression bomb."
    assert refused(path, limits=SMALL) == what


def test_zip_member_larger_than_stated(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"a": LINES})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 1000)
    path.write_bytes(data)
    (log_file,), _ = logs(path)
    got, error = read(log_file)
    assert (got, type(error)) == (LINES[:1000], UnreadableError)


def test_zip_cut_short_or_damaged(tmp_path):
    data = make_zip(tmp_path / "a.zip", {"a": LINES, "b": LINES}).read_bytes()
    for damaged in (data[:-30], data[:50], data[: len(data) // 2]):
        (tmp_path / "a.zip").write_bytes(damaged)
        assert refused(tmp_path / "a.zip")
    middle = bytearray(data)
    at = data.index(b"PK\x03\x04", 1) - 5000  # near the end of the first member
    middle[at : at + 10] = bytes(10)
    (tmp_path / "a.zip").write_bytes(middle)
    (first, second), problems = logs(tmp_path / "a.zip")
    first_data, error = read(first)
    assert LINES.startswith(first_data[: -STEP_BYTES or None])
    assert isinstance(error, UnreadableError)
    assert (read(second), problems) == ((LINES, None), [])
