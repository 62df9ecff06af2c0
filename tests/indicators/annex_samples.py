"""Dispatch annexes with known values: numbered tables with narrow columns, in Word, HTML and Typst."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from random import Random
from typing import NamedTuple

from docx import Document
from docx.shared import Cm, Pt
from docx.table import _Cell

WIDTHS = (1.6, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0)
"""Column widths, in centimetres."""
SIZES = (12, 13, 14)
_NUMBERS_WIDE, _PAGE_WIDE = 1.3, 16.9
_DIGESTS = ("md5", "sha1", "sha256")
_HEADS = {
    "ip": "Địa chỉ IP",
    "domain": "Tên miền",
    "url": "URL",
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
}
_LABELS = [
    "update",
    "cdn",
    "secure",
    "login-portal",
    "mail",
    "static",
    "api",
    "news",
    "bank",
    "check",
    "img",
    "app",
    "download",
    "data",
    "gate",
]
_TOPS = ("com", "net", "top", "xyz", "site", "info", "com.vn", "co", "io", "example")


class Annex(NamedTuple):
    """One table: font height in points, column widths in centimetres, headings and numbered rows."""

    size: int
    width: float
    heads: list[str]
    rows: list[list[str]]

    @property
    def values(self) -> list[str]:
        """Return the values that the author listed."""
        return [cell for row in self.rows for cell in row[1:]]

    @property
    def widths(self) -> list[float]:
        """Return the widths of all columns."""
        return [_NUMBERS_WIDE] + [self.width] * (len(self.heads) - 1)


def annexes(seed: int, tables: int, rows: int) -> list[Annex]:
    """Return tables of every width, with plain and defanged values of every type."""
    random = Random(seed)
    found = []
    for place in range(tables):
        width = WIDTHS[place % len(WIDTHS)]
        columns = max(1, min(3, int((_PAGE_WIDE - _NUMBERS_WIDE) // width)))
        kinds = [random.choice([*_HEADS]) for _ in range(columns)]
        heads = [_head(random, kind) for kind in kinds]
        defanged = random.random() < 0.6
        listed = [
            [str(number), *(_value(random, kind, defanged=defanged) for kind in kinds)]
            for number in range(1, rows + 1)
        ]
        found.append(Annex(random.choice(SIZES), width, ["STT", *heads], listed))
    return found


def _head(random: Random, kind: str) -> str:
    if random.random() < 0.15:
        return "IOC"
    return "Mã băm" if kind in _DIGESTS and random.random() < 0.3 else _HEADS[kind]


def _name(random: Random) -> str:
    labels = [
        random.choice(_LABELS) + random.choice(("", "-"))
        + random.choice(("", str(random.randrange(100)), random.choice(_LABELS)))
        for _ in range(random.randrange(1, 3))
    ]  # fmt: skip
    own = f"evil-{random.getrandbits(random.choice((16, 24, 40))):x}"
    return ".".join([*(label.strip("-") for label in labels), own, random.choice(_TOPS)])


def _value(random: Random, kind: str, *, defanged: bool) -> str:
    if kind in _DIGESTS:
        return hashlib.new(kind, random.randbytes(8)).hexdigest()
    if kind == "ip":
        text = ".".join(str(part) for part in (random.choice((45, 91, 146, 185)), *random.randbytes(3)))
        return text.replace(".", "[.]") if defanged else text
    name = _name(random)
    spelling = name.replace(".", "[.]") if defanged else name
    if kind == "domain":
        return spelling
    path = "/".join(
        random.choice((random.choice(_LABELS), f"{random.getrandbits(32):x}", "a.exe",
            f"gate.php?id={random.randrange(1000)}&k={random.getrandbits(24):x}"))
        for _ in range(random.randrange(1, 4))
    )  # fmt: skip
    scheme = random.choice(("http", "https"))
    port = random.choice(("", ":8080"))
    return f"{scheme.replace('tt', 'xx') if defanged else scheme}://{spelling}{port}/{path}"


def as_docx(path: Path, tables: Sequence[Annex], style: str = "Table Grid") -> None:
    """Write the annexes as a Word document in Times New Roman."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2)
    document.styles["Normal"].font.name = "Times New Roman"
    for annex in tables:
        document.add_paragraph().add_run("Phụ lục: danh sách dấu hiệu").font.size = Pt(annex.size)
        table = document.add_table(rows=1 + len(annex.rows), cols=len(annex.heads))
        table.style, table.autofit = document.styles[style], False
        for column, width in zip(table.columns, annex.widths, strict=True):
            column.width = Cm(width)
        for row, texts in zip(table._tbl.tr_lst, [annex.heads, *annex.rows], strict=True):
            for cell, text, width in zip(row.tc_lst, texts, annex.widths, strict=True):
                spelling = _Cell(cell, table)
                spelling.width = Cm(width)
                spelling.paragraphs[0].add_run(text).font.size = Pt(annex.size)
    document.save(str(path))


def as_typst(tables: Sequence[Annex], options: str = "") -> str:
    """Return the annexes as Typst markup; `options` apply to each table."""

    def quoted(text: str) -> str:
        return '[#"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"]'

    parts = [
        '#set page(paper: "a4", margin: 2cm)',
        '#set text(font: ("Times New Roman", "Liberation Serif"))',
    ]
    for annex in tables:
        columns = ", ".join(f"{width}cm" for width in annex.widths)
        heads = ", ".join(map(quoted, annex.heads))
        cells = ", ".join(quoted(text) for row in annex.rows for text in row)
        parts.append(
            f"Phụ lục: danh sách dấu hiệu\n#[#set text(size: {annex.size}pt)\n"
            f"#table(columns: ({columns}), {options} table.header({heads}), {cells})]\n"
        )
    return "\n".join(parts)


def as_page(tables: Sequence[Annex], style: str) -> str:
    """Return the annexes as HTML; `style` is a cell's."""
    parts = [
        "<meta charset=utf-8><style>@page{size:A4;margin:2cm}body{font-family:'Times New "
        "Roman','Liberation Serif',serif}"
        f"table{{border-collapse:collapse;table-layout:fixed}}td,th{{padding:2px 5px;{style}}}</style>"
    ]
    for annex in tables:
        heads = "".join(
            f'<th style="width:{width}cm">{head}</th>'
            for head, width in zip(annex.heads, annex.widths, strict=True)
        )
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in annex.rows
        )
        parts.append(
            f'<p>Phụ lục: danh sách dấu hiệu</p><table style="font-size:{annex.size}pt;'
            f'width:{sum(annex.widths)}cm"><thead><tr>{heads}</tr></thead>{body}</table>'
        )
    return "\n".join(parts)
