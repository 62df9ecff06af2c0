"""Every output of a trace: figures, both lists, hostile texts inert, both languages."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.errors import UsageError
from lamsach.letters.model import Paragraph
from lamsach.model import Problem
from lamsach.trace.formats.terminal import show
from lamsach.trace.letter import MAX_ROWS, Letter, document_of
from lamsach.trace.model import Request, Trace, Why
from lamsach.trace.output import LETTERS, WRITERS, check, write
from lamsach.trace.reasons import CERTAINTIES, TODO, WHY
from lamsach.trace.run import trace
from tests.chromium import chromium
from tests.results.texts import SOURCE, python_texts, texts_of

from .unit_logs import HOSTILE, make_unit

LETTER = Letter(
    "Bộ Ví dụ", "Trung tâm Công nghệ thông tin", "5/ttcntt-attt", "Hà Nội", date(2026, 11, 5),
    ("Cơ quan chức năng",), "Công văn số 12/ABC ngày 04/11/2026", "Giám đốc", "Họ Và Tên", "ATTT"
)  # fmt: skip


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return made(tmp_path_factory.mktemp("unit"), "Mirai")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return made(tmp_path_factory.mktemp("hostile"), HOSTILE)


def made(folder: Path, threat: str) -> Trace:
    path = make_unit(folder, threat=threat)
    return trace(Request([str(path)], [str(folder / "logs")], inventory=str(folder / "machines.csv")))


def written(result: Trace, folder: Path, suffix: str, language: str = "vi") -> bytes:
    path = folder / f"trace{suffix}"
    write(result, path, language, LETTER)
    return path.read_bytes()


def printed(result: Trace, language: str) -> str:
    stream = io.StringIO()
    show(result, Console(file=stream, width=100, no_color=True, highlight=False), language)
    return stream.getvalue()


def test_the_terminal_shows_the_result_first_and_both_lists(result: Trace) -> None:
    text = printed(result, "vi")
    assert text.splitlines()[0] == "Cơ quan chức năng nêu 8, giải thích được 6."
    assert "Giải thích được (6)" in text
    assert "Chưa giải thích được (2)" in text
    assert max(map(len, text.splitlines())) <= 100
    assert printed(result, "en").startswith("The authority names 8, 6 can be explained.")


def test_the_same_of_several_rows_is_shown_once(result: Trace, tmp_path: Path) -> None:
    same = tuple(Problem(f"pcs.csv:{row}", "Twice.", minor=True) for row in (4, 9))
    doubled = replace(result, problems=same)
    assert "- pcs.csv:4, 9: Twice.\n" in printed(doubled, "en")
    page = written(doubled, tmp_path, ".html", "en").decode()
    assert "<bdi>pcs.csv:4, 9</bdi>: Twice." in page
    assert not re.search(r"\d :\d", page), "an address and its port are adjacent"


def test_hostile_texts_reach_no_terminal(hostile: Trace) -> None:
    assert "\x1b" not in printed(hostile, "vi")
    assert "\u202e" not in printed(hostile, "vi")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_is_alone_and_inert(hostile: Trace, tmp_path: Path, language: str) -> None:
    page = written(hostile, tmp_path, ".html", language).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert VIETNAMESE["Explained"] in page if language == "vi" else "Explained" in page


@pytest.mark.browser
def test_the_page_fits_a_phone_and_loads_nothing(result: Trace, tmp_path: Path) -> None:
    written(result, tmp_path, ".html")
    with chromium() as browser:
        for width in (360, 1440):
            page = browser.new_page(viewport={"width": width, "height": 900})
            requests: list[str] = []
            complaints: list[str] = []
            page.on("request", lambda request, seen=requests: seen.append(request.url))
            page.on("console", lambda message, seen=complaints: seen.append(message.text))
            page.goto((tmp_path / "trace.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.locator("#explained tbody tr").count() == 6
            assert page.locator("#unexplained tbody tr").count() == 2
            assert (len(requests), complaints) == (1, [])


def test_the_csv_has_every_row_and_no_formula(hostile: Trace, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(written(hostile, tmp_path, ".csv").decode("utf-8-sig"))))
    assert [row["record"] for row in rows] == ["result"] + ["row"] * 8
    assert rows[1]["name"] == "PC-00"
    assert rows[1]["threat"].startswith("'=HYPERLINK")
    assert {row["explained"] for row in rows[7:]} == {"false"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]


def test_the_workbook_has_every_sheet_and_no_formula(hostile: Trace, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(written(hostile, tmp_path, ".xlsx", "en")))
    assert book.sheetnames == [
        "Summary",
        "Machines",
        "Explained",
        "Not explained",
        "Candidates",
        "Evidence",
        "Not read",
    ]
    assert book["Explained"].max_row == 7
    assert book["Not explained"].max_row == 3
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_the_json_lines_hold_everything(result: Trace, tmp_path: Path) -> None:
    records = [json.loads(line) for line in written(result, tmp_path, ".jsonl").splitlines()]
    assert (records[0]["record"], records[0]["listed"], records[0]["explained"]) == ("trace", 8, 6)
    rows = [record for record in records if record["record"] == "row"]
    assert rows[0]["candidates"][0]["evidence"][0]["line"] == 1
    assert rows[7]["why"] in set(Why)


def document(data: bytes) -> str:
    """Return the text of a DOCX, paragraph by paragraph; every XML part has to be well-formed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        trees = {
            name: ElementTree.fromstring(archive.read(name))
            for name in archive.namelist()
            if name.endswith((".xml", ".rels"))
        }
    paragraphs = []
    for paragraph in trees["word/document.xml"].iter(
        "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}p"
    ):
        parts = [part for part in paragraph.iter() if part.tag.rpartition("}")[2] in ("t", "br")]
        paragraphs.append("".join(part.text or "" if part.tag.endswith("}t") else " " for part in parts))
    return "\n".join(paragraphs)


def test_the_letter_states_the_findings(result: Trace, tmp_path: Path) -> None:
    text = document(written(result, tmp_path, ".docx"))
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "BỘ VÍ DỤ", "TRUNG TÂM CÔNG NGHỆ THÔNG TIN",
        "Số: 05/TTCNTT-ATTT", "Hà Nội, ngày 05 tháng 11 năm 2026", "V/v kết quả rà soát",
        "Kính gửi: Cơ quan chức năng", "Phúc đáp Công văn số 12/ABC ngày 04/11/2026", "nêu 8 kết nối",
        "giải thích được 6 kết nối, thuộc 6 máy", "GIÁM ĐỐC", "Họ Và Tên", "Nơi nhận:", "- Lưu: VT, ATTT.",
        "Phụ lục",
        "Kèm theo Công văn số 05/TTCNTT-ATTT ngày 05 tháng 11 năm 2026 của Trung tâm Công nghệ thông tin",
        "Máy 6", "Trân trọng./.",
    ):  # fmt: skip
        assert part in text, part


def test_the_letter_names_no_person_and_no_inside_address(result: Trace, tmp_path: Path) -> None:
    text = document(written(result, tmp_path, ".docx"))
    for secret in ("Người dùng", "10.1.0.", "PC-0", "02:00:00"):
        assert secret not in text


def test_what_is_not_stated_stays_open(result: Trace) -> None:
    letter = document_of(result, Letter())
    assert (letter.head.number, letter.head.day, letter.head.symbol) == (None, None, "")
    assert letter.to == ("……………………",)


@pytest.mark.parametrize(
    ("number", "stated"),
    [
        ("5/ttcntt", (5, "TTCNTT")),
        ("05/TTCNTT-KTHT", (5, "TTCNTT-KTHT")),
        ("17", (17, "")),
        ("TTCNTT", (None, "TTCNTT")),
        ("", (None, "")),
    ],
)
def test_number_and_symbol(result: Trace, number: str, stated: tuple[int | None, str]) -> None:
    head = document_of(result, Letter(number=number)).head
    assert (head.number, head.symbol) == stated


def test_a_line_before_the_position_is_the_authority(result: Trace) -> None:
    signature = document_of(result, Letter(position="KT. GIÁM ĐỐC\nPHÓ GIÁM ĐỐC")).signature
    assert (signature.authority, signature.position) == ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")


def test_hostile_texts_in_a_letter_are_only_texts(hostile: Trace, tmp_path: Path) -> None:
    strange = Letter(
        body=HOSTILE,
        place='#eval("1")',
        addressees=("]]>&<w:p/>", '#image("/etc/passwd")'),
        signer="\x00\ufffe",
    )
    for suffix in LETTERS:
        write(hostile, tmp_path / f"x{suffix}", "vi", strange)
    text = document((tmp_path / "x.docx").read_bytes())
    assert "]]>&<w:p/>" in text
    assert "<script>" in text


def test_the_letter_as_pdf(result: Trace, tmp_path: Path) -> None:
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(written(result, tmp_path, ".pdf"))).pages
    assert (round(pages[0].mediabox.width), round(pages[0].mediabox.height)) == (595, 842)
    assert "Số: 05/TTCNTT-ATTT" in " ".join(pages[0].extract_text().split())
    assert "Phụ lục" in pages[-1].extract_text()


def test_a_long_annex_counts_omitted_rows(result: Trace) -> None:
    many = replace(
        result, answers=result.answers[:6] + tuple(replace(result.answers[7]) for _ in range(MAX_ROWS + 3))
    )
    texts = [
        block.text
        for block in document_of(many, Letter()).appendices[0].blocks
        if isinstance(block, Paragraph)
    ]
    assert texts == ["Còn 3 dòng trong kết quả đầy đủ lưu tại đơn vị."]


@pytest.mark.parametrize("suffix", [*WRITERS, *LETTERS])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_kind_is_written_in_both_languages(
    result: Trace, tmp_path: Path, suffix: str, language: str
) -> None:
    assert len(written(result, tmp_path, suffix, language)) > 500


def test_an_unknown_kind_is_refused_before_the_work() -> None:
    with pytest.raises(UsageError):
        check(Path("trace.odt"))


def stages(path: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(call, ast.Call)
            and getattr(call.func, "id", "") == "say"
            and isinstance(call.args[0], ast.Constant)
        ):
            yield call.args[0].value


def test_every_text_is_translated() -> None:
    texts = (
        {text for _, text in texts_of("trace")}
        | set(stages(SOURCE / "trace" / "run.py"))
        | set(python_texts((SOURCE / "cli" / "trace.py").read_text("utf-8")))
    )
    assert {"Reading the NAT records.", "Explained", "certain"} <= texts
    assert not sorted(texts - VIETNAMESE.keys())


def test_every_reason_has_words_and_a_next_step() -> None:
    assert set(WHY) == set(TODO) == set(Why)
    assert len(CERTAINTIES) == 3
