"""Our own JSON lines read back: every fact, every place, and only canonical values."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.values.mappings import as_mapping
from lamsach.model import Indicator, IndicatorType, Problem, Reference, Refusal
from tests.indicators.writers.sample import SAMPLE

GOOD = {"type": "domain", "value": "bot-c2.xyz", "reference": {"document": "annex.pdf", "page": 2, "row": 7}}


def read(folder: Path, *lines: str) -> list[Indicator | Refusal]:
    path = folder / "list.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    problems: list[Problem] = []
    found = list(read_list(str(path), problems.append))
    assert not problems
    return found


def test_every_fact_and_place_is_read_back(tmp_path: Path) -> None:
    listed = [replace(item, other_references=(Reference("feed.txt", None, 3),)) for item in SAMPLE]
    found = read(tmp_path, *(json.dumps(as_mapping(item), ensure_ascii=False) for item in listed))
    at = f"{tmp_path / 'list.jsonl'}!"
    assert found == [
        replace(
            item,
            reference=Reference(f"{at}annex.pdf", 2, 7),
            other_references=(Reference(f"{at}feed.txt", None, 3),),
        )
        for item in listed
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", refusals.BAD_RECORD),
        ("[" * 50_000, refusals.BAD_RECORD),
        ('{"type": "domain"}', refusals.BAD_RECORD),
        (json.dumps({**GOOD, "type": "mutex"}), refusals.BAD_RECORD),
        (json.dumps({**GOOD, "valid_until": "soon"}), refusals.BAD_RECORD),
        (json.dumps({**GOOD, "value": "10.0.0.1", "type": "ip"}), refusals.PRIVATE),
        (json.dumps({**GOOD, "value": "com.vn"}), refusals.PUBLIC_SUFFIX),
        (json.dumps({**GOOD, "value": "203.0.113.5"}), refusals.WRONG_TYPE),
        (json.dumps({**GOOD, "value": "BOT-c2[.]xyz"}), refusals.WRONG_TYPE),
    ],
)
def test_an_invalid_line_is_refused_alone(line: str, reason: str, tmp_path: Path) -> None:
    first, second, third = read(tmp_path, json.dumps(GOOD), line, json.dumps(GOOD))
    assert isinstance(first, Indicator)
    assert isinstance(third, Indicator)
    assert isinstance(second, Refusal)
    assert (second.reason, second.reference.row) == (reason, 2)
    assert first.type is IndicatorType.DOMAIN
