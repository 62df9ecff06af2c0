"""DOCX, OpenDocument, XLS, RTF, PDF, e-mail and Outlook messages."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from lamsach.documents.pdf import document as pictures
from lamsach.documents.pdf.document import PdfLimits
from lamsach.indicators.lists import read_list, read_lists
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import COLUMNS, as_mapping, as_row, from_mapping
from lamsach.model import Indicator, Problem, Refusal
from tests.indicators.builders import archive
from tests.indicators.document_samples import (
    compound,
    doc,
    docx,
    opendocument,
    paragraph,
    pdf,
    word_table,
    xls,
)

HASH = "0123456789abcdef" * 4


def reading(
    folder: Path, name: str, data: bytes, *, ocr: bool = False
) -> tuple[list[Indicator], list[Refusal], list[Problem]]:
    path = folder / name
    path.write_bytes(data)
    problems: list[Problem] = []
    items = list(read_list(str(path), problems.append, ocr=ocr))
    return (
        [item for item in items if isinstance(item, Indicator)],
        [item for item in items if isinstance(item, Refusal)],
        problems,
    )


def short(items: list[Indicator]) -> list[tuple[str, str | None, int | None, int | None]]:
    return [
        (item.value, item.threat, item.reference.page, item.reference.row) for item in items if item.reference
    ]


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
    found, refused, problems = reading(
        tmp_path, "a.docx", docx(body, parts, {"r1": "https://tool-a.com/get"})
    )
    assert problems == []
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
    (tmp_path / "a.docx").write_bytes(docx("".join(map(paragraph, texts))))
    found = list(read_list(str(tmp_path / "a.docx"), [].append))
    assert [(item.value, item.threat) for item in found if isinstance(item, Indicator)] == [
        ("203.0.113.5", "Mirai"),
        ("203.0.113.6", "Mozi"),
        ("evil-b.top", None),
    ]
    first = 3 + len(ruler)
    assert [item.reference.row for item in found if item.reference] == [first, first + 1, first + 2]


def test_a_word_document_with_entities_is_not_read(tmp_path: Path) -> None:
    xml = (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document '
        'xmlns:w="w"><w:body>&a;</w:body></w:document>'
    )
    found, refused, problems = reading(
        tmp_path, "a.docx", archive({"[Content_Types].xml": "", "word/document.xml": xml})
    )
    assert (found, refused) == ([], [])
    assert "entities" in problems[0].what


def test_a_word_bomb_ends(tmp_path: Path) -> None:
    data = archive({"[Content_Types].xml": "", "word/document.xml": b"<a>" + b" " * 70_000_000 + b"</a>"})
    found, _, problems = reading(tmp_path, "a.docx", data)
    assert found == []
    assert "bomb" in problems[0].what


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
    found, _, problems = reading(tmp_path, "a.ods", opendocument("spreadsheet", body))
    assert problems == []
    assert short(found) == [("evil-a.top", "Mozi", 1, 5), ("203.0.113.5", None, 2, 1)]


def test_an_opendocument_sheet_with_endless_repetition(tmp_path: Path) -> None:
    body = (
        '<table:table><table:table-row table:number-rows-repeated="1000000"><table:table-cell>'
        "<text:p>evil-a.top</text:p></table:table-cell></table:table-row></table:table>"
    )
    found, _, problems = reading(tmp_path, "a.ods", opendocument("spreadsheet", body))
    assert found == []
    assert problems[0].what == "The workbook repeats a row too often."


def test_an_opendocument_text(tmp_path: Path) -> None:
    body = (
        "<text:p>Máy chủ <text:span>hxxp://evil-a[.]top/x</text:span><text:line-break/>evil-b[.]top</text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>203.0.113.5</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    found, _, problems = reading(tmp_path, "a.odt", opendocument("text", body))
    assert problems == []
    assert short(found) == [
        ("http://evil-a.top/x", None, None, 1),
        ("evil-b.top", None, None, 1),
        ("203.0.113.5", None, None, 2),
    ]


def test_an_old_workbook(tmp_path: Path) -> None:
    data = xls([["STT", "Địa chỉ IP", "Mã độc"], [1.0, "203.0.113.5", "Mozi"], [2.0, "192.168.1.1", "x"]])
    for name, content in (("bare.xls", data), ("a.xls", compound({"Workbook": data}))):
        found, refused, problems = reading(tmp_path, name, content)
        assert problems == []
        assert short(found) == [("203.0.113.5", "Mozi", 1, 2)]
        assert [item.reason for item in refused] == [refusals.PRIVATE]


def test_locked_and_old_office_files_are_distinguished(tmp_path: Path) -> None:
    _, _, locked = reading(tmp_path, "a.xlsx", compound({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}))
    assert locked[0].what == "The document is locked with a password."
    _, _, old = reading(tmp_path, "a.ppt", compound({"PowerPoint Document": b"x"}))
    assert "old format" in old[0].what
    _, _, damaged = reading(tmp_path, "b.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 600)
    assert damaged


def test_an_old_word_document(tmp_path: Path) -> None:
    text = (
        "Theo \x13 HYPERLINK evil-code.top \x14hxxp://evil-a[.]top/x\x15\rMã độc: Mozi\r"
        "STT\x07Địa chỉ IP\x07Mã độc\x07\x071\x07203.0.113[.]5\x07Mirai\x07\x072\x07203.0.113.6\x07\x07\x07"
        "\x0cevil-b[.]top\x0bevil-c[.]top\r"
    )
    found, _, problems = reading(tmp_path, "a.doc", doc(text))
    assert problems == []
    assert short(found) == [
        ("http://evil-a.top/x", None, 1, 1),
        ("203.0.113.5", "Mirai", 1, 4),
        ("203.0.113.6", "Mozi", 1, 5),
        ("evil-b.top", "Mozi", 2, 6),
        ("evil-c.top", "Mozi", 2, 6),
    ]
    _, _, locked = reading(tmp_path, "b.doc", doc(text, flags=0x0300))
    assert locked[0].what == "The document is locked with a password."
    _, _, broken = reading(tmp_path, "c.doc", compound({"WordDocument": b"x"}))
    assert broken[0].what == "The document is damaged."


def test_rich_text_lists_its_values_without_its_header(tmp_path: Path) -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 evil-font.top;}}{\info{\author evil-author.top}}"
        rb"M\'e3 \u273?\u7897?c: Mozi\par C2 \b hxxp://evil-a[.]top\b0 /x\par{\*\generator evil-gen.top;}"
        rb"\trowd\intbl IP\cell Malware\cell\row\intbl 203.0.113.9\par\cell Mirai\cell\row\pard\page "
        rb"evil-b[.]top\par}"
    )
    found, _, problems = reading(tmp_path, "a.rtf", data)
    assert problems == []
    assert short(found) == [
        ("http://evil-a.top/x", "Mozi", 1, 2),
        ("203.0.113.9", "Mirai", 1, 4),
        ("evil-b.top", "Mozi", 2, 5),
    ]


def test_merged_cells_of_rich_text_hold_for_all_their_rows(tmp_path: Path) -> None:
    data = (
        rb"{\rtf1\ansi\trowd\cellx2000\cellx4000\pard\intbl M\u227\'3f \u273\'3f\u7897\'3fc\cell IP\cell\row"
        rb"\trowd\clvmgf\cellx2000\cellx4000\intbl Mozi\cell 203.0.113.5\cell\row"
        rb"\trowd\clvmrg\cellx2000\cellx4000\intbl\cell 203.0.113.6\cell\row"
        rb"\trowd\cellx2000\cellx4000\intbl\cell 203.0.113.7\cell\row\pard\par}"
    )
    found, _, problems = reading(tmp_path, "a.rtf", data)
    assert problems == []
    assert [(item.value, item.threat) for item in found] == [
        ("203.0.113.5", "Mozi"),
        ("203.0.113.6", "Mozi"),
        ("203.0.113.7", None),
    ]


def test_the_cells_of_a_nested_rich_text_table_stay_separate(tmp_path: Path) -> None:
    data = (
        rb"{\rtf1\ansi\trowd\cellx2000\cellx4000\pard\intbl Indicator\cell Ghi ch\u250\'3f\cell\row"
        rb"\trowd\cellx2000\cellx4000\pard\intbl\itap2 203.0.113.5\nestcell "
        rb"bot.evil-a.top\nestcell{\*\nesttableprops\trowd\cellx1000\nestrow}"
        rb"\pard\intbl\cell C2\cell\row\pard\par}"
    )
    found, _, problems = reading(tmp_path, "a.rtf", data)
    assert problems == []
    assert [item.value for item in found] == ["203.0.113.5", "bot.evil-a.top"]


@pytest.mark.parametrize(
    "data", [b"{\\rtf1" + b"{" * 100_000, b"{\\rtf1 \\u99999999 \\'zz \\", b"{\\rtf1}}}}}\\par x"]
)
def test_damaged_rich_text(tmp_path: Path, data: bytes) -> None:
    found, _, problems = reading(tmp_path, "a.rtf", data)
    assert (found, problems) == ([], [])


def message(*attachments: tuple[str, bytes], page: str = "<p>bot[.]evil-a.top</p>") -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = "Officer <officer@sender-a.com>"
    letter["To"] = "unit@unit.example"
    letter["Subject"] = "evil-subject.top"
    letter["Received"] = "from mx.sender-a.com (203.0.113.250)"
    letter.set_content("Danh sách:\nbot[.]evil-a.top\n")
    letter.add_alternative(page, subtype="html")
    for name, data in attachments:
        letter.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return letter


def test_a_mail_with_attachments(tmp_path: Path) -> None:
    inner = message(("inner.csv", b"ip,malware\n203.0.113.7,Mirai\n"))
    data = message(
        ("phụ lục.docx", docx(word_table([["IP"], ["203.0.113.5"]]))),
        ("lists.zip", archive({"x/list.txt": "203.0.113.6\n"})),
        ("forwarded.eml", inner.as_bytes()),
    ).as_bytes()
    found, refused, problems = reading(tmp_path, "a.eml", data)
    assert problems == []
    path = f"{tmp_path}/a.eml"
    assert [(item.value, item.reference.document) for item in found if item.reference] == [
        ("bot.evil-a.top", f"{path}!text1"),
        ("203.0.113.5", f"{path}!phụ lục.docx"),
        ("203.0.113.6", f"{path}!lists.zip!x/list.txt"),
        ("bot.evil-a.top", f"{path}!forwarded.eml!text1"),
        ("203.0.113.7", f"{path}!forwarded.eml!inner.csv"),
    ]
    assert [item for item in refused if item.type] == []


@pytest.mark.parametrize(
    ("page", "documents"),
    [
        ("<table><tr><td>bot.evil-a.top</td></tr><tr><td>bot.evil-b.top</td></tr></table>", ["text2"] * 2),
        ("<p>Xem bảng:</p><table><tr><td>bot.evil-b.top</td></tr></table>", ["text1", "text2"]),
        ('<p>bot[.]evil-a.top <a href="http://evil-link.top/">Xem</a></p>', ["text1"]),
        ("<p></p>", ["text1"]),
    ],
)
def test_the_page_of_a_mail_is_read_where_it_lists_more(
    tmp_path: Path, page: str, documents: list[str]
) -> None:
    found, _, problems = reading(tmp_path, "a.eml", message(page=page).as_bytes())
    assert problems == []
    assert [item.reference.document.rpartition("!")[2] for item in found if item.reference] == documents
    assert {item.value for item in found} <= {"bot.evil-a.top", "bot.evil-b.top"}


def test_the_page_of_an_outlook_message_is_read_where_it_lists_more(tmp_path: Path) -> None:
    page = {
        "__substg1.0_10130102": b"<html><body><table><tr><td>bot.evil-b.top</td></tr></table></body></html>"
    }
    streams = {**outlook("Xem bảng trong thư.", {}), **page}
    found, _, problems = reading(tmp_path, "a.msg", compound(streams))
    assert problems == []
    assert [item.value for item in found] == ["bot.evil-b.top"]


def test_messages_nested_too_deep(tmp_path: Path) -> None:
    data = b"203.0.113.5\n"
    for _ in range(6):
        data = message(("a.eml", data)).as_bytes()
    _, _, problems = reading(tmp_path, "a.eml", data)
    assert problems[0].what == "Messages and archives are nested too deep."


def test_a_list_that_begins_with_a_colon_is_no_mail(tmp_path: Path) -> None:
    found, _, _ = reading(tmp_path, "a.txt", b"from: evil-a.top\nto: evil-b.top\nnote: evil-c.top\n")
    assert [item.value for item in found] == ["evil-a.top", "evil-b.top", "evil-c.top"]


def outlook(
    text: str, attachments: Mapping[str, bytes], inner: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Return the streams of a whole message as Outlook saves it ([MS-OXMSG]).

    Properties, named properties, sender and recipient, headers, attachments; `inner` is an attached message.
    """
    streams = {
        "__properties_version1.0": bytes(32) + b"\x1f\x00\x00\x10" + b"\x06\0\0\0" + bytes(8),
        "__nameid_version1.0/__substg1.0_00020102": bytes(16),
        "__nameid_version1.0/__substg1.0_00030102": bytes(8),
        "__nameid_version1.0/__substg1.0_00040102": "evil-named.top".encode("utf-16-le"),
        "__substg1.0_0037001F": "Danh sách evil-subject.top".encode("utf-16-le"),
        "__substg1.0_0C1F001F": "officer@sender-unit.top".encode("utf-16-le"),
        "__substg1.0_007D001F": "Received: from mx.sender-unit.top (203.0.113.250)".encode("utf-16-le"),
        "__recip_version1.0_#00000000/__properties_version1.0": bytes(8),
        "__recip_version1.0_#00000000/__substg1.0_3003001F": "unit@other-unit.top".encode("utf-16-le"),
        "__substg1.0_1000001F": text.encode("utf-16-le"),
    }
    for number, (name, data) in enumerate(attachments.items()):
        place = f"__attach_version1.0_#{number:08X}"
        streams[f"{place}/__properties_version1.0"] = bytes(8)
        streams[f"{place}/__substg1.0_3707001F"] = name.encode("utf-16-le")
        streams[f"{place}/__substg1.0_37010102"] = data
    place = f"__attach_version1.0_#{len(attachments):08X}"
    for path, data in (inner or {}).items():
        streams[f"{place}/__substg1.0_3701000D/{path}"] = data
    return streams


def test_an_outlook_message(tmp_path: Path) -> None:
    forwarded = outlook("Thêm evil-b[.]top\r\n", {"b.txt": b"203.0.113.9\n"})
    attachments = {
        "danh sách.csv": b"ip,malware\n203.0.113.5,Mozi\n",
        "phụ lục.docx": docx(word_table([["IP"], ["203.0.113.6"]])),
        "dài.txt": b"203.0.113.7\n" + b"# a long comment\n" * 1000,
        "thư.eml": message(("inner.csv", b"ip\n203.0.113.8\n")).as_bytes(),
        "gói.zip": archive({"x.txt": "evil-zip.top\n"}),
    }
    data = compound(outlook("Máy chủ: evil-a[.]top\r\n", attachments, forwarded))
    found, _, problems = reading(tmp_path, "a.msg", data)
    assert problems == []
    assert [(item.value, item.threat, item.reference.document.partition("!")[2]) for item in found
        if item.reference] == [
        ("evil-a.top", None, "text"),
        ("203.0.113.5", "Mozi", "danh sách.csv"),
        ("203.0.113.6", None, "phụ lục.docx"),
        ("203.0.113.7", None, "dài.txt"),
        ("bot.evil-a.top", None, "thư.eml!text1"),
        ("203.0.113.8", None, "thư.eml!inner.csv"),
        ("evil-zip.top", None, "gói.zip!x.txt"),
        ("evil-b.top", None, "text"),
        ("203.0.113.9", None, "b.txt"),
    ]  # fmt: skip


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_an_outlook_message_cut_short_is_reported_and_not_read_in_part(tmp_path: Path, share: float) -> None:
    data = compound(outlook("evil-a[.]top", {"a.csv": b"ip\n203.0.113.5\n"}))
    found, _, problems = reading(tmp_path, "a.msg", data[: int(len(data) * share)])
    assert problems or found == [] or {item.value for item in found} <= {"evil-a.top", "203.0.113.5"}


def test_mails_within_mails(tmp_path: Path) -> None:
    deepest = message(("list.txt", b"203.0.113.12\n"))
    middle = EmailMessage()
    middle["From"], middle["To"], middle["Subject"], middle["Date"] = (
        "a@a.top",
        "b@b.top",
        "x",
        "Mon, 2 Mar 2026 07:00:00 +0700",
    )
    middle.set_content("Xem thư kèm theo.")
    middle.add_attachment(deepest)  # as message/rfc822, not as a file
    outer = message(("ngoài.txt", b"203.0.113.11\n"))
    outer.add_attachment(middle)
    found, _, problems = reading(tmp_path, "a.eml", outer.as_bytes())
    assert problems == []
    assert [item.value for item in found] == [
        "bot.evil-a.top",
        "203.0.113.11",
        "bot.evil-a.top",
        "203.0.113.12",
    ]


def test_a_pdf_with_broken_lines_and_a_table(tmp_path: Path) -> None:
    filler = [f"line {n} of the text" for n in range(6)]
    data = pdf(
        [
            ["MINISTRY A", *filler, "STT   Dia chi IP       Ma doc", "1     203.0.113[.]5    Mirai",
             HASH[:40], "Page 1"],
            ["MINISTRY A", HASH[40:], *filler, "2     203.0.113.6      Mozi", "Page 2"],
            ["MINISTRY A", *filler, "see https://www.cisa.gov/advisory or evil-a[.]", "top", "Page 3"],
        ]
    )  # fmt: skip
    found, refused, problems = reading(tmp_path, "a.pdf", data)
    assert problems == []
    assert short(found) == [
        ("203.0.113.5", "Mirai", 1, 9),
        (HASH, None, 1, 10),
        ("203.0.113.6", "Mozi", 2, 9),
        ("evil-a.top", None, 3, 8),
    ]
    assert [(item.value, item.reason) for item in refused if item.type] == [
        ("https://www.cisa.gov/advisory", refusals.REFERENCE)
    ]


def test_a_hash_that_a_narrow_column_breaks_next_to_another(tmp_path: Path) -> None:
    other_hash = HASH[::-1]
    data = pdf(
        [
            [
                "list of hashes",
                f"{HASH[:40]}  {other_hash[:40]}",
                f"{HASH[40:]}                  {other_hash[40:]}",
                "end",
            ]
        ]
    )
    found, _, problems = reading(tmp_path, "a.pdf", data)
    assert problems == []
    values = [item.value for item in found]
    assert {HASH, other_hash} <= set(values)


def test_a_locked_pdf(tmp_path: Path) -> None:
    writer = PdfWriter(PdfReader(io.BytesIO(pdf([["203.0.113.5"]]))))
    writer.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    _, _, problems = reading(tmp_path, "a.pdf", stream.getvalue())
    assert problems[0].what == "The PDF is locked with a password."


def test_pdf_bombs_are_refused_within_bounds(tmp_path: Path) -> None:
    _, _, problems = reading(tmp_path, "a.pdf", pdf([["x"]], content=b" " * 90_000_000))
    assert "bomb" in problems[0].what
    busy = b"BT /F1 9 Tf 40 800 Td " + b"T* " * 160_000 + b"ET"
    _, _, problems = reading(tmp_path, "c.pdf", pdf([["x"]], content=busy))
    assert "bomb" in problems[0].what
    found, refused, problems = reading(tmp_path, "d.pdf", pdf([["x"], ["203.0.113.5"]], content=busy))
    assert [item.value for item in found] == ["203.0.113.5"]
    assert [(item.reference.page, item.reason) for item in refused] == [(1, refusals.HEAVY_PAGE)]
    assert problems == []
    _, _, problems = reading(tmp_path, "b.pdf", b"%PDF-1.4\n" + zlib.compress(b"x" * 1000))
    assert problems[0].what == "The PDF is damaged."


def test_entries_before_the_damage_are_returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lamsach.indicators.formats.documents.paged.LISTS", PdfLimits(pages=1))
    found, _, problems = reading(tmp_path, "a.pdf", pdf([["203.0.113.5"], ["203.0.113.6"]]))
    assert [item.value for item in found] == ["203.0.113.5"]
    assert problems[0].what == "The PDF has too many pages."


def test_scanned_pages_are_reported(tmp_path: Path) -> None:
    _, _, problems = reading(tmp_path, "a.pdf", pdf([None, None]))
    assert problems[0].what == "The pages are pictures (a scan), without text."
    found, refused, problems = reading(tmp_path, "b.pdf", pdf([["203.0.113.5"], None]))
    assert [item.value for item in found] == ["203.0.113.5"]
    assert [(item.reference.page, item.reason) for item in refused] == [(2, refusals.PICTURE)]
    assert problems == []


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_scanned_pages_are_read_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    program(programs, "pdftoppm", 'for last; do :; done; echo P5 > "$last.pgm"')
    program(
        programs, "tesseract", 'if [ "$1" = --list-langs ]; then echo vie; else echo "C2 203.0.113[.]5"; fi'
    )
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    pictures._languages.cache_clear()
    found, _, problems = reading(tmp_path, "a.pdf", pdf([None, ["evil-a.top"]]), ocr=True)
    assert problems == []
    assert [(item.value, item.confidence) for item in found] == [
        ("evil-a.top", None),
        ("203.0.113.5", pictures.CONFIDENCE),
    ]
    program(programs, "tesseract", "exit 3")
    _, _, problems = reading(tmp_path, "a.pdf", pdf([None]), ocr=True)
    assert problems[0].what == "The picture of the page could not be read."
    pictures._languages.cache_clear()


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    _, _, problems = reading(tmp_path, "a.pdf", pdf([None]), ocr=True)
    assert problems[0].what == "A program that reads pictures of pages is not installed."
    assert "tesseract" in problems[0].where


def test_words_around_a_value_and_the_dispatch_number_are_stored(tmp_path: Path) -> None:
    long = "Đơn vị cần rà soát. " * 30
    body = (
        paragraph("BỘ THỬ NGHIỆM")
        + paragraph("Số: 123/CATTT-NCSC")
        + paragraph(f"{long}Máy chủ điều khiển bot-c2[.]xyz được dùng từ tháng 3. {long}")
        + paragraph("evil-b[.]xyz")
        + word_table([["Địa chỉ", "Mã độc"], ["45.155.37.7", "Mozi"]])
    )
    path = tmp_path / "a.docx"
    path.write_bytes(docx(body))
    found = {
        item.value: item for item in read_list(str(path), lambda problem: None) if isinstance(item, Indicator)
    }
    named = found["bot-c2.xyz"].reference
    assert named is not None
    assert named.words is not None
    assert "Máy chủ điều khiển bot-c2[.]xyz được dùng" in named.words
    assert len(named.words) < 220
    assert found["evil-b.xyz"].reference.words is None  # type: ignore[union-attr]
    assert {item.source for item in found.values()} == {"123/CATTT-NCSC"}
    assert found["45.155.37.7"].threat == "Mozi"


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


def test_tables_of_pages_are_counted_by_their_headings(tmp_path: Path) -> None:
    first = ["IP                Malware", "45.155.37.7       Mozi"]
    again = [
        "IP                Malware",
        "45.155.37.8       Mozi",
        "",
        "Domain            Malware",
        "bot-c2.xyz        Mirai",
    ]
    found, _, _ = reading(tmp_path, "a.pdf", pdf([first, again]))
    assert [(item.value, item.reference.page, item.reference.table) for item in found if item.reference] == [
        ("45.155.37.7", 1, 1),
        ("45.155.37.8", 2, 1),
        ("bot-c2.xyz", 2, 2),
    ]


def test_an_annex_of_five_hundred_pages(tmp_path: Path) -> None:
    pages = [
        ["PHU LUC", "IP                Malware", f"45.{number >> 8}.{number & 255}.7       Mozi",
         f"c{number}[.]bot-c2[.]xyz", f"Trang {number}"]
        for number in range(1, 501)
    ]  # fmt: skip
    found, _, problems = reading(tmp_path, "a.pdf", pdf(pages))
    assert problems == []
    named = {item.value: item.reference for item in found}
    assert len(named) == 1000
    last = named["c500.bot-c2.xyz"]
    assert last is not None
    assert last.page == 500
