"""Lines of a followed file arrive once each, through any change of the file or end of the collector."""

from __future__ import annotations

import gzip
import os
import random
import shutil
from pathlib import Path

import pytest

from lamsach.collect.followed_file import Follower
from lamsach.collect.spool import Header, Spool, read_spool, spool_files
from lamsach.collect.streams import Stream


class Bench:
    """Followed file, and the collector's part of it, which can be restarted."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fw.log"
        self.spool = folder / "spool"
        self.spool.mkdir()
        self.sealed: list[bytes] = []
        self.written = 0
        self.start()

    def start(self) -> None:
        self.stream = Stream(
            Header("k", str(self.path), "followed", "default", 1), self.spool, self._full, None, 400
        )
        for path in spool_files(self.spool)[-1:]:
            spooled = read_spool(path)
            assert spooled is not None
            self.stream.resume(spooled)
        self.follower = Follower(self.path, self.stream)

    def crash(self) -> None:
        """End the process: nothing is closed in order."""
        self.follower.close()
        self.start()

    def _full(self, spool: Spool) -> None:
        pass  # the file stays, so that all lines can be looked at

    def write(self, lines: int = 1, *, end: bool = True) -> None:
        with self.path.open("ab") as file:
            for number in range(lines):
                self.written += 1
                last = number == lines - 1 and not end
                file.write(f"line {self.written} of the log".encode() + (b"" if last else b"\n"))

    def run(self) -> None:
        for _ in range(12):
            self.follower.step()

    def stored(self) -> list[str]:
        parts = []
        for path in spool_files(self.spool):
            spooled = read_spool(path)
            assert spooled is not None
            parts.append(spooled.raw)
        return b"".join(parts).decode().splitlines()

    def check(self) -> None:
        assert self.stored() == [f"line {n} of the log" for n in range(1, self.written + 1)]

    def rename(self, name: str = "fw.log.1") -> None:
        self.path.rename(self.path.with_name(name))

    def copy_and_empty(self, name: str = "fw.log.1") -> None:
        shutil.copyfile(self.path, self.path.with_name(name))
        os.truncate(self.path, 0)

    def compress(self, name: str) -> None:
        path = self.path.with_name(name)
        path.with_name(f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_file_that_grows(bench: Bench) -> None:
    bench.run()
    bench.write(3)
    bench.run()
    bench.write(1, end=False)
    bench.run()
    assert len(bench.stored()) == 3
    with bench.path.open("ab") as file:
        file.write(b"\n")
    bench.run()
    bench.check()


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("way", ["rename", "copy_and_empty"])
def test_each_line_is_stored_once_through_a_rotation(
    way: str, compressed: bool, down: bool, bench: Bench
) -> None:
    bench.write(5)
    bench.run()
    bench.write(4)  # not yet read when the file is rotated
    if not down and way == "copy_and_empty":
        bench.run()
    getattr(bench, way)()
    if compressed and (down or way == "copy_and_empty"):
        bench.compress("fw.log.1")
    if down:
        bench.crash()
    bench.write(6)
    bench.run()
    bench.write(2)
    bench.run()
    bench.check()


def test_several_rotations_while_nobody_watches(bench: Bench) -> None:
    bench.write(5)
    bench.run()
    bench.write(3)
    bench.rename("fw.log.3")
    bench.write(4)
    bench.rename("fw.log.2")
    bench.write(4)
    bench.rename("fw.log.1")
    for age, name in enumerate(("fw.log.1", "fw.log.2", "fw.log.3")):
        os.utime(bench.path.with_name(name), (1_660_000_000 - age * 100,) * 2)
    bench.compress("fw.log.3")
    os.utime(bench.path.with_name("fw.log.3.gz"), (1_660_000_000 - 300,) * 2)
    (bench.path.parent / "fw2.log").write_text("another log\n")
    bench.write(2)
    bench.crash()
    bench.run()
    bench.check()


def test_replacement_by_a_shorter_file(bench: Bench) -> None:
    bench.write(20)
    bench.run()
    bench.path.unlink()
    bench.write(1)
    bench.run()
    bench.check()


def test_the_last_line_of_a_renamed_file_may_lack_its_end(bench: Bench) -> None:
    bench.write(3)
    bench.run()
    bench.write(1, end=False)
    bench.rename()
    bench.write(2)
    bench.run()
    bench.check()


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_of_changes(seed: int, bench: Bench) -> None:
    rng = random.Random(seed)
    for turn in range(25):
        bench.write(rng.randrange(1, 9))
        match rng.randrange(6):
            case 0:
                bench.run()
                bench.rename(f"fw.log.{100 - turn}")
            case 1:
                bench.run()
                bench.copy_and_empty(f"fw.log.{100 - turn}")
                bench.run()
            case 2:
                bench.crash()
            case 3:
                bench.follower.step()
                bench.crash()
            case _:
                bench.run()
    bench.run()
    bench.check()


def test_a_record_cut_off_by_a_crash_is_read_from_the_file_again(bench: Bench) -> None:
    bench.write(4)
    bench.run()
    bench.write(2)
    bench.run()
    last = spool_files(bench.spool)[-1]
    os.truncate(last, last.stat().st_size - 5)
    bench.crash()
    bench.write(1)
    bench.run()
    bench.check()
