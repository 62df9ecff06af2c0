"""Documents: Decree 30's ranges in the PDF, properties of the DOCX.

Hostile texts are inert in every format.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lamsach.errors import UsageError
from lamsach.letters.dispatch import OwingUnit, reminder
from lamsach.letters.dispatch import dispatch as make_dispatch
from lamsach.letters.docx_ import to_docx
from lamsach.letters.form import Figure
from lamsach.letters.html import to_html
from lamsach.letters.json_ import to_json
from lamsach.letters.minutes import Contact, minutes
from lamsach.letters.model import Document, Head
from lamsach.letters.output import WRITERS, write, writer_for
from lamsach.letters.pdf import to_pdf
from lamsach.letters.xlsx import to_xlsx
from tests.conftest import require_program

from .letter_samples import (
    UNIT,
    cleaning,
    dispatch,
    filled,
    long_table,
    machine_minutes,
    reminding,
    unit_report,
)

MM = 72 / 25.4


KINDS: dict[str, Callable[[], Document]] = {
    "report": lambda: unit_report(annexes=(long_table(40),)),
    "dispatch": dispatch,
    "minutes": machine_minutes,
    "reminder": lambda: reminding(3),
    "reminder-to-many": lambda: reminding(40),
}


def pages(document: Document) -> list[Any]:
    import pdfplumber

    return list(pdfplumber.open(io.BytesIO(to_pdf(document))).pages)


def text_of(content: bytes) -> str:
    import pypdf

    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def test_margins_and_fonts_meet_the_decree() -> None:
    """Decree 30, Appendix I: A4, top and bottom 20-25 mm, left 30-35, right 15-20.

    Letters of 11 to 14 points; a page number only from the second page on, in the top margin.
    """
    for name, make in KINDS.items():
        for number, page in enumerate(pages(make())):
            assert (round(page.width / MM), round(page.height / MM)) == (210, 297), name
            body = [c for c in page.chars if c["text"].strip() and c["top"] > 20 * MM - 1]
            left, right = min(c["x0"] for c in body) / MM, (page.width - max(c["x1"] for c in body)) / MM
            assert 29.5 <= left <= 35, (name, number)
            assert right >= 14.9, (name, number)
            assert min(page.height - c["bottom"] for c in body) / MM >= 19, (name, number)
            assert {round(c["size"], 1) for c in body} <= {11, 12, 13, 14}, name
            assert all("Sans" not in c["fontname"] for c in page.chars), name
            if number == 0:
                assert [c for c in page.chars if c["bottom"] < 20 * MM] == [], name


def test_the_head_is_placed_by_the_decree() -> None:
    """Body and number left, nation and day right, the type's name centred below, 13-14 points, bold."""
    for name in ("report", "minutes"):
        page = pages(KINDS[name]())[0]
        middle = page.width / 2 + (30 - 20) * MM / 2
        (nation,), (motto,) = (
            page.search("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
            page.search("Độc lập - Tự do"),
        )
        kind = page.search("BÁO CÁO" if name == "report" else "BIÊN BẢN")[0]
        body = page.search(UNIT.upper())[0]
        assert nation["x0"] > body["x1"], name
        assert nation["top"] < motto["top"] < kind["top"], name
        assert (kind["x0"] + kind["x1"]) / 2 == pytest.approx(middle, abs=3), name
        assert {round(c["size"]) for c in kind["chars"]} <= {13, 14}, name
        assert all("Bold" in c["fontname"] for c in (*kind["chars"], *nation["chars"], *motto["chars"])), name
        assert 12 <= nation["chars"][0]["size"] <= 13, name


def test_names_of_two_hundred_letters_and_loose_marks_stay_on_the_page() -> None:
    """Also decomposed letters (NFD): they are composed, and nothing exceeds the margins."""
    name = unicodedata.normalize("NFD", "Trung tâm Nghiên cứu và Ứng dụng " * 6)[:230]
    head = Head(name, name, 1, "BC", "Hà Nội", date(2022, 2, 5))
    form = filled(texts={"unit": name, "assessment": name * 3, "proposals": ""}, issuer=name, receiver=name)
    machine = cleaning(facts=[("Tên máy", "PC-" + "X" * 60)], person=name, handler=name)
    for document in (
        unit_report(form=form, head=head, to=name, copies=(name,), campaign=name),
        minutes(machine, head, date(2022, 9, 15), position=name, signer=name),
        reminder(head, name, [OwingUnit(name, date(2022, 9, 26), name)] * 9, date(2022, 9, 28), contact=name),
        make_dispatch(head, name, name, [name] * 3, address=name),
    ):
        for page in pages(document):
            shown = [c for c in page.chars if c["text"].strip()]
            assert min(c["x0"] for c in shown) / MM >= 29.5
            assert (page.width - max(c["x1"] for c in shown)) / MM >= 14.9
            assert min(page.height - c["bottom"] for c in shown) / MM >= 15
            assert not [c for c in shown if unicodedata.combining(c["text"][0])]
        xml = zipfile.ZipFile(io.BytesIO(to_docx(document))).read("word/document.xml").decode()
        assert unicodedata.is_normalized("NFC", xml)


def test_rules_have_their_lengths() -> None:
    page = pages(dispatch())[0]
    (motto,) = page.search("Độc lập - Tự do - Hạnh phúc")
    (issuer,) = page.search(UNIT.upper())
    rules = sorted((line for line in page.lines if line["height"] < 1), key=lambda line: line["top"])
    under_motto = next(r for r in rules if abs(r["x0"] - motto["x0"]) < 2)
    assert under_motto["width"] == pytest.approx(motto["x1"] - motto["x0"], abs=2)
    assert 0 < under_motto["top"] - motto["bottom"] < 8
    under_issuer = next(r for r in rules if r["x1"] < page.width / 2)
    assert 1 / 3 <= under_issuer["width"] / (issuer["x1"] - issuer["x0"]) <= 1 / 2
    assert issuer["bottom"] < under_issuer["top"] < issuer["bottom"] + 12


def test_pages_are_numbered_from_the_second_and_appendices_anew() -> None:
    numbered = []
    for page in pages(unit_report(annexes=(long_table(100),))):
        above = [c["text"] for c in page.chars if c["bottom"] < 20 * MM]
        numbered.append("".join(above).strip())
    assert numbered == ["", "", "", "2", "3"]


def test_number_and_place_are_level_as_are_signature_and_recipients() -> None:
    page = pages(unit_report())[0]
    (number,), (place,) = (
        page.search("Số: 07/BC-CNTT"),
        page.search("Hà Nội, ngày 05 tháng 02 năm 2026|Hà Nội, ngày 05 tháng 02 năm 2022"),
    )
    assert number["top"] == pytest.approx(place["top"], abs=3)
    (recipients,), (position,) = page.search("Nơi nhận:"), page.search("GIÁM ĐỐC")
    assert recipients["top"] == pytest.approx(position["top"], abs=4)
    (name,) = page.search("Nguyễn Văn Minh Họa")
    assert 50 < name["top"] - position["bottom"] < 110
    assert (name["x0"] + name["x1"]) / 2 == pytest.approx((position["x0"] + position["x1"]) / 2, abs=2)


def test_the_pdf_is_tagged_embeds_its_fonts_and_is_the_same_twice() -> None:
    import pypdf

    content = to_pdf(unit_report())
    root: Any = pypdf.PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "vi"
    assert content.count(b"/FontFile") + content.count(b"FontFile2") > 0
    assert content == to_pdf(unit_report())


def test_a_heading_repeats_on_each_page_of_a_long_table() -> None:
    made = pages(unit_report(annexes=(long_table(120),)))
    table = made[2:]
    assert len(table) > 2
    assert all("Số lượng" in page.extract_text() for page in table)


def test_the_docx_has_styles_fields_and_properties() -> None:
    import docx

    content = to_docx(unit_report(annexes=(long_table(3),)))
    book = docx.Document(io.BytesIO(content))
    first: Any = book.sections[0]
    assert [round(first.left_margin.mm), round(first.right_margin.mm)] == [30, 20]
    assert {p.style.name for p in book.paragraphs if p.style} >= {"Heading 1", "Heading 2", "Body Text"}
    assert book.styles["Normal"].font.name == "Times New Roman"
    assert len(book.sections) == 3
    assert all(section.different_first_page_header_footer for section in book.sections)
    xml = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    assert xml.count("w:tblHeader") == 2
    assert xml.count('w:start="1"') == 3
    header = "".join(
        zipfile.ZipFile(io.BytesIO(content)).read(name).decode()
        for name in zipfile.ZipFile(io.BytesIO(content)).namelist()
        if "header" in name
    )
    assert header.count(" PAGE ") == 1


def test_another_program_lays_the_docx_out_as_our_pdf(tmp_path: Path) -> None:
    program = require_program("soffice")
    made = {name: make() for name, make in KINDS.items()}
    for name, document in made.items():
        (tmp_path / f"{name}.docx").write_bytes(to_docx(document))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [
        program,
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        *(str(tmp_path / f"{name}.docx") for name in made),
    ]
    subprocess.run(command, check=True, capture_output=True)
    import pypdf

    for name, document in made.items():
        theirs, ours = (tmp_path / f"{name}.pdf").read_bytes(), to_pdf(document)
        counts = [len(pypdf.PdfReader(io.BytesIO(content)).pages) for content in (theirs, ours)]
        assert counts[0] == counts[1], name
        assert counted(theirs) == counted(ours), name


def counted(content: bytes) -> Counter[str]:
    """Count the words of a PDF, without dotted lines."""
    import pdfplumber

    found = [
        word["text"] for page in pdfplumber.open(io.BytesIO(content)).pages for word in page.extract_words()
    ]
    return Counter(word for word in found if word.strip(".…"))


HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    '#import "x.typ" #panic() $x$ *b* _i_ `raw` @ref <label>',
    "<script>alert(1)</script> {{7*7}} {% include 'x' %}",
    "\x00\x1b[31m\u202egnp.exe \x0bPAGE",
    '{ INCLUDEPICTURE "http://evil.example" } &amp; ]]>',
    "+1+1",
    "-2",
    "@SUM(A1)",
    "Tên " + "rất dài " * 25,
    "\\u{41} \\n \\\\",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_stay_texts(text: str) -> None:
    form = filled(
        texts={"unit": text, "assessment": text, "proposals": text},
        figures={"informed": Figure(1, note=text), "deployed": Figure(2, 3, text)},
        issuer=text,
        receiver=text,
    )
    head = Head(text, text, 1, text, text)
    document = unit_report(form=form, head=head, to=text, copies=(text,))
    page = to_html(document).decode()
    assert "<script" not in page
    assert "49" not in page.replace(text, "")
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(document)))
    for sheet in book:
        assert [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []
    xml = zipfile.ZipFile(io.BytesIO(to_docx(document))).read("word/document.xml").decode()
    assert "w:instrText" not in xml
    assert "\u202e" not in xml
    content = to_pdf(document)
    first = next(
        word
        for word in ["evil.example", "#panic()", "7*7", "gnp.exe", "+1+1", "-2", "@SUM(A1)", "rất", "u{41}"]
        if word in text
    )
    assert squeezed(first) in squeezed(text_of(content))
    assert b"/URI" not in content
    assert json.loads(to_json(form))["texts"]["unit"] == text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_stay_texts_in_every_kind(text: str) -> None:
    head = Head(text, text, 1, text, text)
    owing = [OwingUnit(text, date(2022, 9, 26), text)] * 8
    machine = cleaning(facts=[("Tên máy", text)], contacts=[Contact(text, text, 1, None, None)], person=text)
    for document in (
        minutes(machine, head, date(2022, 9, 15), position=text, signer=text),
        reminder(head, text, owing, date(2022, 9, 28), asked=text, contact=text),
        make_dispatch(head, text, text, [text], address=text),
    ):
        content = to_pdf(document)
        assert b"/URI" not in content
        assert squeezed(text_of(content))
        xml = zipfile.ZipFile(io.BytesIO(to_docx(document))).read("word/document.xml").decode()
        assert "w:instrText" not in xml
        assert "\u202e" not in xml
        assert "<script" not in to_html(document).decode()


def test_empty_and_missing_things_leave_room() -> None:
    document = unit_report(form=filled(texts={}, figures={}), head=Head("A"), to="", copies=())
    for ending in WRITERS:
        assert len(writer_for(ending)(document)) > 500
    assert "…" in text_of(to_pdf(document)) or "...." in text_of(to_pdf(document))


def test_the_sheet_holds_numbers_as_numbers() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(unit_report()))).worksheets[0]
    values = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, int)]
    assert values == [1, 1234, 2, 25]


def test_another_ending_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write(unit_report(), tmp_path / "a.odt")
    assert list(tmp_path.iterdir()) == []
