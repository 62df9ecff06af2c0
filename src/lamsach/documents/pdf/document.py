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
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lamsach.documents.archive import MIB
from lamsach.documents.pdf.page import PageReader, PageText
from lamsach.documents.pdf.painter import Painter
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


_TEXT_FIELDS = ("/Tx", "/Ch")


def field_texts(data: bytes, limits: PdfLimits) -> Iterator[Paragraph]:
    """Yield the lines of a PDF's form fields: `page` is the page, `row` the field's number on it."""
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if "/AcroForm" not in reader.root_object or (reader.is_encrypted and not reader.decrypt("")):
            return
        for number, page in enumerate(reader.pages[: limits.pages], 1):
            for row, text in enumerate(_texts(page, limits.fields), 1):
                yield from (Paragraph(number, row, part) for part in text.splitlines())
    except Exception:  # noqa: BLE001 - a damaged form fails in any of the library's ways; the pages were read
        return


def _texts(page: PageObject, max_fields: int) -> Iterator[str]:
    for place in list(page.get("/Annots") or ())[:max_fields]:
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


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """Limits of a document: pages, form fields on each, characters of text, drawing steps with forms.

    A full page of text has some thousands of steps.
    """

    pages: int = 5000
    fields: int = 5000
    characters: int = 128 * MIB
    page_steps: int = 150_000
    steps: int = 5_000_000


LISTS = PdfLimits()
"""For lists, which may be long."""


def read_pages(data: bytes, document: str, knowledge: Knowledge, limits: PdfLimits) -> Iterator[PageText]:
    """Yield the pages of a document in order.

    Raises UnreadableError for a damaged or locked one, LimitError for one that is too large, after the pages
    before.
    """
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, LimitReachedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports every slip in a file
    size = heavy = number = 0
    steps = _Steps(limits)
    painter = Painter(steps.count)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise _locked(document)
        pages = PageReader(read_tags(reader), knowledge)
        for number, page in enumerate(reader.pages, 1):
            if number > limits.pages:
                raise LimitError("The PDF has too many pages.", document, "Split it into several files.")
            text = _page_text(number, page, painter, pages, steps)
            size += sum(map(len, text.lines))
            heavy += text.heavy
            if size > limits.characters or steps.spent > limits.steps:
                raise _bomb(document)
            yield text
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


def _page_text(number: int, page: PageObject, painter: Painter, pages: PageReader, steps: _Steps) -> PageText:
    """Return the lines and tables of a page; none of one that draws far more than a page of text."""
    from pypdf.errors import LimitReachedError

    steps.begin_page()
    try:
        text = pages.read(number, page, painter.page(page))
    except LimitReachedError:
        steps.skip_page()
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


class _Steps:
    """Counter of the steps of drawing programs: pages may share one long program, or call it often."""

    def __init__(self, limits: PdfLimits) -> None:
        self._limits = limits
        self.spent = 0
        self._page = 0

    def begin_page(self) -> None:
        """Begin a page."""
        self.spent += self._page
        self._page = 0

    def skip_page(self) -> None:
        """Count a page that drew too much."""
        self.spent += self._limits.page_steps

    def count(self, weight: int) -> None:
        """Count steps. Raises LimitReachedError beyond a page's limit."""
        self._page += weight
        if self._page > self._limits.page_steps:
            from pypdf.errors import LimitReachedError

            self._page = 0
            raise LimitReachedError("steps")


def _bomb(document: str) -> LimitError:
    return LimitError(
        "The PDF unpacks to far more than a document holds: this is how a bomb looks.", document
    )


def _locked(document: str) -> UnreadableError:
    return UnreadableError("The PDF is locked with a password.", document, "Save it without a password.")
