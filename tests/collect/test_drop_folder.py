"""Drop folders: regular files only, without blocking the collector."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lamsach.archive.archive import Archive, Writer, writing
from lamsach.archive.segment import Description
from lamsach.archive.segment_facts import Describer
from lamsach.archive.verification import verify
from lamsach.collect import drop_folder
from lamsach.collect.drop_folder import DropFolder
from tests.poll import until

from .test_service import PATIENCE_S, collecting, lines


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drop_folder, "SETTLED_SECONDS", 0.0)


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and links")
def test_links_and_pipes_are_left_alone(tmp_path: Path) -> None:
    drop, secret = tmp_path / "drop", tmp_path / "secret.log"
    drop.mkdir()
    secret.write_text("password of the collector\n")
    (drop / "link.log").symlink_to(secret)
    (drop / "endless.log").symlink_to("/dev/zero")
    os.mkfifo(drop / "pipe.log")
    (drop / "true.log").write_text("a line\n")
    archive = Archive(str(tmp_path / "archive"), create=True)
    folder = DropFolder(drop, "default")
    with writing(archive) as writer:
        for _ in range(2):
            list(folder.step(writer))
    assert lines(tmp_path) == ["a line"]


@pytest.mark.skipif(os.name != "posix", reason="needs pipes")
def test_a_followed_pipe_blocks_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.log")
    (tmp_path / "b.log").write_text("a line\n")
    with collecting(tmp_path, follow=(str(tmp_path / "*.log"),), seal_seconds=0.0) as running:
        until(lambda: Archive(str(tmp_path / "archive")).segments())
        assert running.problems == []
    assert lines(tmp_path) == ["a line"]


def test_segments_are_written_while_a_large_file_is_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, at_work, go_on = tmp_path / "drop", threading.Event(), threading.Event()
    drop.mkdir()
    (drop / "large.log").write_text("a line of a large file\n" * 1000)
    describe = Describer.describe

    def slowly(describer: Describer, raw: bytes, into: Description) -> None:
        if raw.startswith(b"a line of a large"):
            at_work.set()
            assert go_on.wait(PATIENCE_S)
        describe(describer, raw, into)

    monkeypatch.setattr(Describer, "describe", slowly)
    with collecting(tmp_path, tcp=0, drop=drop, seal_seconds=0.0) as running:
        try:
            assert at_work.wait(PATIENCE_S)
            with socket.create_connection(("127.0.0.1", running.ports["tcp"])) as connection:
                connection.sendall(b"<13>Oct 11 22:14:15 gw app: meanwhile\n")
            until(lambda: Archive(str(tmp_path / "archive")).segments())
        finally:
            go_on.set()
        until(lambda: len(Archive(str(tmp_path / "archive")).segments()) == 2)
    assert verify(Archive(str(tmp_path / "archive"))).problems == []


def test_a_partly_archived_file_is_continued(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "large.log").write_text("".join(f"line {number}\n" for number in range(9000)))
    archive = Archive(str(tmp_path / "archive"), create=True)
    archive.settings["chunk_bytes"] = 4096
    runs, done = 0, []
    while not done:
        runs += 1
        folder = DropFolder(drop, "default")
        with writing(archive) as writer:
            list(folder.step(writer))
            done = list(folder.step(writer, _after(1)))
    assert runs > 2
    assert lines(tmp_path) == [f"line {number}" for number in range(9000)]
    assert verify(archive).problems == []


def _after(times: int) -> Callable[[], bool]:
    answers = iter([False] * times)
    return lambda: next(answers, True)


def test_two_threads_write_one_chain(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"), create=True)

    def record(writer: Writer, name: str) -> None:
        for number in range(40):
            writer.record("test", name=name, number=number)

    with writing(archive) as writer:
        threads = [threading.Thread(target=record, args=(writer, name)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert verify(archive).problems == []
    assert len(archive.entries()) == 120
