"""Tables of PDFs whose narrow columns break names, and rows of a page's layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators import refusals
from lamsach.indicators.layout import Rows, broken_value, cell_text
from lamsach.indicators.reading import read_list
from lamsach.model import Indicator, IndicatorType, Problem, Refusal
from tests.indicators.documents_made import pdf

COLUMNS = (40, 80, 180, 330, 430)


def drawn(rows: list[list[str]]) -> bytes:
    """A page's program that draws a table cell by cell, as word processors do; `\\n` parts the lines of a cell."""
    program, top = "", 780
    for row in rows:
        for x, cell in zip(COLUMNS, row, strict=True):
            for place, line in enumerate(cell.split("\n")):
                text = line.replace("(", "\\(").replace(")", "\\)")
                program += f"BT /F1 9 Tf 1 0 0 1 {x} {top - 11 * place} Tm ({text}) Tj ET\n"
        top -= 11 * max(cell.count("\n") + 1 for cell in row)
    return program.encode("latin-1")


def read(tmp_path: Path, data: bytes) -> tuple[dict[str, Indicator], dict[str, str]]:
    path = tmp_path / "annex.pdf"
    path.write_bytes(data)
    problems: list[Problem] = []
    found = list(read_list(str(path), problems.append))
    assert not problems
    return {item.value: item for item in found if isinstance(item, Indicator)}, {
        item.value: item.reason for item in found if isinstance(item, Refusal)
    }


def test_names_that_a_column_breaks_are_whole_and_threats_stay_in_their_column(tmp_path: Path) -> None:
    rows = [
        ["STT", "Dia chi IP", "Ten mien", "Ma doc", "IP may bi nhiem"],
        ["1", "203.0.113.4", "long-subdomain-\nname1.evil-\nsite1[.]co\nm", "Lumma\nStealer", "198.51.100.7"],
        ["2", "203.0.113.5\n203.0.113.6", "", "Mirai", ""],
        ["3", "", "long-subdomain-\nname2.evil-\nsite2[.]c\nom", "Cobalt\nStrike", ""],
        ["4", "203.0.113.7", "one.evil-x[.]top\ntwo.evil-x[.]top", "Mozi", ""],
    ]
    taken, refused = read(tmp_path, pdf([["x"]], drawn(rows)))
    assert {value: item.threat for value, item in taken.items()} == {
        "203.0.113.4": "Lumma Stealer",
        "long-subdomain-name1.evil-site1.com": "Lumma Stealer",
        "203.0.113.5": "Mirai",
        "203.0.113.6": "Mirai",
        "long-subdomain-name2.evil-site2.com": "Cobalt Strike",
        "203.0.113.7": "Mozi",
        "one.evil-x.top": "Mozi",
        "two.evil-x.top": "Mozi",
    }
    assert refused == {"198.51.100.7": refusals.VICTIM}
    reference = taken["203.0.113.4"].reference
    assert reference is not None
    assert (reference.page, reference.table) == (1, 1)


def test_a_row_goes_on_over_a_page_break_and_the_footer() -> None:
    first = ["No   Domain          Threat", "1    long-evil-      Mozi", "     name[.]c", "", "Page 1"]
    second = ["        om", "2    other[.]top     Mirai"]
    rows = Rows()
    found = [*rows.page(1, first), *rows.page(2, second), *rows.end()]
    assert [[parts for _, parts in row.cells] for row in found] == [
        [["No"], ["Domain"], ["Threat"]],
        [["1"], ["long-evil-", "name[.]c", "om"], ["Mozi"]],
        [["2"], ["other[.]top"], ["Mirai"]],
    ]
    assert [(row.page, row.line) for row in found] == [(1, 1), (1, 2), (2, 2)]


def test_an_indented_line_of_text_is_no_part_of_a_row_above_a_blank_line() -> None:
    rows = Rows()
    found = [*rows.page(1, ["1    evil[.]top    Mozi", "", "     see below"]), *rows.end()]
    assert [parts for _, parts in found[0].cells] == [["1"], ["evil[.]top"], ["Mozi"]]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["evil-", "site[.]top"], "evil-site[.]top"),
        (["hxxp://evil-x[.]top/", "a/b.exe"], "hxxp://evil-x[.]top/a/b.exe"),
        (["averylongsubdomainof", "thing.evil-x[.]top"], "averylongsubdomainofthing.evil-x[.]top"),
        (["one.evil-x[.]top", "two.evil-x[.]top"], "one.evil-x[.]top\ntwo.evil-x[.]top"),
        (["Lumma", "evil-x.top"], "Lumma\nevil-x.top"),
        (["203.0.113.4", "evil-x.top"], "203.0.113.4\nevil-x.top"),
        (["https://evil-x.top/a/", "https://evil-y.top/b"], "https://evil-x.top/a/\nhttps://evil-y.top/b"),
        (["hxxp://evil-x[.]top/?a=1", "0" * 16, "1" * 15 + "a"], "hxxp://evil-x[.]top/?a=1\n" + "0" * 16 + "1" * 15 + "a"),
        (["May chu", "C&C"], "May chu\nC&C"),
    ],
)  # fmt: skip
def test_a_cells_lines_as_one_text(parts: list[str], text: str) -> None:
    assert cell_text(parts) == text


def test_what_the_pieces_of_a_broken_name_read_as() -> None:
    assert broken_value(["a-", "b.evil-x[.]co", "m"]) == (
        (IndicatorType.DOMAIN, "a-b.evil-x.com"),
        {"a", "b.evil-x.co", "b.evil-x.com", "a-b.evil-x.co", "m"},
    )
    assert broken_value(["one.evil-x[.]top", "two.evil-x[.]top"]) is None
    assert broken_value(["evil-x[.]top"]) is None
