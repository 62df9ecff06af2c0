"""The limits of a scan: memory, time, processes, trees of a hundred thousand entries, racing links."""

from __future__ import annotations

import io
import lzma
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from lamsach.scanner import workers
from lamsach.scanner.examine import Examiner, FileReport, Settings
from lamsach.scanner.file_walk import Walk
from lamsach.scanner.findings import Skip
from lamsach.scanner.options import Limits
from lamsach.scanner.rules import rule_sources

from .planted import EICAR, scan_paths

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the bounds of the system are Linux's")

MEASURED = """
import resource, sys
megabytes = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
from lamsach.scanner.full_scan import scan
from lamsach.scanner.options import Mode, Options
if __name__ == "__main__":
    result = scan(Options(Mode.PATHS, [sys.argv[1]], jobs=int(sys.argv[3]), nice=False))
    print(len(result.findings), dict(result.skipped), result.counts.files, result.stopped)
"""


def heavy(folder: Path) -> None:
    """Write a tree that needs much memory.

    Large files, nested archives, a dictionary of 32 MB, and the test file in each.
    """
    folder.mkdir()
    for number in range(220):
        (folder / f"{number}.txt").write_bytes(b"text " * 2000)
    (folder / "program.bin").write_bytes(b"\x7fELF" + os.urandom(1 << 20) * 24)
    with (folder / "holes.bin").open("wb") as stream:
        stream.truncate(200 << 20)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bad.com", EICAR)
        archive.writestr("large.bin", bytes(12 << 20))
    with zipfile.ZipFile(folder / "outer.zip", "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 32 << 20}]
    packed = lzma.compress(os.urandom(1 << 20) * 18, filters=filters)
    (folder / "large.xz").write_bytes(packed)
    (folder / "bad.com").write_bytes(EICAR)


@LINUX
def test_a_scan_needs_at_most_three_hundred_megabytes(tmp_path: Path) -> None:
    """Two workers and their parent, each limited to 100 MB of private memory.

    No file is skipped for lack of it.
    """
    heavy(tmp_path / "tree")
    script = tmp_path / "measured.py"
    script.write_text(MEASURED)
    words = [sys.executable, str(script), str(tmp_path / "tree"), "100", "2"]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "2 {} 225", ran.stdout + ran.stderr[-2000:]


@LINUX
def test_what_needs_too_much_memory_is_listed(tmp_path: Path) -> None:
    """The workers' own limit: a larger dictionary is reported, and the rest of the tree is examined."""
    import zstandard

    folder = tmp_path / "tree"
    folder.mkdir()
    for number in range(220):
        (folder / f"{number}.com").write_bytes(EICAR if number == 219 else b"x")
    parameters = zstandard.ZstdCompressionParameters(window_log=27, strategy=1, write_content_size=0)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    pieces = [stream.compress(os.urandom(1 << 20)), *(stream.compress(bytes(1 << 20)) for _ in range(140))]
    data = b"".join([*pieces, stream.flush()])
    (folder / "wide.zst").write_bytes(data)
    result = scan_paths(folder, jobs=3)
    assert len(result.findings) == 1
    assert result.skipped
    assert {skip.subject.rpartition("/")[2].partition("!")[0] for skip in result.skips} == {"wide.zst"}


def test_the_workers_share_the_memory_of_a_scan() -> None:
    share = (workers.SCAN_BYTES - workers.PARENT_BYTES) // 3
    assert workers.default_jobs() <= 3
    assert share >= workers.WORKER_BYTES
    assert workers.PARENT_BYTES + 3 * share <= 300 << 20


SLOW = "rule slow { condition: for any i in (0..100000000000) : (i == filesize + 1000000000000) }"


@pytest.mark.parametrize("one_ends", [False, True])
def test_a_scan_ends_in_time_with_stuck_workers(tmp_path: Path, one_ends: bool) -> None:
    """A rule that would occupy every worker for a minute per file."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for number in range(230):
        (folder / f"{number:03}.txt").write_bytes(b"x" * 100)
    (tmp_path / "slow.yar").write_text(SLOW)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    killer = threading.Timer(1.5, _kill_one, [before])
    if one_ends:
        killer.start()
    result = scan_paths(folder, jobs=2, rules=[str(tmp_path / "slow.yar")], limits=Limits(total_seconds=3))
    killer.cancel()
    assert result.stopped == "time"
    assert "slow" not in result.skipped
    remaining = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    _, alive = psutil.wait_procs(
        [child for child in remaining if "resource_tracker" not in " ".join(_words(child))], timeout=30
    )
    assert alive == []


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return list(process.cmdline())
    return []


def _kill_one(before: set[int]) -> None:
    for child in psutil.Process().children(recursive=True):
        if child.pid not in before and "spawn_main" in " ".join(_words(child)):
            child.kill()
            return


@pytest.fixture
def swift(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory if possible: a disk takes a minute for a hundred thousand files."""
    if os.access("/dev/shm", os.W_OK):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            yield Path(folder)
    else:
        yield tmp_path


def test_a_hundred_thousand_entries(swift: Path) -> None:
    """Half of them are hard links of one file, which is yielded once."""
    tmp_path = swift
    first = tmp_path / "first"
    first.write_bytes(b"x")
    many = 100_000
    for number in range(100):
        folder = tmp_path / f"{number:02}"
        folder.mkdir()
        for inner in range(many // 100):
            path = f"{folder}/{inner}"
            if inner % 2 or sys.platform != "linux":
                with open(path, "xb"):
                    pass
            else:
                os.link(first, path)
    skips: Counter[str] = Counter()

    def on_skip(skip: Skip) -> None:
        skips[skip.reason] += 1

    walk = Walk([str(tmp_path)], on_skip)
    entries = sum(1 for _ in walk)
    assert entries + sum(map(len, walk.names.values())) == many + 1
    assert not skips


NAMES = (
    "Đơn vị Kế toán".encode(),
    "Đơn vị Kế toán".encode("cp1258", "replace"),
    "会計".encode("gb18030"),
    "会計".encode("shift_jis"),
    "会計".encode("euc-jp"),
    "Бухгалтерия".encode("koi8-r"),
    "Бухгалтерия".encode("cp1251"),
    "é".encode("latin-1"),
    "e\u0301".encode(),
    b"\xff\xfe\x00"[:2],
    bytes(range(1, 47)),
    bytes(range(48, 256)),
    b"-rf",
    b"--",
    b" ",
    b"%s%n{}",
    b"\xed\xa0\x80",
    b"a" * 251,
    "\u202egnp.exe".encode(),
)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes there")
@pytest.mark.parametrize("language", ["vi", "en"])
def test_names_in_every_encoding(tmp_path: Path, language: str) -> None:
    from lamsach.scanner.report.output import write_result

    folder = tmp_path / "tree"
    folder.mkdir()
    for name in NAMES:
        with open(os.fsencode(folder) + b"/" + name + b".com"[: 255 - len(name)], "wb") as stream:
            stream.write(EICAR)
    result = scan_paths(folder)
    found = {os.fsencode(finding.subject) for finding in result.findings if finding.reason == "own_rule"}
    assert len(found) == len(set(NAMES))
    for ending in (".html", ".zip", ".jsonl", ".json"):
        write_result(result, tmp_path / f"result{ending}", language)
    text = (tmp_path / "result.html").read_text("utf-8")
    assert "\u202e" not in text


@LINUX
def test_a_scan_never_reads_through_a_racing_link(tmp_path: Path) -> None:
    """A user keeps replacing a file of theirs by a link to another person's, while an administrator scans."""
    secret = tmp_path / "secret.com"
    secret.write_bytes(EICAR)
    folder = tmp_path / "theirs"
    folder.mkdir()
    file, link = folder / "f.com", folder / "link"
    file.write_bytes(b"mine")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            with suppress(OSError):
                link.symlink_to(secret)
                os.replace(link, file)
            with suppress(OSError):
                (folder / "fresh").write_bytes(b"mine")
                os.replace(folder / "fresh", file)

    examiner, report = Examiner(Settings(rule_sources())), FileReport()
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(2000):
            examiner.examine(str(file), report)
    finally:
        stop.set()
        thread.join()
    file.unlink(missing_ok=True)
    file.write_bytes(b"mine")
    examiner.examine(str(file), report)  # on a busy machine, earlier scans may have missed the own file
    assert not report.findings
    assert report.counts.files
    assert {skip.reason for skip in report.skips} <= {"link", "vanished", "changed"}
    assert secret.read_bytes() == EICAR


@LINUX
@pytest.mark.parametrize("change", ["shorter", "longer", "gone", "unreadable"])
def test_a_file_that_changes_while_read_is_reported(
    tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"x" * 300_000)
    examiner = Examiner(Settings(rule_sources(), limits=Limits(window_bytes=1 << 16, overlap_bytes=1 << 10)))
    real = Examiner._search

    def meanwhile(*words: object, **named: object) -> None:
        if change == "gone":
            file.unlink(missing_ok=True)
        elif change == "unreadable":
            raise OSError(5, "the disk")
        else:
            os.truncate(file, 10 if change == "shorter" else 900_000)
        real(*words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Examiner, "_search", meanwhile)
    report = FileReport()
    examiner.examine(str(file), report)
    expected = {"gone": [], "unreadable": ["disk_error"]}.get(change, ["changed"])
    assert [skip.reason for skip in report.skips] == expected
