"""Numbers of a submission: tracked changes, dittos, unknown and contradictory ones are never sure."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime

import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from .form_documents import DONE, TOLD, blank_book, read, retyped, saved, sheet


def tracked() -> bytes:
    """Strike out 05 and insert 07 with changes tracked; add a whole row the same way."""
    book = blank_book()
    cell = book.tables[0].cell(1, 2).paragraphs[0]._p
    cell.append(
        parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="a"><w:r><w:delText>05</w:delText></w:r></w:del>')
    )
    cell.append(parse_xml(f'<w:ins {nsdecls("w")} w:id="2" w:author="a"><w:r><w:t>07</w:t></w:r></w:ins>'))
    second = book.tables[0].rows[2]._tr
    removed = deepcopy(second)
    second.addnext(removed)
    removed.get_or_add_trPr().append(parse_xml(f'<w:del {nsdecls("w")} w:id="3" w:author="a"/>'))
    book.tables[0].cell(2, 2).text = "06"
    last = removed.tc_lst[2]
    last.p_lst[0].append(parse_xml(f"<w:r {nsdecls('w')}><w:t>99</w:t></w:r>"))
    return saved(book)


def test_tracked_changes_count_as_accepted() -> None:
    found = read(tracked())
    assert (found["informed"].value, found["deployed"].value) == (7, 6)


@pytest.mark.parametrize("mark", ["nt", "-nt-", '"', "như trên", "N/t"])
def test_a_ditto_is_the_number_above_and_never_sure(mark: str) -> None:
    found = read(retyped(("1", TOLD, "08"), ("2", DONE, mark)))["deployed"]
    assert (found.value, found.raw) == (8, mark)
    assert found.sure <= 0.5


@pytest.mark.parametrize(
    ("cell", "value"), [("chưa có số liệu", None), ("", None), ("xem phụ lục", None), ("không có", 0)]
)
def test_unknown_is_not_zero(cell: str, value: int | None) -> None:
    found = read(
        retyped(("TT", "Nội dung", "Số lượng", "Ghi chú"), ("1", TOLD, cell, ""), ("2", DONE, "05", ""))
    )
    assert found["informed"].value == value
    assert found["deployed"].value == 5


def test_two_places_that_differ_are_never_sure() -> None:
    found = read(retyped(("1", TOLD, "08"), ("2", DONE, "05"), ("1", TOLD, "80")))
    assert found["informed"].sure <= 0.4 < found["deployed"].sure


def test_a_day_that_a_spreadsheet_made_of_a_fraction_is_no_number() -> None:
    found = read(sheet(("TT", "Nội dung", "Số lượng"), (1, TOLD, datetime(2026, 12, 5)), (2, DONE, 5)))
    assert (found["informed"].value, found["informed"].raw) == (None, "05/12/2026")


def test_the_opposite_wording_is_not_the_row() -> None:
    found = read(retyped(("1", TOLD, "08"), ("2", "Tổng số đơn vị, tổ chức chưa triển khai chiến dịch", "3")))
    assert "deployed" not in found or found["deployed"].sure < 0.8
