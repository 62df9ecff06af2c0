"""Layout rules of Decree 30/2020/NĐ-CP, Appendix I, checked in a PDF.

Place, size and weight of each element, length of the rules. `faults` lists the violations.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from lamsach.letters import fixed_texts
from lamsach.letters.model import MOTTO, NATION, Document, Paragraph

MM = 72 / 25.4
_DAY = re.compile(r"ngày (\d+|\s+)\s*tháng (\d+|\s+)\s*năm")


def faults(document: Document, pdf: bytes) -> list[str]:
    """List every element of the document that violates the decree."""
    import pdfplumber

    book = pdfplumber.open(io.BytesIO(pdf))
    first = book.pages[0]
    found = [*_pages(book.pages, document), *_head(first, document), *_title(first, document)]
    return [*found, *_body(book.pages, document), *_end(book.pages, document), *_parts(book.pages, document)]


def shown(page: Any, text: str) -> list[Any]:
    """Return the place of a text on a page; blanks may have any width."""
    wanted = r"\s+".join(re.escape(part) for part in text.split())
    return list(page.search(wanted, case=True))


def style(found: Any) -> tuple[set[float], bool, bool]:
    """Return sizes, bold, italic of a found text."""
    chars = [c for c in found["chars"] if c["text"].strip()]
    fonts = {c["fontname"] for c in chars}
    return (
        {round(c["size"], 1) for c in chars},
        all("Bold" in f for f in fonts),
        all("Italic" in f for f in fonts),
    )


def wanted(
    page: Any,
    text: str,
    sizes: tuple[float, float],
    *,
    bold: bool = False,
    italic: bool = False,
    place: int = 0,
) -> Iterator[str]:
    """Return the faults of a text: missing, or of another size or style."""
    places = shown(page, text)
    if not places:
        yield f"missing: {text}"
        return
    size, is_bold, is_italic = style(places[place])
    if not all(sizes[0] <= value <= sizes[1] for value in size):
        yield f"{text}: size {size} not in {sizes}"
    if (is_bold, is_italic) != (bold, italic):
        yield f"{text}: bold {is_bold}, italic {is_italic}"


def middle(box: Any) -> float:
    """Return the middle of a box across the page."""
    return float(box["x0"] + box["x1"]) / 2


def centre_of_text(page: Any) -> float:
    """Return the middle between the margins of 30 and 20 mm."""
    return float(page.width) / 2 + 5 * MM


def rules(page: Any) -> list[Any]:
    """Return the horizontal rules outside tables, from the top."""
    tables = [table.bbox for table in page.find_tables()]
    lines = [box for box in (*page.lines, *page.rects) if box["height"] < 1.5 and box["width"] > 15]
    free = [
        box
        for box in lines
        if not any(top - 2 <= box["top"] <= bottom + 2 for _x0, top, _x1, bottom in tables)
    ]
    return sorted(free, key=lambda box: box["top"])


def rule_under(page: Any, box: Any, within: float = 14) -> Any:
    """Return the rule just under a text, or None."""
    return next(
        (
            rule
            for rule in rules(page)
            if 0 < rule["top"] - box["bottom"] < within and abs(middle(rule) - middle(box)) < 4
        ),
        None,
    )


def widest(page: Any, texts: list[str]) -> Any:
    """Return the widest of some lines of text, with the bottom of the last."""
    boxes = [found[0] for text in texts if (found := shown(page, text))]
    if not boxes:
        return None
    box = dict(max(boxes, key=lambda item: item["x1"] - item["x0"]))
    return {**box, "bottom": max(item["bottom"] for item in boxes)}


def share(page: Any, texts: list[str], least: float, most: float, what: str) -> Iterator[str]:
    """Return whether the rule under these lines is this share of the widest."""
    box = widest(page, texts)
    rule = rule_under(page, box) if box else None
    if rule is None:
        yield f"{what}: no rule"
        return
    part = rule["width"] / (box["x1"] - box["x0"])
    if not least <= part <= most:
        yield f"{what}: rule is {part:.2f} of the text"


def _pages(pages: list[Any], document: Document) -> Iterator[str]:
    """Check paper, margins, page numbers.

    Arabic, 13-14 upright, centred in the top margin, hidden on the first page of each part.
    """
    starts = set(starts_of(pages, document))
    number = 0
    for place, page in enumerate(pages):
        number = 1 if place in starts else number + 1
        size = sorted((round(page.width / MM), round(page.height / MM)))
        if size != [210, 297]:
            yield f"page {place}: {size}"
        body = [c for c in page.chars if c["text"].strip() and c["top"] > 18 * MM]
        edges = (
            min(c["x0"] for c in body) / MM,
            (page.width - max(c["x1"] for c in body)) / MM,
            (page.height - max(c["bottom"] for c in body)) / MM,
        )
        if not (edges[0] >= 29.5 and edges[1] >= 14.5 and edges[2] >= 18.5):
            yield f"page {place}: margins {edges}"
        above = [c for c in page.chars if c["bottom"] < 20 * MM and c["text"].strip()]
        text = "".join(c["text"] for c in above)
        if text != ("" if number == 1 else str(number)):
            yield f"page {place}: number {text!r}, wanted {number}"
        for c in above:
            if not 13 <= round(c["size"], 1) <= 14 or "Italic" in c["fontname"]:
                yield f"page {place}: the number's style"
        if above:
            centre = (min(c["x0"] for c in above) + max(c["x1"] for c in above)) / 2
            if abs(centre - centre_of_text(page)) > 3:
                yield f"page {place}: the number is not centred"


def starts_of(pages: list[Any], document: Document) -> list[int]:
    """Return the pages on which the document and its appendices begin."""
    found, place = [0], 0
    for number in range(len(document.appendices)):
        label = fixed_texts.appendix_title(document, number)
        for later in range(place + (1 if document.head.issuer or number else 0), len(pages)):
            lines = pages[later].extract_text_lines()
            if lines and lines[0]["text"].strip() == label:
                found.append(later)
                place = later
                break
        else:
            found.append(-1)
    return found


def _head(page: Any, document: Document) -> Iterator[str]:
    """Check the nation's name and motto on the right, the bodies on the left, number and day level below."""
    head = document.head
    yield from wanted(page, NATION, (12, 13), bold=True)
    yield from wanted(page, MOTTO, (13, 14), bold=True)
    yield from share(page, [MOTTO], 0.97, 1.03, "motto")
    issuer = fixed_texts.body_lines(head.issuer)
    for text in fixed_texts.body_lines(head.parent):
        yield from wanted(page, text, (12, 13))
    for text in issuer:
        yield from wanted(page, text, (12, 13), bold=True)
    yield from share(page, issuer, 1 / 3, 1 / 2, "issuer")
    left, right = widest(page, issuer), widest(page, [NATION])
    if not left or not right or left["x1"] > right["x0"]:
        yield "the issuer does not stand left of the nation's name"
    number, day = fixed_texts.number_line(head).strip(), fixed_texts.place_and_day(head).strip()
    yield from wanted(page, number, (13, 13))
    yield from wanted(page, day, (13, 14), italic=True)
    if head.number is not None and not re.match(r"Số: \d\d", number):
        yield f"{number}: not padded"
    if head.symbol and head.symbol.upper() != head.symbol:
        yield f"{number}: the symbol is not in capitals"
    day_match = _DAY.search(day)
    if head.day and (
        not day_match or len(day_match[1]) != 2 or (int(day_match[2]) < 3) != (day_match[2][0] == "0")
    ):
        yield f"{day}: padding"
    one, other = shown(page, number), shown(page, day)
    if one and other and abs(one[0]["top"] - other[0]["top"]) > 3:
        yield "number and day are not level"
    if other and right and abs(middle(other[0]) - middle(right)) > 8:
        yield "the day is not centred under the motto"
    if one and left and abs(middle(one[0]) - middle(left)) > 8:
        yield "the number is not centred under the issuer"


def _title(page: Any, document: Document) -> Iterator[str]:
    """Check type and subject, or `V/v ...` under the number, and the recipients."""
    if document.type_name:
        yield from wanted(page, document.type_name.upper(), (13, 14), bold=True)
        subject = fixed_texts.subject_lines(document)
        for text in subject:
            yield from wanted(page, text, (13, 14), bold=True)
        yield from share(page, subject, 1 / 3, 1 / 2, "subject")
        for text in (document.type_name.upper(), subject[0]):
            if (found := shown(page, text)) and abs(middle(found[0]) - centre_of_text(page)) > 4:
                yield f"{text}: not centred"
    else:
        about = fixed_texts.about_lines(document)
        for text in about:
            yield from wanted(page, text, (12, 13))
        number, first = shown(page, fixed_texts.number_line(document.head).strip()), shown(page, about[0])
        if number and first:
            gap = first[0]["top"] - number[0]["bottom"]
            if not 4 <= gap <= 12 or abs(middle(first[0]) - middle(number[0])) > 8:
                yield f"V/v: gap of {gap:.1f} points, or not centred under the number"
    names = fixed_texts.to_lines(document)
    if names:
        yield from wanted(page, "Kính gửi:", (13, 14))
        label, name = shown(page, "Kính gửi:"), shown(page, " ".join(names[0].split()[:4]))
        level = bool(label and name and abs(label[0]["top"] - name[0]["top"]) < 3)
        if level != (len(names) == 1):
            yield "one recipient stands on the line of Kính gửi, several below it"
        if len(names) > 1 and not (names[-1].endswith(".") and all(n.endswith(";") for n in names[:-1])):
            yield f"{names}: wrongly ended"


def _body(pages: list[Any], document: Document) -> Iterator[str]:
    """Check paragraphs: 13-14 points, indented by 1-1.27 cm, lines 1 to 1.5 apart, justified.

    At least 6 points separate two paragraphs.
    """
    for block in document.blocks:
        if not isinstance(block, Paragraph) or not block.indent or len(block.text) < 120:
            continue
        begin = " ".join(fixed_texts.lines(block.text)[0].split()[:6])
        for page in pages:
            if found := shown(page, begin):
                yield from _paragraph(page, found[0], begin)
                break
        else:
            yield f"missing: {begin}"


def _paragraph(page: Any, begin: Any, text: str) -> Iterator[str]:
    sizes, _bold, _italic = style(begin)
    if not all(13 <= size <= 14 for size in sizes):
        yield f"{text}: {sizes}"
    indent = begin["x0"] / MM - 30
    if not 9.5 <= indent <= 13.2:
        yield f"{text}: indent of {indent:.1f} mm"
    lines = [one for one in page.extract_text_lines() if one["top"] > begin["top"] - 40]
    tops = [one["top"] for one in lines]
    place = next(n for n, top in enumerate(tops) if abs(top - begin["top"]) < 2)
    single = 1.15 * max(sizes)
    for one, other in pairwise(lines[place : place + 30]):
        step = other["top"] - one["top"]
        if other["x0"] / MM > 31:
            gap = step - (tops[place + 1] - tops[place])
            if gap < 5.5 and one["x0"] / MM < 31:
                yield f"{text}: {gap:.1f} points to the next paragraph"
            break
        if not 0.97 * single <= step <= 1.53 * single:
            yield f"{text}: lines {step:.1f} points apart"
    right = (page.width - lines[place]["x1"]) / MM
    if not 14.5 <= right <= 20.6:
        yield f"{text}: not justified, ends {right:.1f} mm before the edge"


def _end(pages: list[Any], document: Document) -> Iterator[str]:
    """Check recipients of copies on the left, signer on the right, room for signature and seal."""
    last = next(page for page in reversed(pages) if shown(page, "Nơi nhận:"))
    signed = document.signature
    small = 13 if len(document.cosigners) > 1 else 14
    for text in (signed.authority, signed.position):
        for part in [text.upper()] if text else []:
            yield from wanted(last, part, (13, small), bold=True)
    top, name = shown(last, signed.position.upper()), shown(last, signed.name) if signed.name else []
    if signed.name:
        yield from wanted(last, signed.name, (13, 14), bold=True, place=-1)
    label = shown(last, "Nơi nhận:")[0]
    if style(label) != ({12.0}, True, True):
        yield f"Nơi nhận: {style(label)}"
    for text in fixed_texts.copy_lines(document):
        yield from wanted(last, " ".join(text.split()[:4]), (11, 11))
    if not re.match(r"- Lưu: VT.*\.\Z", fixed_texts.copy_lines(document)[-1]):
        yield f"{fixed_texts.copy_lines(document)[-1]}: the filed copy"
    if top and name:
        room = name[-1]["top"] - top[0]["bottom"]
        if not 45 <= room <= 120:
            yield f"room for the signature: {room:.0f} points"
        if abs(middle(name[-1]) - middle(top[0])) > 3:
            yield "the name is not centred under the position"
    first = shown(last, (signed.authority or signed.position).upper())
    if first and not document.cosigners and abs(first[0]["top"] - label["top"]) > 4:
        yield "recipients and position are not level"
    if document.address:
        yield from wanted(pages[0], " ".join(document.address.split()[:5]), (11, 12))
        foot = shown(pages[0], " ".join(document.address.split()[:5]))
        full = [box for box in rules(pages[0]) if box["width"] > 158 * MM]
        if not foot or not full or not 0 < foot[0]["top"] - full[-1]["top"] < 14:
            yield "address: no rule over it"


def _parts(pages: list[Any], document: Document) -> Iterator[str]:
    """Check that each appendix begins a page: label, title, `(Kèm theo ...)`, centred."""
    for number, (place, appendix) in enumerate(
        zip(starts_of(pages, document)[1:], document.appendices, strict=True)
    ):
        if place < 0:
            yield f"appendix {number}: begins no page"
            continue
        page, label = pages[place], fixed_texts.appendix_title(document, number)
        yield from wanted(page, label, (14, 14), bold=True)
        title = " ".join(appendix.title.split()[:5])
        yield from wanted(page, title, (13, 14), bold=True)
        if appendix.title.upper() != appendix.title and not appendix.title.startswith("Mẫu"):
            yield f"{appendix.title}: not in capitals"
        if appendix.attached:
            yield from wanted(page, "(" + " ".join(appendix.attached.split()[:4]), (13, 14), italic=True)
        box = shown(page, label)[0] if shown(page, label) else None
        if box and abs(middle(box) - centre_of_text(page)) > 3:
            yield f"{label}: not centred"
