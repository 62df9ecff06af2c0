"""Every line is counted for coverage, also after long lines."""

from __future__ import annotations

from lamsach.hunt import run
from lamsach.investigate import Request, investigate

CHUNK_BYTES = 1 << 16


def test_lines_behind_many_long_ones_are_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(run.hunt.__kwdefaults__, "chunk_bytes", CHUNK_BYTES)
    (tmp_path / "list.txt").write_text("c2.evil.example")
    log = tmp_path / "some.log"
    log.write_text(("x" * 2 * CHUNK_BYTES + "\n") * 60 + "a line of text\n" * 100)
    findings = investigate(Request(logs=[str(log)], lists=[str(tmp_path / "list.txt")]))[0]
    assert sum(row.lines for row in findings.coverage) == 160
