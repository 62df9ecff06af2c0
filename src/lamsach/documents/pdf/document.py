"""The pages of a PDF within the caller's limits: a page may draw without end, and a small file unpack to a large one."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lamsach.documents.archive import MIB
from lamsach.documents.pdf.cell_lines import Knowledge
from lamsach.documents.pdf.drawing import Painter
from lamsach.documents.pdf.page import PageReader, PageText
from lamsach.documents.pdf.tags import read_tags
from lamsach.errors import LamsachError, LimitError, UnreadableError

if TYPE_CHECKING:
    from pypdf import PageObject


@dataclass(frozen=True, slots=True)
class PdfLimits:
    """What a document may have: pages, form fields on each, characters of text, and steps of drawing programs, those within forms included; a full page of
    text has some thousands."""

    pages: int = 5000
    fields: int = 5000
    characters: int = 128 * MIB
    page_steps: int = 150_000
    steps: int = 5_000_000


LISTS = PdfLimits()
"""For lists, which may be long."""


def read_pages(data: bytes, document: str, knowledge: Knowledge, limits: PdfLimits) -> Iterator[PageText]:
    """The pages of a document in their order. Raises UnreadableError for a damaged or locked one, LimitError for one that is too large, after the pages
    that come before."""
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, LimitReachedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of every slip in a file
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
    """The lines and tables of a page; none of one that draws far more than a page of text."""
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
    """Counts the steps of drawing programs: pages may share one long program, or call it often."""

    def __init__(self, limits: PdfLimits) -> None:
        self._limits = limits
        self.spent = 0
        self._page = 0

    def begin_page(self) -> None:
        """Another page begins."""
        self.spent += self._page
        self._page = 0

    def skip_page(self) -> None:
        """The page that was begun drew too much."""
        self.spent += self._limits.page_steps

    def count(self, weight: int) -> None:
        """Further steps. Raises LimitReachedError beyond what a page may do."""
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
