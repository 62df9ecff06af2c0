"""Each layout of a list yields its values and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem

from .layouts import delimited_text, documents, records, rules
from .layouts.layout import Layout

LAYOUTS = [*delimited_text.LAYOUTS, *records.LAYOUTS, *documents.LAYOUTS, *rules.LAYOUTS]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_yields_its_values_and_no_others(layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / layout.name
    path.write_bytes(layout.data)
    problems: list[Problem] = []
    accepted = {item.value for item in read_list(str(path), problems.append) if isinstance(item, Indicator)}
    assert problems == []
    assert layout.values <= accepted <= layout.values | layout.may
