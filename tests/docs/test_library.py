"""Examples of docs/library.md, executed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "library.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (csv,) = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)
    Path("annex.csv").write_text(csv, encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(examples) == 5
    names: dict[str, object] = {}
    for example in examples:
        exec(compile(example, "docs/library.md", "exec"), names)
    assert Path("lamsach.zone").read_text().count("bot-c2.xyz CNAME .") == 2
