"""Documents built for the tests: DOCX, OpenDocument, XLS, PDF, Outlook messages."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from tests.indicators.builders import archive

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def paragraph(text: str, inner: str = "") -> str:
    r"""Return a paragraph of one run; `\\n` is a line break, `\\f` a page break."""
    parts = escape(text).replace("\n", "</w:t><w:br/><w:t>").replace("\f", '</w:t><w:br w:type="page"/><w:t>')
    return f'<w:p><w:r><w:t xml:space="preserve">{parts}</w:t></w:r>{inner}</w:p>'


def word_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table; a cell `^` is merged with the one above it."""
    xml = ""
    for place, row in enumerate(rows):
        xml += "<w:tr>"
        for column, text in enumerate(row):
            below = place + 1 < len(rows) and rows[place + 1][column] == "^"
            merge = "<w:vMerge/>" if text == "^" else '<w:vMerge w:val="restart"/>' if below else ""
            xml += f"<w:tc><w:tcPr>{merge}</w:tcPr>{paragraph('' if text == '^' else text)}</w:tc>"
        xml += "</w:tr>"
    return f"<w:tbl>{xml}</w:tbl>"


def docx(body: str, parts: Mapping[str, str] | None = None, links: Mapping[str, str] | None = None) -> bytes:
    """Return a text document with further parts (`footer1` and so on) and links by relationship."""
    relations = "".join(
        f'<Relationship Id="{key}" Target="{escape(url)}" TargetMode="External" Type="x"/>'
        for key, url in (links or {}).items()
    )
    found: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": (
            f'<w:document xmlns:w="{_WORD}" xmlns:r="{_RELS}"><w:body>{body}</w:body></w:document>'
        ),
        "word/_rels/document.xml.rels": f"<Relationships>{relations}</Relationships>",
        "word/vbaProject.bin": b"Attribute VB_Name = evil-macro.top",
    }
    for name, xml in (parts or {}).items():
        found[f"word/{name}.xml"] = f'<w:x xmlns:w="{_WORD}">{xml}</w:x>'
    return archive(found)


def opendocument(kind: str, body: str) -> bytes:
    """Return an ODS (`spreadsheet`) or ODT (`text`) with this body."""
    names = 'xmlns:office="o" xmlns:table="t" xmlns:text="x"'
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": (
                f"<office:document-content {names}><office:body><office:{kind}>{body}</office:{kind}>"
                "</office:body></office:document-content>"
            ),
        },
        compression=0,
    )


def xls(rows: Sequence[Sequence[str | float]]) -> bytes:
    """Return a BIFF8 stream with one sheet of texts and numbers ([MS-XLS]), as in the compound file."""

    def record(number: int, data: bytes) -> bytes:
        return struct.pack("<HH", number, len(data)) + data

    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)
    sheet_bof = struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)
    name = struct.pack("<BB", 6, 0) + b"Sheet1"
    start = len(record(0x809, bof)) + 4 + 6 + len(name) + 4
    book = record(0x809, bof) + record(0x85, struct.pack("<IBB", start, 0, 0) + name) + record(0x0A, b"")
    cells = b""
    for place, row in enumerate(rows):
        for column, value in enumerate(row):
            head = struct.pack("<HHH", place, column, 0)
            if isinstance(value, str):
                text = value.encode("utf-16-le")
                cells += record(0x0204, head + struct.pack("<HB", len(value), 1) + text)
            else:
                cells += record(0x0203, head + struct.pack("<d", value))
    return book + record(0x809, sheet_bof) + cells + record(0x0A, b"")


def _directory(entries: Iterable[Sequence[Any]]) -> bytes:
    """Return the directory's sectors: name, kind, right sibling, child, first sector, size of each entry."""
    directory = b""
    for name, kind, right, child, first, size in entries:
        encoded = str(name).encode("utf-16-le") + b"\0\0"
        directory += encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
        directory += (
            struct.pack("<iii", -1, right, child)
            + bytes(36)
            + struct.pack("<iII", first if kind == 2 or size else -2, size, 0)
        )
    return directory + bytes(-len(directory) % 512)


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Return a compound file ([MS-CFB]) with these streams; `a/b` is in the storage `a`.

    Streams shorter than 4,096 bytes are in the mini stream.
    """
    tree: dict[str, object] = {}
    for path, data in streams.items():
        *folders, name = path.split("/")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})  # type: ignore[assignment]
        node[name] = data
    entries: list[list[object]] = [["Root Entry", 5, -1, -1, -1, 0]]
    sectors: list[bytes] = []
    chains: list[tuple[int, int]] = []
    small, small_next = bytearray(), []

    def add(node: Mapping[str, object]) -> int:
        places = []
        for name, content in node.items():
            place = len(entries)
            places.append(place)
            if isinstance(content, bytes) and len(content) < 4096:
                first = len(small) // 64
                small.extend(content + bytes(-len(content) % 64))
                small_next.extend([*range(first + 1, len(small) // 64), -2][: len(small) // 64 - first])
                entries.append([name, 2, -1, -1, first if content else -2, len(content)])
            elif isinstance(content, bytes):
                padded = content + bytes(-len(content) % 512)
                first = len(sectors)
                sectors.extend(padded[at : at + 512] for at in range(0, len(padded), 512))
                chains.append((first, len(padded) // 512))
                entries.append([name, 2, -1, -1, first, len(content)])
            else:
                entries.append([name, 1, -1, -1, 0, 0])
                entries[place][3] = add(content)  # type: ignore[arg-type]
        for place, following in pairwise(places):
            entries[place][2] = following
        return places[0] if places else -1

    entries[0][3] = add(tree)
    small_fat = b"".join(struct.pack("<i", following) for following in small_next)
    small_fat += b"\xff" * (-len(small_fat) % 512)
    for data in (bytes(small), small_fat):
        if data:
            chains.append((len(sectors), -(-len(data) // 512)))
            sectors.extend(data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512))
    if small:
        entries[0][4:] = [chains[-2][0], len(small)]
    directory = _directory(entries)
    count = len(sectors) + len(directory) // 512
    fat_sectors = 1
    while (count + fat_sectors) * 4 > fat_sectors * 512:
        fat_sectors += 1
    chains.append((len(sectors), len(directory) // 512))
    sectors.extend(directory[at : at + 512] for at in range(0, len(directory), 512))
    fat = [-1] * (fat_sectors * 128)
    for first, length in chains:
        for place in range(first, first + length):
            fat[place] = place + 1 if place + 1 < first + length else -2
    for place in range(count, count + fat_sectors):
        fat[place] = -3
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
    )
    small_first = chains[-2][0] if small else -2
    header += struct.pack(
        "<IIiIIiIiI", 0, fat_sectors, chains[-1][0], 0, 4096, small_first, len(small_fat) // 512, -2, 0
    )
    header += b"".join(struct.pack("<i", count + n if n < fat_sectors else -1) for n in range(109))
    return header + b"".join(sectors) + struct.pack(f"<{len(fat)}i", *fat)


def doc(text: str, flags: int = 0x0200) -> bytes:
    """Return a DOC ([MS-DOC]) of two pieces: the first half in one byte a character, the rest in UTF-16."""
    half = len(text) // 2
    while half and not text[:half].isascii():
        half -= 1
    first, second = text[:half].encode("cp1252"), text[half:].encode("utf-16-le")
    start = 0x400
    ends = struct.pack("<III", 0, half, len(text))
    pieces = struct.pack("<HIH", 0, 0x40000000 | 2 * start, 0) + struct.pack("<HIH", 0, start + len(first), 0)
    clx = (
        b"\x01"
        + struct.pack("<H", 2)
        + b"xx"
        + b"\x02"
        + struct.pack("<I", len(ends + pieces))
        + ends
        + pieces
    )
    head = bytearray(start)
    struct.pack_into("<H", head, 0, 0xA5EC)
    struct.pack_into("<H", head, 0x0A, flags)
    struct.pack_into("<II", head, 0x01A2, 0, len(clx))
    return compound({"WordDocument": bytes(head) + first + second, "1Table": clx})


def pdf(pages: Sequence[Sequence[str] | None], content: bytes | None = None) -> bytes:
    """Return a PDF of Latin-1 lines, one text object a line; None adds a page that is a picture.

    `content` replaces the first page's program.
    """
    objects: list[bytes] = []
    kids = " ".join(f"{4 + 3 * place} 0 R" for place in range(len(pages)))
    objects.append(b"<< /Type /Catalog /Pages 2 0 R >>")
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
    for place, lines in enumerate(pages):
        program = b"BT /F1 9 Tf 12 TL 40 800 Td\n"
        for line in lines or ():
            text = line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
            program += f"({text}) Tj T*\n".encode("latin-1")
        program += b"ET"
        if lines is None:
            program = b"q 595 0 0 842 0 0 cm /Im1 Do Q"
        if content is not None and place == 0:
            program = content
        packed = zlib.compress(program, 9)
        number = 4 + 3 * place
        resources = (
            f"<< /Font << /F1 3 0 R >> {f'/XObject << /Im1 {number + 2} 0 R >>' if lines is None else ''} >>"
        )
        objects.append(
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number + 1} 0 R "
                f"/Resources {resources} >>"
            ).encode()
        )
        objects.append(
            f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"
        )
        objects.append(
            b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray "
            b"/BitsPerComponent 8 /Length 1 >>\nstream\n\xff\nendstream"
        )
    stream = io.BytesIO(b"%PDF-1.4\n")
    stream.seek(0, io.SEEK_END)
    places = []
    for number, data in enumerate(objects, 1):
        places.append(stream.tell())
        stream.write(f"{number} 0 obj\n".encode() + data + b"\nendobj\n")
    start = stream.tell()
    stream.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    stream.writelines(f"{place:010d} 00000 n \n".encode() for place in places)
    stream.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return stream.getvalue()
