"""Files, folders, patterns, standard input and URLs; bad ones are reported once."""

from __future__ import annotations

import io
import os
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamsach.errors import UnreadableError
from lamsach.logs.opening.encodings import decode_line, encoding_of
from lamsach.logs.opening.inputs import HEAD_BYTES, find_logs

from .builders import COMPRESS, LINES, logs, make_tar, make_zip, read, read_one


def test_a_plain_file_has_name_size_and_time(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    os.utime(path, (1_780_000_000, 1_780_000_000))
    (log_file,), problems = logs(path)
    assert (log_file.name, log_file.size_bytes, problems) == (str(path), len(LINES), [])
    assert log_file.modified == datetime.fromtimestamp(1_780_000_000, UTC)
    assert log_file.head(100) == LINES[:100]
    assert log_file.head() == LINES[:HEAD_BYTES]
    assert read(log_file) == (LINES, None)
    assert read(log_file, 7) == (LINES, None)
    with log_file.open() as stream:
        while stream.readinto(memoryview(bytearray(len(LINES)))):
            pass
        assert stream.position == len(LINES)


def test_an_empty_file_gives_nothing(tmp_path):
    (tmp_path / "a.log").touch()
    (log_file,), problems = logs(tmp_path / "a.log")
    assert (log_file.head(), read(log_file), problems) == (b"", (b"", None), [])


def test_folder_pattern_and_duplicates(tmp_path):
    for name in ("b.log", "a.log", "deep/er/c.txt", "deep/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "again.log").symlink_to(tmp_path / "b.log")
    (tmp_path / "deep/loop").symlink_to(tmp_path)
    found, problems = logs(tmp_path)
    assert [f.name for f in found] == [
        str(tmp_path / name) for name in ("a.log", "again.log", "deep/.hidden", "deep/er/c.txt")
    ]  # b.log was already read through the link
    assert problems == []
    found, _ = logs(tmp_path / "*.log", tmp_path / "a.log")
    assert [f.name for f in found] == [str(tmp_path / "a.log"), str(tmp_path / "again.log")]
    found, _ = logs(tmp_path / "**/*.txt")
    assert [read(f)[0] for f in found] == [b"deep/er/c.txt"]


def test_deep_folders_are_searched(tmp_path):
    deep = tmp_path / "/".join("d" * 700)
    deep.mkdir(parents=True)
    (deep / "a.log").write_bytes(b"deep")
    (log_file,), problems = logs(tmp_path)
    assert (read(log_file), problems) == ((b"deep", None), [])


def test_name_with_brackets(tmp_path):
    (tmp_path / "fw[1].log").write_bytes(b"x")
    assert read_one(tmp_path / "fw[1].log") == (b"x", None)


def test_bad_inputs_are_reported_and_the_others_go_on(tmp_path):
    good = tmp_path / "z.log"
    good.write_bytes(b"good\n")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dead.log").symlink_to(tmp_path / "nothing")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    found, problems = logs(tmp_path / "missing", tmp_path / "*.none", "nul\0name", tmp_path)
    assert [f.name for f in found] == [str(good)]
    assert [(p.where.rsplit("/", 1)[-1].split(" ")[0], p.what) for p in problems] == [
        ("missing", "The file does not exist."),
        ("*.none", "No file matches this pattern."),
        ("'nul\\x00name'", "The file does not exist."),
        ("broken.zip", "The compressed data are damaged; what came before the damage was read."),
        ("dead.log", "The file does not exist."),
        ("fifo", "This is not a regular file; it was skipped."),
        ("self", "The file could not be read."),
    ]


def test_a_file_without_permission_is_a_problem(tmp_path, monkeypatch):
    path = tmp_path / "a.log"
    path.write_bytes(b"secret")
    real = os.open

    def refuse(name, *rest, **options):
        if name == str(path):
            raise PermissionError(13, "Permission denied")
        return real(name, *rest, **options)

    monkeypatch.setattr(os, "open", refuse)
    found, (problem,) = logs(path)
    assert not found
    assert (problem.where, problem.what) == (str(path), "No permission to read the file.")


def test_file_removed_before_opening(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(b"x")
    (log_file,), _ = logs(path)
    path.unlink()
    with pytest.raises(UnreadableError, match="does not exist"):
        log_file.open()
    with pytest.raises(UnreadableError, match="does not exist"):
        log_file.head()


def test_unlinked_while_open_is_read_to_its_end(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    (log_file,), _ = logs(path)
    with log_file.open() as stream:
        path.unlink()
        view = memoryview(bytearray(len(LINES)))
        count = total = stream.readinto(view)
        while count:
            count = stream.readinto(view[total:])
            total += count
        assert bytes(view[:total]) == LINES


def test_a_file_that_grows_is_read_to_the_size_at_opening(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    (log_file,), _ = logs(path)
    with log_file.open() as stream, path.open("ab") as writer:
        view = memoryview(bytearray(1 << 16))
        total = 0
        while count := stream.readinto(view):
            total += count
            writer.write(b"more\n" * 20_000)
            writer.flush()
    assert total == len(LINES)


def test_a_file_that_becomes_shorter(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    (log_file,), _ = logs(path)
    with log_file.open() as stream:
        count = stream.readinto(memoryview(bytearray(10_000)))
        os.truncate(path, 20_000)
        view = memoryview(bytearray(len(LINES)))
        while count < 20_000:
            count += stream.readinto(view)
        assert count == 20_000
        with pytest.raises(UnreadableError, match="became shorter"):
            stream.readinto(view)


class TestStandardInput:
    @pytest.fixture(autouse=True)
    def _stdin(self, monkeypatch):
        self.give = lambda data: monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    @pytest.mark.parametrize("kind", ["plain", *COMPRESS])
    def test_is_read_once_with_a_cached_head(self, kind):
        self.give(COMPRESS.get(kind, bytes)(LINES))
        (log_file,), problems = logs("-")
        assert (log_file.name, problems) == ("(standard input)", [])
        assert log_file.head(1000) == LINES[:1000]
        assert log_file.head() == LINES[:HEAD_BYTES]
        assert read(log_file) == (LINES, None)
        with pytest.raises(UnreadableError, match="only once"):
            log_file.open()

    def test_empty_standard_input_gives_nothing(self):
        self.give(b"")
        (log_file,), _ = logs("-")
        assert (log_file.head(), read(log_file)) == (b"", (b"", None))

    def test_archives_need_a_file(self, tmp_path):
        for data in (
            make_zip(tmp_path / "a.zip", {"a": b"x"}).read_bytes(),
            make_tar({"a": b"x"}),
            COMPRESS["gz"](make_tar({"a": b"x"})),
        ):
            self.give(data)
            found, (problem,) = logs("-")
            assert not found
            assert problem.what == "An archive cannot be read from standard input."


class TestOtherFileSystems:
    @pytest.fixture(autouse=True)
    def _memory(self):
        self.system = fsspec.filesystem("memory")
        yield
        self.system.store.clear()
        self.system.pseudo_dirs[:] = [""]

    def test_file_folder_and_pattern(self, tmp_path):
        self.system.pipe(
            {
                "/logs/b.log": b"b",
                "/logs/a.gz": COMPRESS["gz"](LINES),
                "/logs/z.zip": make_zip(tmp_path / "z.zip", {"in": LINES}).read_bytes(),
            }
        )
        (log_file,), _ = logs("memory://logs/b.log")
        assert (log_file.name, log_file.size_bytes, read(log_file)) == (
            "memory:///logs/b.log",
            1,
            (b"b", None),
        )
        found, problems = logs("memory://logs")
        assert [f.name.rsplit("/", 1)[-1] for f in found] == ["a.gz", "b.log", "z.zip!in"]
        assert [read(f)[0] for f in found] == [LINES, b"b", LINES]
        assert problems == []
        assert [f.name for f in logs("memory://logs/*.log")[0]] == ["memory:///logs/b.log"]

    @pytest.mark.parametrize("url", ["memory://none.log", "memory://*.none", "nosuchkind://x/y"])
    def test_a_bad_address_is_one_problem(self, url):
        found, problems = logs(url)
        assert (found, len(problems)) == ([], 1)
        assert problems[0].where.startswith(url)


TEXT = "dòng 1 evil.example\r\nĐơn vị 𝄞 2\r\n" * 3000


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize(
    "text", ["plain 192.0.2.1\n" * 5000, "plain 192.0.2.1\n" * 5000 + TEXT], ids=["ascii", "wide"]
)
def test_every_encoding_becomes_utf_8(tmp_path, encoding, shown, piece, text):
    if piece == 1:
        text = text[:500] + text[-500:]
    path = tmp_path / "a.log"
    path.write_bytes(text.encode(encoding))
    (log_file,), _ = logs(path)
    assert read(log_file, piece) == (text.encode(), None)
    assert log_file.encoding == shown
    assert log_file.head() == text.encode()[:HEAD_BYTES]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_cut_within_a_letter(tmp_path, encoding):
    path = tmp_path / "a.log"
    path.write_bytes("plain text\n".encode(encoding)[:-1])
    assert read_one(path) == (b"plain text", None)
    path.write_bytes("plain text 𝄞".encode(encoding)[:-2])
    assert read_one(path) == ("plain text \ufffd".encode(), None)


def test_utf16_behind_compression(tmp_path):
    path = tmp_path / "a.log.gz"
    path.write_bytes(COMPRESS["gz"](TEXT.encode("utf-16")))
    assert read_one(path) == (TEXT.encode(), None)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"caf\xe9 192.0.2.1\n",
        b"\0" * 5000 + b"date=1\n",
        b"a\0b" * 999,
        bytes(range(256)) * 100,
        b"\x1f\x8b",
        b"BZh9",
        b"\xfd7zX",
        b"PK",
    ],
)
def test_other_bytes_pass_unchanged(tmp_path, data):
    path = tmp_path / "a.log"
    path.write_bytes(data)
    assert read_one(path) == (data, None)


@given(st.binary(max_size=300))
def test_any_head_has_an_encoding(head):
    assert encoding_of(head) in {
        "utf-8",
        "utf-8-sig",
        "utf-16-le",
        "utf-16-be",
        "utf-32-le",
        "utf-32-be",
        "8-bit",
    }


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain\r\n", "plain"),
        ("Đơn vị".encode(), "Đơn vị"),
        ("Đơn vị".encode()[:-2], "Đơn v"),
        ("Nguyê\u0303n".encode("cp1258"), "Nguyễn"),
        (b"caf\xe9", "café"),
        (b"\x8a\xd2", "\x8aÒ"),
        (b"\0\0\0date=1\0\0", "date=1"),
        (b"a\0b", "a b"),
        (b"\x1b[0;33mJan 24\x1b[0m gw: \x1b[38;5;196mno\x1b[m\x1b[K\r\n", "Jan 24 gw: no"),
        (b"\x1b]0;title\x07a", "\x1b]0;title\x07a"),
        (b"", ""),
        (b"\xff", "ÿ"),
    ],
)
def test_a_single_line_is_decoded(line, text):
    assert decode_line(line) == text


@given(st.binary(max_size=200))
def test_decode_line_never_fails(line):
    text = decode_line(line)
    assert "\0" not in text
    assert len(text) <= len(line)


def test_cached_heads_are_limited(tmp_path):
    for n in range(200):
        (tmp_path / f"{n}.log").write_bytes(b"x" * 1000)
    found, _ = logs(tmp_path)
    assert {f.head() for f in found} == {b"x" * 1000}
    assert sum(f._head is not None for f in found) <= 64


def test_finding_is_lazy(tmp_path):
    (tmp_path / "a.log").write_bytes(b"a")
    first = next(
        find_logs([str(tmp_path / "a.log"), "/nowhere"], on_problem=lambda _: pytest.fail("not yet"))
    )
    assert read(first) == (b"a", None)


class TestTwoEncodings:
    """`>>` of PowerShell or `cmd` to a log that another program began."""

    WHAT = "Part of the text is in another encoding than its beginning, and was not searched."
    LINE = "2026-06-05 07:31:12 10.0.0.5 → evil.example, đã chặn\n"

    @pytest.mark.parametrize("times", [1, 3])
    @pytest.mark.parametrize("ends", [("utf-8", "utf-16-le"), ("utf-8", "utf-16-be"), ("utf-16", "ascii")])
    def test_parts_in_another_encoding_are_reported(self, tmp_path, ends, times):
        first, second = ends
        path = tmp_path / "a.log"
        lines = (LINES.decode() + self.LINE) * times
        path.write_bytes(lines.encode(first) + LINES.decode()[:200].encode(second) + lines.encode(first))
        (log_file,), _ = logs(path)
        assert read(log_file)[1].what == self.WHAT

    def test_a_lost_byte_is_reported(self, tmp_path):
        path = tmp_path / "a.log"
        path.write_bytes((self.LINE * 50).encode("utf-16") + b"x" + LINES.decode().encode("utf-16-le"))
        (log_file,), _ = logs(path)
        assert read(log_file)[1].what == self.WHAT

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
    @pytest.mark.parametrize(
        "text", ["中文日志没有字母的一整行文字" * 40 + "\n", LINES.decode() + "\0" * 5000, "a\0b\0c\n" * 50]
    )
    def test_one_encoding_is_not(self, tmp_path, text, encoding):
        path = tmp_path / "a.log"
        path.write_bytes((self.LINE * 50 + text + self.LINE).encode(encoding))
        (log_file,), _ = logs(path)
        assert read(log_file)[1] is None
