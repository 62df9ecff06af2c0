"""Compressed files and archives: complete, concatenated, truncated, damaged, locked, hostile."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from datetime import UTC, datetime

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.limits import STEP_BYTES, Limits

from .builders import COMPRESS, LINES, logs, make_locked_zip, make_tar, make_zip, read, read_one

KINDS = sorted(COMPRESS)
HALF = len(LINES) // 2
SMALL = Limits(max_ratio=100, ratio_from_bytes=1 << 20, max_members=10)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", [1000, 1 << 22])
class TestCompressed:
    def path(self, tmp_path, data):
        path = tmp_path / "by-content.log"
        path.write_bytes(data)
        return path

    def test_one_stream_gives_the_lines(self, tmp_path, kind, piece):
        path = self.path(tmp_path, COMPRESS[kind](LINES))
        (log_file,), _ = logs(path)
        assert read(log_file, piece) == (LINES, None)
        assert log_file.head(50) == LINES[:50]
        assert log_file.size_bytes == path.stat().st_size
        with log_file.open() as stream:
            view = memoryview(bytearray(piece))
            while stream.readinto(view):
                pass
            assert stream.position == log_file.size_bytes

    def test_several_streams_an_empty_one_and_padding(self, tmp_path, kind, piece):
        compress = COMPRESS[kind]
        data = compress(LINES[:HALF]) + compress(b"") + compress(LINES[HALF:]) + bytes(5000)
        (log_file,), _ = logs(self.path(tmp_path, data))
        assert read(log_file, piece) == (LINES, None)

    def test_garbage_after_the_end(self, tmp_path, kind, piece):
        (log_file,), _ = logs(self.path(tmp_path, COMPRESS[kind](LINES) + b"--- end of file ---\n"))
        assert read(log_file, piece) == (LINES, None)

    def test_an_empty_stream_gives_nothing(self, tmp_path, kind, piece):
        (log_file,), _ = logs(self.path(tmp_path, COMPRESS[kind](b"")))
        assert read(log_file, piece) == (b"", None)

    def test_double_compression_gives_the_lines(self, tmp_path, kind, piece):
        (log_file,), _ = logs(self.path(tmp_path, COMPRESS["gz"](COMPRESS[kind](LINES))))
        assert read(log_file, piece) == (LINES, None)

    @pytest.mark.parametrize("cut", [1, 4, 9, 500])
    def test_truncated_stream_gives_a_prefix_and_an_error(self, tmp_path, kind, piece, cut):
        first, second = COMPRESS[kind](LINES[:HALF]), COMPRESS[kind](LINES[HALF:])
        (log_file,), problems = logs(self.path(tmp_path, first + second[:-cut]))
        data, error = read(log_file, piece)
        assert LINES.startswith(data)
        assert len(data) >= HALF
        assert isinstance(error, UnreadableError)
        assert problems == []
        assert log_file.head() == LINES[:262144]

    def test_damaged_stream_gives_a_prefix_and_an_error(self, tmp_path, kind, piece):
        whole = bytearray(COMPRESS[kind](LINES[:HALF]) + COMPRESS[kind](LINES[HALF:]))
        at = len(COMPRESS[kind](LINES[:HALF])) + 60
        whole[at : at + 8] = bytes(255 - byte for byte in whole[at : at + 8])
        (log_file,), _ = logs(self.path(tmp_path, bytes(whole)))
        data, error = read(log_file, piece)
        assert data.startswith(LINES[: HALF - STEP_BYTES])
        assert isinstance(error, UnreadableError)


def _exhaust(stream, view):
    while stream.readinto(view):
        pass


def test_error_is_raised_again(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(COMPRESS["gz"](LINES)[:-50])
    (log_file,), _ = logs(path)
    with log_file.open() as stream:
        view = memoryview(bytearray(1 << 20))
        while stream.position < log_file.size_bytes:
            stream.readinto(view)
        with pytest.raises(UnreadableError) as first:
            _exhaust(stream, view)
        with pytest.raises(UnreadableError) as second:
            stream.readinto(view)
    assert first.value is second.value
    assert first.value.where == str(path)


@pytest.mark.parametrize("at", [-1, -5])
def test_wrong_checksum_or_size_of_gzip(tmp_path, at):
    data = bytearray(gzip.compress(LINES))
    data[at] ^= 1
    path = tmp_path / "a.gz"
    path.write_bytes(data)
    got, error = read_one(path)
    assert (got, error.what) == (
        LINES,
        "The compressed data are damaged; what came before the damage was read.",
    )


def test_gzip_header_with_everything(tmp_path):
    body = gzip.compress(LINES)[10:]
    header = b"\x1f\x8b\x08" + bytes([2 | 4 | 8 | 16]) + bytes(6) + struct.pack("<H", 300) + b"x" * 300
    (tmp_path / "a").write_bytes(header + b"name.log\0" + b"c" * 5000 + b"\0" + b"hh" + body)
    assert read_one(tmp_path / "a") == (LINES, None)
    (tmp_path / "b").write_bytes(header + b"n" * 100_000)
    found, (problem,) = logs(tmp_path / "b")
    assert (found, problem.where) == ([], str(tmp_path / "b"))


def test_zstd_with_skippable_frames_and_without_sizes(tmp_path):
    compressor = zstandard.ZstdCompressor()
    stream = compressor.compressobj()
    unsized = stream.compress(LINES) + stream.flush()
    skip = b"\x53\x2a\x4d\x18" + struct.pack("<I", 70_000) + bytes(70_000)
    (tmp_path / "a").write_bytes(skip + unsized + skip + compressor.compress(LINES))
    assert read_one(tmp_path / "a") == (LINES * 2, None)
    (tmp_path / "b").write_bytes(unsized + skip[:-1])
    data, error = read_one(tmp_path / "b")
    assert (data, type(error)) == (LINES, UnreadableError)


@pytest.mark.parametrize("checksum", [True, False])
def test_zstd_returns_frames_before_damage(tmp_path, checksum):
    compressor = zstandard.ZstdCompressor(write_checksum=checksum)
    few = LINES[:2000]
    whole = compressor.compress(few)
    block = bytearray(whole)
    block[len(block) // 2 :] = b"\xff" * (len(block) - len(block) // 2)
    (tmp_path / "a").write_bytes(whole * 3 + block + whole)
    data, error = read_one(tmp_path / "a")
    assert (data[: len(few) * 3], type(error)) == (few * 3, UnreadableError)


def test_zstd_returns_blocks_before_damage(tmp_path):
    lines = b"".join(b"%06d the number of a line\n" % number for number in range(40_000))
    whole = bytearray(zstandard.ZstdCompressor(level=1).compress(lines))
    whole[-2000:] = b"\xff" * 2000
    (tmp_path / "a").write_bytes(whole)
    data, error = read_one(tmp_path / "a")
    assert lines.startswith(data)
    assert (len(data) >= len(lines) // 2, type(error)) == (True, UnreadableError)


def test_windows_and_dictionaries_are_bounded(tmp_path):
    huge = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    )
    stream = huge.compressobj()
    (tmp_path / "a.zst").write_bytes(stream.compress(LINES) + stream.flush())
    found, (problem,) = logs(tmp_path / "a.zst")
    assert (found, problem.what) == ([], "The compressed data ask for more memory than the limit allows.")
    (tmp_path / "a.xz").write_bytes(COMPRESS["xz"](LINES))
    found, (problem,) = logs(tmp_path / "a.xz", limits=Limits(max_memory_bytes=1 << 20))
    assert (found, problem.what) == ([], "The compressed data ask for more memory than the limit allows.")


@pytest.mark.parametrize("kind", KINDS)
def test_a_bomb_stops_at_the_limit(tmp_path, kind):
    path = tmp_path / "bomb"
    path.write_bytes(COMPRESS[kind](bytes(8 << 20)))
    (log_file,), _ = logs(path, limits=SMALL)
    data, error = read(log_file)
    assert isinstance(error, LimitError)
    assert 1 << 20 <= len(data) < 4 << 20
    _, error = read_one(path, limits=Limits(max_output_bytes=1 << 20))
    assert isinstance(error, LimitError)
    assert read_one(path)[1] is None


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_any_damage_gives_a_prefix_and_an_error_or_everything(tmp_path_factory, kind, data):
    whole = bytearray(COMPRESS[kind](LINES[:20_000]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(6, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / "a"
    path.write_bytes(whole[: data.draw(st.integers(6, len(whole)))])
    found, problems = logs(path)
    assert len(found) + len(problems) == 1
    for log_file in found:
        log_file_data, error = read(log_file)
        assert error is None or isinstance(error, UnreadableError | LimitError)
        assert len(log_file_data) < 1 << 24


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


def test_member_names_are_safe_and_nothing_is_written(tmp_path):
    names = [
        "../../etc/passwd",
        "/etc/shadow",
        "a\\..\\..\\b.log",
        "C:\\x\x1b[31m\n.log",
        "..",
        "ok/./fine.log",
    ]
    inside = tmp_path / "inside"
    inside.mkdir()
    for path in (make_zip(inside / "a.zip", dict.fromkeys(names, b"x")), inside / "a.tar"):
        if path.suffix == ".tar":
            path.write_bytes(make_tar(dict.fromkeys(names, b"x")))
        found, problems = logs(path)
        assert problems == []
        assert [f.name.removeprefix(f"{path}!") for f in found] == [
            "etc/passwd",
            "etc/shadow",
            "a/b.log",
            "C:/x\ufffd[31m\ufffd.log",
            "?",
            "ok/fine.log",
        ]
        assert {read(f) for f in found} == {(b"x", None)}
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.tar", "a.zip", "inside"]


class TestLockedZip:
    @pytest.fixture
    def path(self, tmp_path):
        return make_locked_zip(tmp_path / "locked.zip", "fw.log", b"evil.example\n" * 1000, b"infected")

    def test_with_the_password(self, path):
        (log_file,), problems = logs(path, password=b"infected")
        assert (read(log_file), problems) == ((b"evil.example\n" * 1000, None), [])

    def test_without_the_password_nothing_is_read(self, path):
        found, (problem,) = logs(path)
        assert (found, problem.where, problem.what) == (
            [],
            str(path),
            "The archive is locked with a password.",
        )

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


def _overlapping(path):
    """Build two directory entries that share one member's data."""
    data = make_zip(path, {"a.log": LINES}).read_bytes()
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[at:end]
    tail = struct.pack("<HHHHIIH", 0, 0, 2, 2, 2 * len(entry), at, 0)
    path.write_bytes(data[:at] + entry + entry + b"PK\x05\x06" + tail)


def test_office_documents_are_not_archives_of_logs(tmp_path):
    path = make_zip(tmp_path / "a.xlsx", {"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})
    found, (problem,) = logs(path)
    assert (found, problem.what) == ([], "This is an Office document, not a log.")


def test_overlapping_members_are_refused(tmp_path):
    _overlapping(tmp_path / "a.zip")
    found, (problem,) = logs(tmp_path / "a.zip")
    assert (found, problem.what) == (
        [],
        "Members of the archive overlap: it looks like a decompression bomb.",
    )


def test_zip_with_excessive_stated_size(tmp_path):
    path = make_zip(tmp_path / "a.zip", {f"{n}": bytes(1 << 20) for n in range(5)})
    found, (problem,) = logs(path, limits=SMALL)
    assert (found, problem.where) == ([], str(path))
    assert (
        problem.what == "The file unpacks to far more than a log would: it looks like a decompression bomb."
    )


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
        found, (problem,) = logs(tmp_path / "a.zip")
        assert (found, problem.where) == ([], str(tmp_path / "a.zip"))
    middle = bytearray(data)
    at = data.index(b"PK\x03\x04", 1) - 5000  # near the end of the first member
    middle[at : at + 10] = bytes(10)
    (tmp_path / "a.zip").write_bytes(middle)
    (first, second), problems = logs(tmp_path / "a.zip")
    first_data, error = read(first)
    assert LINES.startswith(first_data[: -STEP_BYTES or None])
    assert isinstance(error, UnreadableError)
    assert (read(second), problems) == ((LINES, None), [])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_damage_to_an_archive(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    path = folder / "a"
    whole = bytearray(
        make_zip(path, {"a": b"one\n" * 99, "b": b"two\n" * 99}).read_bytes()
        if data.draw(st.booleans())
        else make_tar({"a": b"one\n" * 99, "b" * 120: b"two\n" * 99})
    )
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    found, _ = logs(path)
    for log_file in found:
        _, error = read(log_file)
        assert error is None or isinstance(error, UnreadableError | LimitError)
    assert list(folder.iterdir()) == [path]


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
        for name, kind in (
            ("link", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("dev", tarfile.CHRTYPE),
            ("fifo", tarfile.FIFOTYPE),
            ("dir", tarfile.DIRTYPE),
        ):
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


def test_archives_in_archives(tmp_path):
    inner = make_zip(tmp_path / "inner.zip", {"a.log": LINES}).read_bytes()
    outer = {
        "inner.zip": inner,
        "logs.tar.gz": COMPRESS["gz"](make_tar({"b.log": LINES, "c.gz": gzip.compress(LINES)})),
    }
    path = make_zip(tmp_path / "outer.zip", outer)
    found, problems = logs(path)
    assert [f.name for f in found] == [
        f"{path}!inner.zip!a.log",
        f"{path}!logs.tar.gz!b.log",
        f"{path}!logs.tar.gz!c.gz",
    ]
    assert problems == []
    assert [read(f) for f in found] == [(LINES, None)] * 3
    third = make_zip(tmp_path / "third.zip", {"outer.zip": path.read_bytes(), "good.log": b"x"})
    found, problems = logs(third)
    assert [f.name for f in found] == [f"{third}!good.log"]
    assert {p.what for p in problems} == {"There are more archives inside archives than the limit allows."}
    found, problems = logs(path, limits=Limits(max_nested_zip_bytes=1000))
    assert problems[0].what == "The archive inside an archive is larger than the limit allows."
    assert len(found) == 2


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_too_many_members(tmp_path, kind):
    members = {f"{n}.log": b"x" for n in range(11)}
    path = tmp_path / "a"
    if kind == "zip":
        make_zip(path, members)
    else:
        path.write_bytes(make_tar(members))
    _, problems = logs(path, limits=SMALL)
    assert [p.what for p in problems] == ["The archive has more members than the limit allows."]


def test_tar_header_that_is_too_large(tmp_path):
    header = bytearray(make_tar({"x": b""})[:512])
    header[156:157] = b"x"
    header[124:136] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(bytes(header) + bytes(5000))
    found, (problem,) = logs(tmp_path / "a.tar")
    assert (found, problem.what) == ([], "A header of the archive is larger than the limit allows.")
