"""Values that the author struck out: refused as withdrawn, and no others with them."""

from __future__ import annotations

import io
from pathlib import Path

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.model import Indicator
from tests.indicators.document_samples import docx, paragraph


def reading(path: Path, data: bytes) -> tuple[set[str], dict[str, str]]:
    """Return the accepted values, and refused ones with their reasons."""
    path.write_bytes(data)
    found = list(read_list(str(path), lambda problem: None))
    accepted = {item.value for item in found if isinstance(item, Indicator)}
    return accepted, {
        item.value: item.reason for item in found if not isinstance(item, Indicator) and item.type is not None
    }


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_a_word_document(tmp_path: Path) -> None:
    struck = run("bot-a1[.]", "<w:strike/>") + run("xyz", "<w:dstrike/>")
    not_struck = run(", bot-a2[.]xyz", '<w:strike w:val="0"/>')
    cells = (
        f"<w:tc><w:p>{run('203.0.113.5', '<w:strike/>')}</w:p></w:tc><w:tc>{paragraph('203.0.113.6')}</w:tc>"
    )
    body = f"<w:p>{run('C2: ')}{struck}{not_struck}</w:p><w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    accepted, refused = reading(tmp_path / "a.docx", docx(body))
    assert accepted == {"bot-a2.xyz", "203.0.113.6"}
    assert refused == {"bot-a1.xyz": refusals.WITHDRAWN, "203.0.113.5": refusals.WITHDRAWN}


def test_struck_out_cells_of_a_workbook_are_not_listed(tmp_path: Path) -> None:
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    for row in (["Domain", "Note"], ["bot-a1.xyz", "x"], ["bot-a2.xyz", "y"], ["bot-a3.xyz", "z"]):
        book.active.append(row)
    book.active["A2"].font = Font(strike=True)
    book.active["A3"].font = Font(bold=True)
    book.active["B4"].font = Font(strike=True)
    written = io.BytesIO()
    book.save(written)
    accepted, refused = reading(tmp_path / "a.xlsx", written.getvalue())
    assert accepted == {"bot-a2.xyz", "bot-a3.xyz"}
    assert refused == {"bot-a1.xyz": refusals.WITHDRAWN}


def test_struck_out_words_of_a_page_are_not_listed(tmp_path: Path) -> None:
    page = (
        "<html><body><p>C2: <del>bot-a1[.]xyz</del> bot-a2[.]xyz</p><p>Old: "
        "<s>bot-a3[.]xyz<p>bot-a4[.]xyz</p>"
        "<table><tr><td><strike>203.0.113.5</strike></td></tr><tr><td>203.0.113.6</td></tr></table>"
        "</body></html>"
    )
    accepted, refused = reading(tmp_path / "a.html", page.encode())
    assert accepted == {"bot-a2.xyz", "bot-a4.xyz", "203.0.113.6"}
    assert refused == dict.fromkeys(("bot-a1.xyz", "bot-a3.xyz", "203.0.113.5"), refusals.WITHDRAWN)
