"""Word processors' documents and workbooks: DOCX, OpenDocument, DOC, XLS, RTF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_lists
from lamsach.indicators.values import refusals
from lamsach.indicators.values.mappings import COLUMNS, as_mapping, as_row, from_mapping
from tests.indicators.builders import archive
from tests.indicators.document_samples import compound, doc, docx, opendocument, paragraph, word_table, xls

from .list_reader import read_content, read_sound, short

HASH = "0123456789abcdef" * 4


def word_parts(document: str) -> bytes:
    """Return a DOCX of its main part only."""
    return archive({"[Content_Types].xml": "", "word/document.xml": document})


def test_a_word_document(tmp_path: Path) -> None:
    body = (
        paragraph("Kính gửi các đơn vị, công cụ tại https://ais.gov.vn/cong-cu")
        + paragraph("Mã độc: Mozi")
        + word_table(
            [
                ["STT", "Địa chỉ IP", "Tên miền", "Mã độc"],
                ["1", "203.0.113[.]5", "bot-c2[.]xyz", "Mirai"],
                ["2", "203.0.113.6", "", "^"],
                ["3", "10.0.0.5", "", ""],
            ]
        )
        + paragraph("trang một\ftrang hai")
        + paragraph(f"{HASH[:30]}\n{HASH[30:]}")
        + '<w:p><w:hyperlink r:id="r1"><w:r><w:t>tải tại đây</w:t></w:r></w:hyperlink></w:p>'
        + ('<w:p><w:del><w:r><w:delText>evil-deleted.top</w:delText></w:r></w:del><w:ins><w:r>'
           '<w:t>evil-ins[.]top</w:t></w:r></w:ins></w:p>')
        + paragraph("", (f"<w:r><w:pict><w:txbxContent>{paragraph('hxxp://evil-box[.]top/a')}</w:"
                         "txbxContent></w:pict></w:r>"))
    )  # fmt: skip
    parts = {"footnotes": paragraph("evil-note[.]top"), "footer1": paragraph("www.cuc-a.com | trang 1")}
    found, refused = read_sound(tmp_path / "a.docx", docx(body, parts, {"r1": "https://tool-a.com/get"}))
    assert short(found) == [
        ("203.0.113.5", "Mirai", 1, 4),
        ("bot-c2.xyz", "Mirai", 1, 4),
        ("203.0.113.6", "Mirai", 1, 5),
        (HASH, "Mozi", 2, 8),
        ("evil-ins.top", "Mozi", 2, 10),
        ("http://evil-box.top/a", "Mozi", 2, 12),
        ("evil-note.top", None, None, 13),
    ]
    assert [(item.value, item.reason) for item in refused if item.type] == [
        ("https://ais.gov.vn/cong-cu", refusals.REFERENCE),
        ("10.0.0.5", refusals.PRIVATE),
        ("https://tool-a.com/get", refusals.REFERENCE),
        ("www.cuc-a.com", refusals.MARGIN),
    ]


@pytest.mark.parametrize("ruler", [["|---|:---:|---|"], []])
def test_bars_in_paragraphs_draw_a_table(ruler: list[str], tmp_path: Path) -> None:
    rows = [
        "| STT | Địa chỉ IP | Mã độc |",
        *ruler,
        "| 1 | 203.0.113.5 | Mirai |",
        "| 2 | 203.0.113.6 | Mozi |",
    ]
    texts = ["Danh sách | phụ lục", *rows, "Nguồn: evil-b[.]top | xem thêm", "Hết."]
    found, _ = read_sound(tmp_path / "a.docx", docx("".join(map(paragraph, texts))))
    first = 3 + len(ruler)
    assert [(value, threat, row) for value, threat, _, row in short(found)] == [
        ("203.0.113.5", "Mirai", first),
        ("203.0.113.6", "Mozi", first + 1),
        ("evil-b.top", None, first + 2),
    ]


def test_an_opendocument_spreadsheet(tmp_path: Path) -> None:
    def row(*cells: str, more: str = "") -> str:
        inner = "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in cells)
        return f"<table:table-row {more}>{inner}</table:table-row>"

    body = (
        '<table:table table:name="A">'
        + row("Danh sách")
        + (
            '<table:table-row table:number-rows-repeated="2"><table:table-cell '
            'table:number-columns-repeated="9"/></table:table-row>'
        )
        + row("Tên miền", "Mã độc")
        + row("evil-a[.]top", "Mozi")
        + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
        + "</table:table><table:table>"
        + row("203.0.113.5")
        + "</table:table>"
    )
    found, _ = read_sound(tmp_path / "a.ods", opendocument("spreadsheet", body))
    assert short(found) == [("evil-a.top", "Mozi", 1, 5), ("203.0.113.5", None, 2, 1)]


def test_an_opendocument_text(tmp_path: Path) -> None:
    body = (
        "<text:p>Máy chủ <text:span>hxxp://evil-a[.]top/x</text:span><text:line-break/>evil-b[.]top</text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>203.0.113.5</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    found, _ = read_sound(tmp_path / "a.odt", opendocument("text", body))
    assert short(found) == [
        ("http://evil-a.top/x", None, None, 1),
        ("evil-b.top", None, None, 1),
        ("203.0.113.5", None, None, 2),
    ]


def test_an_old_workbook(tmp_path: Path) -> None:
    data = xls([["STT", "Địa chỉ IP", "Mã độc"], [1.0, "203.0.113.5", "Mozi"], [2.0, "192.168.1.1", "x"]])
    for name, content in (("bare.xls", data), ("a.xls", compound({"Workbook": data}))):
        found, refused = read_sound(tmp_path / name, content)
        assert short(found) == [("203.0.113.5", "Mozi", 1, 2)]
        assert [item.reason for item in refused] == [refusals.PRIVATE]


def test_an_old_word_document(tmp_path: Path) -> None:
    text = (
        "Theo \x13 HYPERLINK evil-code.top \x14hxxp://evil-a[.]top/x\x15\rMã độc: Mozi\r"
        "STT\x07Địa chỉ IP\x07Mã độc\x07\x071\x07203.0.113[.]5\x07Mirai\x07\x072\x07203.0.113.6\x07\x07\x07"
        "\x0cevil-b[.]top\x0bevil-c[.]top\r"
    )
    found, _ = read_sound(tmp_path / "a.doc", doc(text))
    assert short(found) == [
        ("http://evil-a.top/x", None, 1, 1),
        ("203.0.113.5", "Mirai", 1, 4),
        ("203.0.113.6", "Mozi", 1, 5),
        ("evil-b.top", "Mozi", 2, 6),
        ("evil-c.top", "Mozi", 2, 6),
    ]


LOCKED = "The document is locked with a password."
OLD = "This Office file is in the old format or locked with a password."
REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "XML with entities": (
        "a.docx",
        lambda: word_parts(
            '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document '
            'xmlns:w="w"><w:body>&a;</w:body></w:document>'
        ),
        "The XML declares entities or a document type: this is how an XML bomb looks, so it is not read.",
    ),
    "XML bomb": (
        "a.docx",
        lambda: word_parts("<a>" + " " * 70_000_000 + "</a>"),
        "The file unpacks to far more than its size allows: this is how a decompression bomb looks.",
    ),
    "endless repetition": (
        "a.ods",
        lambda: opendocument(
            "spreadsheet",
            '<table:table><table:table-row table:number-rows-repeated="1000000"><table:table-cell>'
            "<text:p>evil-a.top</text:p></table:table-cell></table:table-row></table:table>",
        ),
        "The workbook repeats a row too often.",
    ),
    "locked workbook": (
        "a.xlsx",
        lambda: compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}),
        LOCKED,
    ),
    "old presentation": ("a.ppt", lambda: compound({"PowerPoint Document": b"x"}), OLD),
    "damaged compound file": ("b.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600, OLD),
    "locked DOC": ("b.doc", lambda: doc("evil-a[.]top", flags=0x0300), LOCKED),
    "damaged DOC": ("c.doc", lambda: compound({"WordDocument": b"x"}), "The document is damaged."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_locked_old_damaged_or_hostile_document_is_one_problem(tmp_path: Path, case: str) -> None:
    name, data, what = REFUSED[case]
    found, refused, problems = read_content(tmp_path / name, data())
    assert (found, refused, [problem.what for problem in problems]) == ([], [], [what])


RICH_TEXT = {
    "values without the header": (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 evil-font.top;}}{\info{\author evil-author.top}}"
        rb"M\'e3 \u273?\u7897?c: Mozi\par C2 \b hxxp://evil-a[.]top\b0 /x\par{\*\generator evil-gen.top;}"
        rb"\trowd\intbl IP\cell Malware\cell\row\intbl 203.0.113.9\par\cell Mirai\cell\row\pard\page "
        rb"evil-b[.]top\par}",
        [
            ("http://evil-a.top/x", "Mozi", 1, 2),
            ("203.0.113.9", "Mirai", 1, 4),
            ("evil-b.top", "Mozi", 2, 5),
        ],
    ),
    "merged cells hold for all their rows": (
        rb"{\rtf1\ansi\trowd\cellx2000\cellx4000\pard\intbl M\u227\'3f \u273\'3f\u7897\'3fc\cell IP\cell\row"
        rb"\trowd\clvmgf\cellx2000\cellx4000\intbl Mozi\cell 203.0.113.5\cell\row"
        rb"\trowd\clvmrg\cellx2000\cellx4000\intbl\cell 203.0.113.6\cell\row"
        rb"\trowd\cellx2000\cellx4000\intbl\cell 203.0.113.7\cell\row\pard\par}",
        [("203.0.113.5", "Mozi", 1, 2), ("203.0.113.6", "Mozi", 1, 3), ("203.0.113.7", None, 1, 4)],
    ),
    "cells of a nested table stay separate": (
        rb"{\rtf1\ansi\trowd\cellx2000\cellx4000\pard\intbl Indicator\cell Ghi ch\u250\'3f\cell\row"
        rb"\trowd\cellx2000\cellx4000\pard\intbl\itap2 203.0.113.5\nestcell "
        rb"bot.evil-a.top\nestcell{\*\nesttableprops\trowd\cellx1000\nestrow}"
        rb"\pard\intbl\cell C2\cell\row\pard\par}",
        [("203.0.113.5", "C2", 1, 2), ("bot.evil-a.top", "C2", 1, 2)],
    ),
    "endless groups": (b"{\\rtf1" + b"{" * 100_000, []),
    "bad escapes": (b"{\\rtf1 \\u99999999 \\'zz \\", []),
    "too many ends": (b"{\\rtf1}}}}}\\par x", []),
}


@pytest.mark.parametrize("case", RICH_TEXT)
def test_rich_text_is_read_with_threats_and_places(tmp_path: Path, case: str) -> None:
    data, expected = RICH_TEXT[case]
    found, _ = read_sound(tmp_path / "a.rtf", data)
    assert short(found) == expected


def test_words_around_a_value_and_the_dispatch_number_are_stored(tmp_path: Path) -> None:
    long = "Đơn vị cần rà soát. " * 30
    body = (
        paragraph("BỘ THỬ NGHIỆM")
        + paragraph("Số: 123/CATTT-NCSC")
        + paragraph(f"{long}Máy chủ điều khiển bot-c2[.]xyz được dùng từ tháng 3. {long}")
        + paragraph("evil-b[.]xyz")
        + word_table([["Địa chỉ", "Mã độc"], ["45.155.37.7", "Mozi"]])
    )
    found = {item.value: item for item in read_sound(tmp_path / "a.docx", docx(body))[0]}
    named = found["bot-c2.xyz"].reference
    assert named is not None
    assert named.words is not None
    assert "Máy chủ điều khiển bot-c2[.]xyz được dùng" in named.words
    assert len(named.words) < 220
    assert found["evil-b.xyz"].reference.words is None  # type: ignore[union-attr]
    assert {item.source for item in found.values()} == {"123/CATTT-NCSC"}
    assert found["45.155.37.7"].threat == "Mozi"


def test_a_table_in_markdown_has_the_dispatch_number_too(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "Số: 123/CATTT-NCSC\n\n| IP | Mã độc |\n|---|---|\n| 45.155.37.7 | Mozi |\n", encoding="utf-8"
    )
    found = read_lists([str(path)], lambda problem: None).indicators
    assert [(item.threat, item.source) for item in found] == [("Mozi", "123/CATTT-NCSC")]


def test_each_value_names_its_table(tmp_path: Path) -> None:
    body = (
        paragraph("Số: 123/CATTT-NCSC")
        + word_table([["Địa chỉ IP", "Mã độc"], ["45.155.37.7", "Mozi"]])
        + paragraph("bot-c2[.]xyz ngoài bảng")
        + word_table([["Tên miền", "Ghi chú"], ["evil-b.xyz", "máy chủ điều khiển dự phòng"]])
    )
    path = tmp_path / "a.docx"
    path.write_bytes(docx(body))
    found = {item.value: item for item in read_lists([str(path)], lambda problem: None).indicators}
    places = {
        value: (item.reference.table, item.reference.row) for value, item in found.items() if item.reference
    }
    assert places == {"45.155.37.7": (1, 3), "bot-c2.xyz": (None, 4), "evil-b.xyz": (2, 6)}
    assert found["evil-b.xyz"].reference.words == "evil-b.xyz | máy chủ điều khiển dự phòng"  # type: ignore[union-attr]
    assert as_mapping(found["evil-b.xyz"])["reference"]["table"] == 2
    assert from_mapping(as_mapping(found["evil-b.xyz"])).reference.table == 2  # type: ignore[union-attr]
    assert as_row(found["evil-b.xyz"])[COLUMNS.index("table")] == "2"
