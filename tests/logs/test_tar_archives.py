"""Tar archives, plain and compressed: members in any order, links, hostile headers."""

from __future__ import annotations

import gzip
import io
import tarfile
from datetime import UTC, datetime

import pytest

from lamsach.errors import UnreadableError

from .builders import COMPRESS, LINES, logs, make_tar, read, refused

WRAPS = {"tar": bytes, **COMPRESS}
MEMBERS = {
    "a.log": LINES,
    "b" * 150 + ".log": LINES[:5000],
    "đơn vị/fw.log.gz": gzip.compress(LINES),
    "none": b"",
}


@pytest.mark.parametrize("kind", WRAPS)
@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
class TestTar:
    def path(self, tmp_path, kind, tar_format):
        members = dict(MEMBERS)
        if tar_format == tarfile.USTAR_FORMAT:
            members = {("x" * 90 + "/" + "y" * 80 if len(k) > 100 else k): v for k, v in members.items()}
        path = tmp_path / "logs.data"
        path.write_bytes(WRAPS[kind](make_tar(members, format=tar_format)))
        return path, [f"{path}!{name}" for name in members]

    def test_members_in_archive_order(self, tmp_path, kind, tar_format):
        path, names = self.path(tmp_path, kind, tar_format)
        found, problems = logs(path)
        assert ([f.name for f in found], problems) == (names, [])
        assert found[0].modified == datetime.fromtimestamp(1_780_000_000, UTC)
        assert [f.head(100) for f in found] == [LINES[:100], LINES[:100], LINES[:100], b""]
        assert [read(f, 5000)[0] for f in found] == [LINES, LINES[:5000], LINES, b""]

    def test_members_in_reverse_and_concurrently(self, tmp_path, kind, tar_format):
        path, _ = self.path(tmp_path, kind, tar_format)
        found, _ = logs(path)
        assert [read(f)[0] for f in reversed(found)] == [b"", LINES, LINES[:5000], LINES]
        with found[0].open() as first, found[2].open() as second:
            views = memoryview(bytearray(100_000)), memoryview(bytearray(100_000))
            totals = [b"", b""]
            while any(counts := [first.readinto(views[0]), second.readinto(views[1])]):
                totals = [
                    total + bytes(view[:count])
                    for total, view, count in zip(totals, views, counts, strict=True)
                ]
        assert totals == [LINES, LINES]


def test_compressed_tar_is_decompressed_once_in_order(tmp_path, monkeypatch):
    from lamsach.logs.opening import inputs as opening
    from lamsach.logs.opening.inputs import find_logs

    opened = []
    real = opening.decompressed
    monkeypatch.setattr(
        opening, "decompressed", lambda source, limits: opened.append(source.name) or real(source, limits)
    )
    path = tmp_path / "a.tar.gz"
    path.write_bytes(COMPRESS["gz"](make_tar({f"{n}.log": LINES for n in range(6)})))
    got = [read(log_file)[0] for log_file in find_logs([str(path)]) if log_file.head()]
    assert got == [LINES] * 6
    assert opened.count(str(path)) == 2  # once for detection


def test_tar_links_and_devices_are_reported(tmp_path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        kinds = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE
        for name, kind in zip(("link", "hard", "dev", "fifo", "dir"), kinds, strict=True):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("empty.log"))
    path = tmp_path / "a.tar"
    path.write_bytes(out.getvalue())
    found, problems = logs(path)
    assert [f.name for f in found] == [f"{path}!empty.log"]
    assert [p.where for p in problems] == [f"{path}!{name}" for name in ("link", "hard", "dev", "fifo")]
    assert {p.what for p in problems} == {"A link or device inside an archive was skipped."}


@pytest.mark.parametrize("kind", ["tar", "gz"])
def test_tar_cut_short(tmp_path, kind):
    path = tmp_path / "a.tar"
    path.write_bytes(WRAPS[kind](make_tar({"a.log": LINES, "b.log": LINES})[: len(LINES) + 50_000]))
    found, problems = logs(path)
    assert read(found[0]) == (LINES, None)
    data, error = read(found[1])
    assert LINES.startswith(data)
    assert len(data) > 40_000
    assert isinstance(error, UnreadableError)
    assert [p.where for p in problems] == [str(path)]


def test_tar_header_that_is_too_large(tmp_path):
    header = bytearray(make_tar({"x": b""})[:512])
    header[156:157] = b"x"
    header[124:136] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(5000))
    assert refused(tmp_path / "a.tar") == "A header of the archive is larger than the limit allows."


@pytest.mark.parametrize("kind", WRAPS)
def test_an_archive_behind_another_is_read(tmp_path, kind):
    path = tmp_path / "both.tar"
    path.write_bytes(WRAPS[kind](make_tar({"a": LINES}) + make_tar({"b": LINES[:50]})))
    found, problems = logs(path)
    assert problems == []
    assert [read(f) for f in found] == [(LINES, None), (LINES[:50], None)]


@pytest.mark.parametrize("kind", WRAPS)
def test_bytes_behind_an_archive_are_reported(tmp_path, kind):
    path = tmp_path / "a.tar"
    path.write_bytes(WRAPS[kind](make_tar({"a": LINES}) + LINES))
    found, (problem,) = logs(path)
    assert [read(f)[0] for f in found] == [LINES]
    assert problem.what == "The archive is damaged; what came before the damage was read."
