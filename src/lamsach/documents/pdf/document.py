"""Pages of a PDF within limits: a page may draw without end, a small file unpack to a large one.

Also form fields (ISO 32000-1 section 12.7), whose typed text is no part of a page's own text; and text of
scanned pages by tesseract if installed, from pictures by pdftoppm (poppler) or pypdfium2 (the extra `ocr`):
never more than a guess.
"""

from __future__ import annotations

import io
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamsach.documents.archive import MIB
from lamsach.documents.pdf.page import PageReader, PageText
from lamsach.documents.pdf.painter import MAX_PAGE_STEPS, Painter
from lamsach.documents.pdf.rows import Knowledge
from lamsach.documents.pdf.tagged_tables import read_tags
from lamsach.documents.table import Paragraph
from lamsach.errors import LamsachError, LimitError, UnreadableError

if TYPE_CHECKING:
    from pypdf import PageObject

CONFIDENCE = 20
"""Confidence of a value read from a picture (STIX 2.1 appendix A: low)."""
TIMEOUT_S = 120
RESOLUTION_DPI = 300
MAX_SIDE_PX = 5000
"""Maximum side of a picture, in pixels."""
_LANGUAGES = ("vie", "eng")


def read_picture(data: bytes, page: int, document: str) -> str:
    """Read the text of one page (1-based) by OCR. Raises UnreadableError if a program is missing or fails."""
    drawn = shutil.which("pdftoppm") is not None or find_spec("pypdfium2") is not None
    for program in ("tesseract", *([] if drawn else ["pdftoppm"])):
        if shutil.which(program) is None:
            raise UnreadableError(
                "A program that reads pictures of pages is not installed.",
                f"{document} ({program})",
                "Install tesseract-ocr, tesseract-ocr-vie and poppler-utils.",
            )
    with tempfile.TemporaryDirectory(prefix="lamsach-ocr-") as folder:
        source = Path(folder) / "document.pdf"
        source.write_bytes(data)
        picture = Path(folder) / "page.pgm"
        draw(source, page, picture, document)
        return _run(["tesseract", str(picture), "stdout", "-l", _languages(), "--psm", "3"], document).decode(
            "utf-8", "replace"
        )


def draw(source: Path, page: int, picture: Path, document: str) -> None:
    """Write a page's picture as greyscale PGM, by a program or a separate process. Raises UnreadableError."""
    place = str(page)
    if shutil.which("pdftoppm") is None:
        _run([sys.executable, "-c", _DRAW, str(source), place, str(picture)], document)
        return
    size = ["-r", str(RESOLUTION_DPI), "-gray", "-singlefile", "-scale-to", str(MAX_SIDE_PX)]
    _run(["pdftoppm", *size, "-f", place, "-l", place, str(source), str(picture.with_suffix(""))], document)


_DRAW = f"""
import sys
from importlib.util import find_spec
from pathlib import Path
import pypdfium2
source, number, target = sys.argv[1:]
page = pypdfium2.PdfDocument(source)[int(number) - 1]
scale = min({RESOLUTION_DPI} / 72, {MAX_SIDE_PX} / max(page.get_size()))
grey = page.render(scale=scale, grayscale=True).to_numpy()
Path(target).write_bytes(b"P5 %d %d 255\\n" % (grey.shape[1], grey.shape[0]) + grey.tobytes())
"""


@cache
def _languages() -> str:
    try:
        listed = _run(["tesseract", "--list-langs"], "").decode("utf-8", "replace").split()
    except UnreadableError:
        return "eng"
    return "+".join(name for name in _LANGUAGES if name in listed) or "eng"


def _run(command: list[str], document: str) -> bytes:
    try:
        return subprocess.run(
            command, check=True, capture_output=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.SubprocessError):
        raise UnreadableError(
            "The picture of the page could not be read.",
            f"{document} ({command[0]})",
            "Ask the sender for the file with its text.",
        ) from None


MAX_PAGES = 5000
"""Maximum number of pages of a list, which may be long."""
MAX_FIELDS = 5000
"""Maximum number of form fields of a page."""
MAX_CHARACTERS = 128 * MIB
MAX_STEPS = 5_000_000
"""Maximum number of drawing steps of a document: pages may share one long program, or call it often."""
_TEXT_FIELDS = ("/Tx", "/Ch")


def field_texts(data: bytes) -> Iterator[Paragraph]:
    """Yield the lines of a PDF's form fields: `page` is the page, `row` the field's number on it."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if "/AcroForm" not in reader.root_object or (reader.is_encrypted and not reader.decrypt("")):
            return
        for number, page in enumerate(reader.pages[:MAX_PAGES], 1):
            for row, text in enumerate(_texts(page), 1):
                yield from (Paragraph(number, row, part) for part in text.splitlines())
    except Exception:  # noqa: BLE001 - a damaged form fails in any of the library's ways; the pages were read
        return


def _texts(page: PageObject) -> Iterator[str]:
    for place in list(page.get("/Annots") or ())[:MAX_FIELDS]:
        field = place.get_object()
        if field.get("/Subtype") == "/Widget" and _stated(field, "/FT") in _TEXT_FIELDS:
            value = _stated(field, "/V")
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    yield text


def _stated(field: Any, key: str) -> Any:
    """Return a property of a field, or else of its parent."""
    if key not in field and "/Parent" in field:
        field = field["/Parent"]
    return field.get(key)


def read_pages(data: bytes, document: str, knowledge: Knowledge, max_pages: int) -> Iterator[PageText]:
    """Yield the pages of a document in order.

    Raises UnreadableError for a damaged or locked one, LimitError for one that is too large, after the pages
    before.
    """
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, LimitReachedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports every slip in a file
    size = heavy = number = steps = 0
    painter = Painter()
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _locked(document)
        pages = PageReader(read_tags(reader), knowledge)
        for number, page in enumerate(reader.pages, 1):
            if number > max_pages:
                raise LimitError("The PDF has too many pages.", document, "Split it into several files.")
            text = _page_text(number, page, painter, pages)
            size += sum(map(len, text.lines))
            heavy += text.heavy
            if size > MAX_CHARACTERS or steps + (MAX_PAGE_STEPS if text.heavy else 0) > MAX_STEPS:
                raise _bomb(document)
            yield text
            steps += min(painter.steps, MAX_PAGE_STEPS)
    except LamsachError:
        raise
    except FileNotDecryptedError:
        raise _locked(document) from None
    except (LimitReachedError, MemoryError, RecursionError):
        raise _bomb(document) from None
    except Exception:  # noqa: BLE001 - a damaged PDF fails in any of the library's ways
        raise UnreadableError("The PDF is damaged.", document, "Fetch the file again.") from None
    if number and heavy == number:
        raise _bomb(document)


def _page_text(number: int, page: PageObject, painter: Painter, pages: PageReader) -> PageText:
    """Return the lines and tables of a page; none of one that draws far more than a page of text."""
    from pypdf.errors import LimitReachedError

    try:
        text = pages.read(number, page, painter.page(page))
    except LimitReachedError:
        return PageText([], set(), [], heavy=True)
    text.is_picture = not text.lines and _has_picture(page)
    return text


def _has_picture(page: PageObject) -> bool:
    try:
        resources = page.get("/Resources")
        objects = resources.get_object().get("/XObject") if resources is not None else None
        return objects is not None and len(objects.get_object()) > 0
    except Exception:  # noqa: BLE001 - a damaged resource table fails in any of the library's ways
        return False


def _bomb(document: str) -> LimitError:
    return LimitError(
        "The PDF unpacks to far more than a document holds: this is how a bomb looks.", document
    )


def _locked(document: str) -> UnreadableError:
    return UnreadableError("The PDF is locked with a password.", document, "Save it without a password.")
