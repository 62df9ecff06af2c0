"""Filters of other hash functions are never queried, and can be rebuilt without changing the lines."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lamsach.archive import archive as archiving
from lamsach.archive.archive import writing
from lamsach.archive.export import export
from lamsach.archive.retention import reindex
from lamsach.archive.retro import retro
from lamsach.archive.verification import verify
from lamsach.investigate import Request
from tests.archive.builders import filled, firewall_log, write_list


def test_old_filters_are_not_asked_and_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, listed = tmp_path / "fw.log", write_list(tmp_path)
    log.write_text("\n".join(firewall_log(random.Random(2), 1500, 3)) + "\n")
    with monkeypatch.context() as older:
        older.setattr(archiving, "hash_check", lambda: "another version's")
        archive, _ = filled(tmp_path / "archive", log, chunk_bytes=8 << 10)
    before, _, plan = retro(archive, Request([""], [str(listed)]))
    assert plan.opened == plan.segments > 4
    with writing(archive) as writer:
        done = reindex(writer)
        assert done.segments == plan.segments
        assert reindex(writer).segments == 0
    assert verify(archive).problems == []
    after, _, plan = retro(archive, Request([""], [str(listed)]))
    assert plan.opened < plan.segments
    assert (after.sightings, after.coverage) == (before.sightings, before.coverage)
    assert next(iter(export(archive, tmp_path / "out"))).path.read_bytes() == log.read_bytes()
