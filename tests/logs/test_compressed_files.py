"""Compressed files: complete, concatenated, truncated, damaged, hostile."""

from __future__ import annotations

import gzip
import io
import struct

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.limits import STEP_BYTES, Limits
from lamsach.logs.opening.sources import HandleSource, read_up_to
from lamsach.logs.opening.zstd import ZstdStreams

from .builders import COMPRESS, LINES, SMALL, logs, read, read_one, refused

KINDS = sorted(COMPRESS)
HALF = len(LINES) // 2


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

    @pytest.mark.parametrize("rest", [b"--- end of file ---\n", b"x", bytes(3000) + b"203.0.113.9\n"])
    def test_bytes_behind_the_end_are_reported(self, tmp_path, kind, piece, rest):
        (log_file,), _ = logs(self.path(tmp_path, COMPRESS[kind](LINES) + rest))
        data, error = read(log_file, piece)
        assert data == LINES
        assert error.what == "Bytes behind the end of the compressed data were not read."

    def test_a_stream_behind_padding_is_read(self, tmp_path, kind, piece):
        data = COMPRESS[kind](LINES[:HALF]) + bytes(700) + COMPRESS[kind](LINES[HALF:])
        (log_file,), _ = logs(self.path(tmp_path, data))
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
    assert got == LINES
    assert error.what == "The compressed data are damaged; what came before the damage was read."


def test_gzip_header_with_everything(tmp_path):
    body = gzip.compress(LINES)[10:]
    header = b"\x1f\x8b\x08" + bytes([2 | 4 | 8 | 16]) + bytes(6) + struct.pack("<H", 300) + b"x" * 300
    (tmp_path / "a").write_bytes(header + b"name.log\0" + b"c" * 5000 + b"\0" + b"hh" + body)
    assert read_one(tmp_path / "a") == (LINES, None)
    (tmp_path / "b").write_bytes(header + b"n" * 100_000)
    assert refused(tmp_path / "b")


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
    what = "The compressed data ask for more memory than the limit allows."
    assert refused(tmp_path / "a.zst") == what
    (tmp_path / "a.xz").write_bytes(COMPRESS["xz"](LINES))
    assert refused(tmp_path / "a.xz", limits=Limits(max_memory_bytes=1 << 20)) == what


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


def test_no_room_reads_nothing_of_zstd() -> None:
    """An empty view is neither the end nor damage."""
    packed = zstandard.ZstdCompressor().compress(b"a line\n" * 99999)
    source = ZstdStreams(HandleSource(io.BytesIO(packed), "a.zst"), Limits())
    assert source.readinto(memoryview(bytearray())) == 0
    view = memoryview(bytearray(3))
    assert (source.readinto(view), bytes(view)) == (3, b"a l")
    assert source.readinto(memoryview(bytearray())) == 0
    assert read_up_to(source, 1 << 20) == (b"a line\n" * 99999)[3:]
