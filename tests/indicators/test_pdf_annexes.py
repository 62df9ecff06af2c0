"""Annexes as PDFs of several programs: listed values are accepted, the others reported."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import typst
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import canonical_values
from lamsach.model import Indicator, Problem, Refusal
from tests.conftest import require_program
from tests.indicators.annex_samples import Annex, annexes, as_docx, as_page, as_typst

from .list_reader import read_sound


class Score(NamedTuple):
    values: int
    accepted: int
    wrong: list[str]
    """Accepted values that nobody listed."""
    lost: list[str]
    """Listed values that were neither accepted nor named in a refusal."""


def score(path: Path, tables: Sequence[Annex]) -> Score:
    problems: list[Problem] = []
    found = list(read_list(str(path), problems.append))
    assert problems == []
    listed = {canonical_values(value)[0][1]: value for annex in tables for value in annex.values}
    accepted = {item.value for item in found if isinstance(item, Indicator)}
    refused = [item for item in found if isinstance(item, Refusal)]
    assert all(item.reference.page and item.reference.row for item in refused)
    named = [item.value for item in refused]
    lost = [
        written for value, written in listed.items() if value not in accepted and not is_named(written, named)
    ]
    return Score(len(listed), len(accepted & listed.keys()), sorted(accepted - listed.keys()), lost)


def is_named(value: str, named: Sequence[str]) -> bool:
    """Return whether a refusal holds a value, or two on either side of a page end do."""
    return any(value in text for text in named) or any(
        any(text.endswith(value[:place]) for text in named)
        and any(text.startswith(value[place:]) for text in named)
        for place in range(1, len(value))
    )


def check_scores(scores: Sequence[Score], minimum: float) -> None:
    """Check that nothing is wrong or lost, and little refused."""
    assert [found.wrong for found in scores] == [[]] * len(scores)
    assert [found.lost for found in scores] == [[]] * len(scores)
    assert all(found.accepted >= minimum * found.values for found in scores), scores


@pytest.mark.long
def test_ten_thousand_values_of_word_documents_and_typst(tmp_path: Path) -> None:
    """Columns of 1.6 to 6 cm in Times New Roman of 12 to 14 points, rows over pages; one without rules."""
    soffice = require_program("soffice")
    documents = {tmp_path / f"word{seed}": annexes(seed, 20, 32) for seed in range(3)}
    for path, tables in documents.items():
        as_docx(path.with_suffix(".docx"), tables)
    documents[free := tmp_path / "free"] = annexes(6, 10, 16)
    as_docx(free.with_suffix(".docx"), documents[free], style="Normal Table")
    subprocess.run(
        [soffice, f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), *(f"{path}.docx" for path in documents)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    for seed in range(3, 6):
        tables = documents[tmp_path / f"typst{seed}"] = annexes(seed, 20, 32)
        (tmp_path / f"typst{seed}.pdf").write_bytes(typst.compile(as_typst(tables).encode()))
    scores = [score(path.with_suffix(".pdf"), tables) for path, tables in documents.items()]
    assert sum(found.values for found in scores) >= 10_000
    check_scores(scores, 0.95)
    check_scores([score(untagged(free.with_suffix(".pdf")), documents[free])], 0.9)


@pytest.mark.parametrize(
    "style",
    [
        "border:1px solid;word-break:break-all;text-align:center;vertical-align:middle",
        "border-left:1px solid;border-right:1px solid;overflow-wrap:anywhere;text-align:right",
        "border-top:1px solid;border-bottom:1px solid;overflow-wrap:anywhere",
        "overflow-wrap:anywhere",
        "word-break:break-all;text-align:right;vertical-align:bottom",
    ],
)
def test_a_browsers_pages(style: str, tmp_path: Path) -> None:
    """Words broken anywhere in centred cells, with upright rules, level ones, or none.

    The tags state the cells; without tags the rules do, or the order of drawing.
    """
    chromium = require_program("chromium")
    tables = annexes(7, 10, 12)
    page = tmp_path / "annex.html"
    page.write_text(as_page(tables, style), encoding="utf-8")
    path = tmp_path / "annex.pdf"
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/browser",
         "--no-pdf-header-footer", f"--print-to-pdf={path}", str(page)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    check_scores([score(path, tables)], 0.95)
    check_scores([score(untagged(path), tables)], 0.9)


def untagged(path: Path) -> Path:
    """Write the document without its structure, as printers and older programs do."""
    writer = PdfWriter(clone_from=path)
    del writer._root_object["/StructTreeRoot"]
    writer.write(bare := path.with_stem("untagged"))
    return bare


@pytest.mark.parametrize("align", ["left", "center + horizon", "right + bottom"])
def test_texts_that_run_into_the_next_column(align: str, tmp_path: Path) -> None:
    """Typst draws an overlong digest over its neighbours.

    With tags each is whole; without them uncertain ones are reported and not accepted.
    """
    path = tmp_path / "annex.pdf"
    tables = annexes(11, 10, 14)
    path.write_bytes(typst.compile(as_typst(tables, f"stroke: none, align: {align},").encode()))
    check_scores([score(path, tables)], 0.99)
    check_scores([score(untagged(path), tables)], 0.3)


def numbered(tmp_path: Path) -> Path:
    path = tmp_path / "annex.pdf"
    cells = rows("STT", "Địa chỉ IP", "1", "203.0.113[.]1", "2", "203.0.113[.]2")
    path.write_bytes(typst.compile(f"#table(columns: 2, stroke: none, {cells})".encode()))
    return path


def struct(writer: PdfWriter, kind: str) -> list[DictionaryObject]:
    objects = (item.get_object() for item in writer._objects if item is not None)
    return [item for item in objects if isinstance(item, DictionaryObject) and item.get("/S") == kind]


def loop(writer: PdfWriter) -> None:
    table = struct(writer, "/Table")[0]
    table[NameObject("/K")] = ArrayObject([table["/K"], struct(writer, "/Document")[0].indirect_reference])


def wrong_kinds(writer: PdfWriter) -> None:
    for row in struct(writer, "/TR"):
        row[NameObject("/K")] = NumberObject(-1)


def wide(writer: PdfWriter) -> None:
    for cell in struct(writer, "/TD"):
        cell[NameObject("/A")] = DictionaryObject({NameObject("/ColSpan"): NumberObject(10**9)})


def upside_down(writer: PdfWriter) -> None:
    table = struct(writer, "/Table")[0]
    table[NameObject("/K")] = ArrayObject(reversed(table["/K"]))


def no_page(writer: PdfWriter) -> None:
    for cell in struct(writer, "/TD"):
        cell[NameObject("/Pg")] = NumberObject(3)


def test_broken_or_wrong_tags_are_ignored(tmp_path: Path) -> None:
    path = numbered(tmp_path)
    for harm in (loop, wrong_kinds, wide, upside_down, no_page):
        writer = PdfWriter(clone_from=path)
        harm(writer)
        writer.write(harmed := tmp_path / f"{harm.__name__}.pdf")
        found = list(read_list(str(harmed), lambda problem: None))
        assert [item.value for item in found] == ["203.0.113.1", "203.0.113.2"], harm.__name__


SHA256 = "0f4c" * 16
MD5 = "0f4c9a1b" * 4


def read(
    tmp_path: Path, markup: str, options: str = "#set page(width: 12cm, height: 12cm)"
) -> tuple[list[Indicator], list[Refusal]]:
    text = f'{options}\n#set text(font: "Libertinus Serif", size: 10pt)\n{markup}'
    return read_sound(tmp_path / "annex.pdf", typst.compile(text.encode()))


def rows(*cells: str) -> str:
    return ", ".join(
        cell if cell.startswith("table") else '[#"' + cell.replace("\n", '"\\ #"') + '"]' for cell in cells
    )


def test_ambiguous_cut_values_are_refused_by_page_and_row(tmp_path: Path) -> None:
    halves = f"{SHA256[:32]}\n{SHA256[32:]}"
    width = "columns: (1cm, auto)"
    found, refused = read(
        tmp_path, f"#table({width}, {rows('STT', 'IOC', '1', halves, '2', '203.0.113[.]7')})"
    )
    assert [item.value for item in found] == ["203.0.113.7"]
    assert [(item.value, item.reason, item.reference.page) for item in refused] == [(SHA256, refusals.CUT, 1)]
    assert refused[0].reference.row
    named, refused = read(
        tmp_path, f"#table({width}, {rows('STT', 'SHA-256', '1', halves, '2', SHA256[::-1])})"
    )
    assert {item.value for item in named} == {SHA256, SHA256[::-1]}
    assert refused == []


def test_numbered_rows_without_a_value_are_reported(tmp_path: Path) -> None:
    cells = rows("STT", "Địa chỉ IP", "Ghi chú", "1", "203.0.113[.]1", "", "2", "", "đã gỡ", "3",
        "203.0.113[.]3", "", "6", "203.0.113[.]6", "")  # fmt: skip
    found, refused = read(tmp_path, f"#table(columns: 3, {cells})")
    assert [item.value for item in found] == ["203.0.113.1", "203.0.113.3", "203.0.113.6"]
    by_reason = {item.reason: item.value for item in refused}
    assert by_reason[refusals.ROWS_WITHOUT_VALUE] == "2"
    assert by_reason[refusals.ROWS_MISSING] == "4, 5"


def test_complete_rows_cause_no_warning(tmp_path: Path) -> None:
    cells = rows("STT", "Địa chỉ IP", "1", "203.0.113[.]1", "2", "10.0.0.1", "3", "203.0.113[.]3")
    _, refused = read(tmp_path, f"#table(columns: 2, {cells})")
    assert [(item.value, item.reason) for item in refused] == [("10.0.0.1", refusals.PRIVATE)]


def test_merged_cells_and_headings_of_two_lines(tmp_path: Path) -> None:
    heads = (
        "table.cell(rowspan: 2)[STT], table.cell(colspan: 2)[Dấu hiệu], table.cell(rowspan: 2)[Mã độc], "
        "[Địa chỉ IP], [Tên miền]"
    )
    body = (
        "[1], [203.0.113\\[.\\]1], [evil-a\\[.\\]top], table.cell(rowspan: 2)[Mozi], "
        f"{rows('2', '203.0.113[.]2', 'evil-b[.]top')}"
    )
    found, _ = read(tmp_path, f"#table(columns: 4, {heads}, {body})")
    assert {item.value: item.threat for item in found} == {
        "203.0.113.1": "Mozi",
        "evil-a.top": "Mozi",
        "203.0.113.2": "Mozi",
        "evil-b.top": "Mozi",
    }


@pytest.mark.parametrize("stroke", ["", "stroke: (x, y) => (left: 1pt, right: 1pt),"])
@pytest.mark.parametrize("turn", ["", "#rotate(90deg, reflow: true)"])
def test_pages_on_their_side_and_upright_rules_alone(turn: str, stroke: str, tmp_path: Path) -> None:
    cells = rows("STT", "Mã băm", "Địa chỉ IP", "1",
        f"{SHA256[:20]}\n{SHA256[20:40]}\n{SHA256[40:60]}\n{SHA256[60:]}", "203.0.113[.]1", "2", MD5,
        "203.0.113[.]2")  # fmt: skip
    found, refused = read(tmp_path, f"{turn}[#table(columns: 3, {stroke} {cells})]")
    assert {item.value for item in found} >= {"203.0.113.1", "203.0.113.2"}
    assert {item.value for item in found} <= {SHA256, MD5, "203.0.113.1", "203.0.113.2"}
    assert SHA256 in {item.value for item in (*found, *refused)}


def test_a_cell_continues_over_the_page_and_headings_are_repeated(tmp_path: Path) -> None:
    link = "hxxp://evil-site[.]example/" + "/".join(f"part{number}" for number in range(60))
    cells = rows("1", "203.0.113[.]1", "2", link, "3", "203.0.113[.]3")
    found, refused = read(
        tmp_path,
        f"#table(columns: (1cm, 4cm), table.header([STT], [URL]), {cells})",
        '#set page(width: 8cm, height: 7cm, margin: 1cm, numbering: "1")',
    )
    assert [item.value for item in found] == [
        "203.0.113.1",
        link.replace("hxxp", "http").replace("[.]", "."),
        "203.0.113.3",
    ]
    assert refused == []
    assert [item.reference.page for item in found if item.reference][-1] > 1  # type: ignore[operator]


def test_a_text_in_a_box_and_underlined_words_are_no_table(tmp_path: Path) -> None:
    text = (
        "#rect[Máy chủ tại evil-a\\[.\\]top] #underline[Kính gửi] #underline[các đơn vị] và evil-b\\[.\\]top"
    )
    found, refused = read(tmp_path, text)
    assert [(item.value, item.reference.table) for item in found if item.reference] == [
        ("evil-a.top", None),
        ("evil-b.top", None),
    ]
    assert refused == []
