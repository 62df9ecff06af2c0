"""Document by Decree 30/2020/NĐ-CP, Appendix I, as data: its head, its blocks in order, its end.

The writers only lay it out. Texts are plain: no writer interprets markup, fields or formulas in them. A day
of None leaves its blanks open, as in a document that is numbered and dated when it is signed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Align = Literal["left", "center", "right"]
NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
MARGIN_MM = {"top": 20.0, "bottom": 20.0, "left": 30.0, "right": 20.0}
"""Decree 30, Appendix I, part I: top and bottom 20-25, left 30-35, right 15-20."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Bold heading in the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Paragraph of the body; each line break in it starts another."""

    text: str
    italic: bool = False
    indent: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """Line of a form: `- label: text`; without a text, `dots` dotted lines to write on."""

    label: str
    text: str = ""
    dots: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """Column of a table: heading, share of the width, alignment."""

    title: str
    weight: float = 1.0
    align: Align = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """Table with a heading row that repeats on each page. `caption` is above it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


Block = Heading | Paragraph | Entry | Table


@dataclass(frozen=True, slots=True)
class Head:
    """Issuer of the document, its number and symbol, place and day.

    `year` is shown while the day is open.
    """

    issuer: str
    parent: str = ""
    number: int | None = None
    symbol: str = ""
    place: str = ""
    day: date | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """Authority line (TM., KT., TL., TUQ.; may be empty), position and name of the signer."""

    position: str = ""
    name: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class Appendix:
    """Appendix on its own pages with its own page numbers.

    `attached` is its `(Kèm theo ...)`, without parentheses.
    """

    title: str
    attached: str
    blocks: tuple[Block, ...]
    landscape: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """Dispatch (`type_name` empty: the subject is under the number as `V/v ...`), report or minutes.

    `cosigners` of minutes sign to the left of `signature`, with the recipients below them.
    """

    head: Head
    subject: str
    blocks: tuple[Block, ...]
    type_name: str = ""
    to: tuple[str, ...] = ()
    signature: Signature = field(default_factory=Signature)
    cosigners: tuple[Signature, ...] = ()
    copies: tuple[str, ...] = ()
    appendices: tuple[Appendix, ...] = ()
    address: str = ""
