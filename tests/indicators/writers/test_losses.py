"""docs/blocking.md states the same supported types and losses of each format as the code."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from lamsach.indicators.writers import BY_NAME, WRITERS
from lamsach.indicators.writers.base import HOST_AND_PATH, NAME_ONLY, WHOLE, Writer
from lamsach.model import IndicatorType

TEXT = (Path(__file__).parents[3] / "docs" / "blocking.md").read_text("utf-8")
T = IndicatorType
COLUMNS = (T.IP, T.NETWORK, T.DOMAIN, T.URL, T.MD5, T.SHA1, T.SHA256, T.JA3, T.JA4, T.EMAIL, T.FILE_NAME)
MEANINGS = {"yes": WHOLE, "no": None, "name only": NAME_ONLY, "no scheme": HOST_AND_PATH}
ROWS = {
    cells[0].strip("`"): cells
    for line in TEXT.splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == len(COLUMNS) + 4
    and cells[0].startswith("`")
    if cells[0] != "`--to`"
}


def test_every_output_has_its_row() -> None:
    assert list(ROWS) == [writer.name for writer in WRITERS]


@pytest.mark.parametrize("writer", WRITERS)
def test_the_row_agrees_with_the_writer(writer: Writer) -> None:
    cells = ROWS[writer.name]
    assert cells[1] == writer.title
    assert [MEANINGS[cell] for cell in cells[2:-2]] == [writer.holds.get(kind) for kind in COLUMNS]
    assert cells[-2] == (", ".join(sorted(writer.facts)) or "-")
    assert cells[-1] == ("yes" if writer.reads_back else "no")


def test_every_output_has_instructions() -> None:
    part = TEXT.partition("## How to use them")[2].partition("\n## ")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert named == set(BY_NAME)


def test_further_losses_are_documented() -> None:
    paragraph = TEXT.partition("Further losses")[2].partition("\n## ")[0]
    losing = [field for field in fields(Writer) if field.name in ("lost", "merged")]
    special = {
        writer.name
        for writer in WRITERS
        if any(getattr(writer, field.name) is not field.default for field in losing)
    }
    assert special - {"iptables", "ip6tables", "rpz", "openioc"} <= set(re.findall(r"`(\w+)`", paragraph))
