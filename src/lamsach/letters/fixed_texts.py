"""Fixed texts of a document: padded days and numbers, recipients, appendix numbers; safe texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from lamsach.i18n import format_date
from lamsach.letters.model import Appendix, Column, Document, Head
from lamsach.results.safe_text import visible, visible_line

_HEAD_EM = 16.3
"""Width next to the nation's name, in ems of 12 points."""
_SUBJECT_EM = 28.5
"""Width of a subject under the type's name, in ems of 14 points."""
_ATTACHED_EM, _ATTACHED_WIDE_EM = 33.2, 51.0
"""Width between the margins of a page, portrait and landscape, in ems of 14 points."""
_LONGEST_WORD = 20
_MOST_LINES = 24
"""Lines of 13 points that fill about two thirds of a page."""
_NARROW, _WIDE = frozenset("iıjltfrI.,;:'!|()-/ "), frozenset("mwMW%@")
_AS_ABOVE, _FILED = "Như trên", "Lưu: VT"
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def line(text: str) -> str:
    """Normalise text to one line in composed letters (NFC), hidden characters shown."""
    return visible_line(unicodedata.normalize("NFC", text)).strip()


def lines(text: str) -> list[str]:
    """Split text into non-empty paragraphs in composed letters; hidden characters shown."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return [part.strip() for part in visible(composed).split("\n") if part.strip()]


def day_words(day: date | None, year: int | None = None) -> str:
    """Format `ngày 05 tháng 02 năm 2026` (days below 10 and months 1 and 2 padded); blanks for no day."""
    if day is None:
        return f"ngày       tháng       năm {year or '      '}"
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def place_and_day(head: Head) -> str:
    """Format `Hà Nội, ngày 05 tháng 02 năm 2026`."""
    words = day_words(head.day, head.year)
    return f"{line(head.place)}, {words}" if head.place else words[0].upper() + words[1:]


def number_line(head: Head) -> str:
    """Format `Số: 05/TTCNTT-KTHT`; the number is open until it is given."""
    number = "      " if head.number is None else f"{head.number:02d}"
    symbol = line(head.symbol)
    return f"Số: {number}{'/' if symbol else ''}{symbol}"


def to_lines(document: Document) -> list[str]:
    """Return the text after `Kính gửi:`: one recipient unchanged; several as `- ...;`, then a full stop."""
    names = [line(name) for name in document.to]
    if len(names) < 2:
        return names
    return [f"- {name}{'.' if name is names[-1] else ';'}" for name in names]


def about_lines(document: Document) -> list[str]:
    """Return `V/v ...` of a dispatch in balanced lines; nothing for other documents."""
    if not document.subject or document.type_name:
        return []
    text = re.sub(r"\A[Vv]/v\s+", "", line(document.subject))
    return balance_lines(f"V/v {text}", _HEAD_EM)


def body_lines(name: str) -> list[str]:
    """Return the name of a body in capitals, in balanced lines."""
    text = line(name).upper()
    return balance_lines(text, _HEAD_EM, bold=True) if text else []


def subject_lines(document: Document) -> list[str]:
    """Return the subject under the type's name; nothing for a dispatch."""
    return balance_lines(line(document.subject), _SUBJECT_EM, bold=True) if document.type_name else []


def width_em(text: str, *, bold: bool = False) -> float:
    """Estimate the width of a text in Times, in ems; rather too large than too small."""
    width = 0.0
    for letter in unicodedata.normalize("NFD", text):
        if unicodedata.combining(letter):
            continue
        if letter in _NARROW:
            width += 0.4 if letter == "I" else 0.3
        elif letter in _WIDE:
            width += 0.95 if letter.isupper() else 0.8
        elif letter.isupper():
            width += 0.72
        else:
            width += 0.5
    return width * (1.04 if bold else 1.0)


def balance_lines(text: str, most_em: float, *, bold: bool = False) -> list[str]:
    """Wrap text into the fewest lines of at most this width, of similar length.

    A word that is too long gets its own line.
    """
    parts = text.split(" ")
    whole = width_em(text, bold=bold)
    least = _wrap(parts, most_em, bold=bold)
    room = whole / len(least)
    while room < most_em:
        wrapped = _wrap(parts, room, bold=bold)
        if len(wrapped) <= len(least):
            return wrapped
        room += 0.5
    return least


def _wrap(parts: list[str], room: float, *, bold: bool) -> list[str]:
    wrapped: list[str] = []
    for part in parts:
        if wrapped and width_em(f"{wrapped[-1]} {part}", bold=bold) <= room:
            wrapped[-1] += f" {part}"
        else:
            wrapped.append(part)
    return wrapped


def is_tall(columns: Sequence[Column], row: Sequence[str], width: float) -> bool:
    """Return whether a row (table width in points) may not fit a page: only such a row may be split."""
    whole = sum(column.weight for column in columns)
    for column, cell in zip(columns, row, strict=False):
        room = max(width * column.weight / whole - 12, 20)
        if sum(1 + int(width_em(part) * 13 / room) for part in lines(cell)) > _MOST_LINES:
            return True
    return False


def breakable(text: str) -> str:
    """Insert invisible break places (U+200B) into words too long for a line."""
    if not any(len(word) > _LONGEST_WORD for word in text.split()):
        return text
    return re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda found: _pieces(found[0]), text)


def _pieces(word: str) -> str:
    return "\u200b".join(word[place : place + 10] for place in range(0, len(word), 10))


def in_sentence(name: str) -> str:
    """Lower the first letter of a campaign's name for use inside a sentence."""
    return name[:1].lower() + name[1:] if name[:6].lower() == "chiến " else name


def copy_lines(document: Document) -> list[str]:
    """Return the lines under `Nơi nhận:`: `- ...;`, the last with a full stop.

    `Như trên` only where recipients are named above.
    """
    names = [name for name in map(line, document.copies) if document.to or name != _AS_ABOVE]
    return [f"- {name}{'.' if place == len(names) else ';'}" for place, name in enumerate(names, 1)]


def copies(given: Sequence[str], office: str = "") -> tuple[str, ...]:
    """Return the names under `Nơi nhận:`: `Như trên`, then the filed copy (with an `office`, if any)."""
    names = [text for name in given if (text := line(name).lstrip("-–•+ ").rstrip(" ;.,"))]
    others = [text for text in names if text.casefold() != _AS_ABOVE.casefold()]
    filed = [text for text in others if text.casefold().startswith("lưu")]
    own = f"{_FILED}, {line(office)}" if office.strip() else _FILED
    return (_AS_ABOVE, *(text for text in others if text not in filed), *(filed or [own]))


def attachment_reference(kind: str, head: Head) -> str:
    """Return the reference of an appendix: `Kèm theo Báo cáo số 05/BC-CNTT ngày 26/09/2026 của ...`."""
    number = "        " if head.number is None else f"{head.number:02d}"
    symbol = f"/{line(head.symbol)}" if head.symbol.strip() else ""
    day = format_date(head.day) if head.day else f"      /     /{head.year or '        '}"
    return f"Kèm theo {kind} số {number}{symbol} ngày {day} của {line(head.issuer)}"


def appendix_title(document: Document, place: int) -> str:
    """Return `Phụ lục`, with a Roman numeral when there are several. `place` counts from 0."""
    return "Phụ lục" if len(document.appendices) == 1 else f"Phụ lục {roman(place + 1)}"


def attached_line(appendix: Appendix) -> str:
    """Return `(Kèm theo ...)`; empty for an appendix without a reference.

    A text too long for one line breaks before the issuer, as in the 2022 dispatch.
    """
    text = unicodedata.normalize("NFC", appendix.attached).strip()
    what, by, whom = text.partition(" của ")
    if (
        by
        and "\n" not in text
        and width_em(text) > (_ATTACHED_WIDE_EM if appendix.landscape else _ATTACHED_EM)
    ):
        text = f"{what}\ncủa {whom}"
    return f"({visible(text)})" if text else ""


def roman(number: int) -> str:
    """Format 1 to 39 in Roman numerals."""
    text = ""
    for value, letters in _ROMAN:
        while number >= value:
            text += letters
            number -= value
    return text
