"""PDF dispatches and reports: their text, page by page and line by line (ISO 32000)."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from typing import ClassVar

from pypdf import PdfReader
from pypdf.errors import FileNotDecryptedError

from lamsach.errors import LimitError, UnreadableError
from lamsach.indicators.base import ListFormat
from lamsach.indicators.extract import scan
from lamsach.indicators.opening import ListSource
from lamsach.indicators.records import Entry, entries
from lamsach.model import Reference

MAX_PAGES = 5000
_HEX_END = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8,63}$")
_HEX_START = re.compile(r"^[0-9A-Fa-f]{1,56}(?![0-9A-Za-z])")
_HASH_DIGITS = (32, 40, 64)


class Pdf(ListFormat):
    """PDF; `page` is the page and `row` the line of its text, both 1-based."""

    name: ClassVar[str] = "pdf"
    title: ClassVar[str] = "PDF document"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Whether the file begins as a PDF does."""
        return b"%PDF-" in source.head[:1024]

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Whatever has a value's shape on any line, taken or refused; the sentences around it are no refusals."""
        for page, text in _pages(source):
            for row, line in _joined(text.splitlines()):
                yield from entries(scan(line), Reference(source.document, page, row))


def _pages(source: ListSource) -> Iterator[tuple[int, str]]:
    logging.getLogger("pypdf").setLevel(
        logging.CRITICAL
    )  # it tells of every slip in a file; we tell of what matters
    try:
        reader = PdfReader(io.BytesIO(source.whole()), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError(
                "The PDF is locked with a password.", source.document, "Save it without a password."
            )
        for number, page in enumerate(reader.pages, 1):
            if number > MAX_PAGES:
                raise LimitError(
                    "The PDF has too many pages.", source.document, "Split it into several files."
                )
            yield number, page.extract_text()
    except (UnreadableError, LimitError):
        raise
    except FileNotDecryptedError:
        raise UnreadableError(
            "The PDF is locked with a password.", source.document, "Save it without a password."
        ) from None
    except Exception:  # noqa: BLE001 - a damaged PDF fails in any of the library's ways
        raise UnreadableError("The PDF is damaged.", source.document, "Fetch the file again.") from None


def _joined(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; a hash that is broken over lines of a narrow column is put together again."""
    place = 0
    while place < len(lines):
        line, row = lines[place].rstrip(), place + 1
        place += 1
        while place < len(lines) and (joined := _with_next(line, lines[place].strip())) is not None:
            line = joined
            place += 1
        yield row, line


def _with_next(line: str, following: str) -> str | None:
    end, start = _HEX_END.search(line), _HEX_START.match(following)
    if end is None or start is None or (len(end[0]) in _HASH_DIGITS and len(start[0]) >= 32):
        return None
    digits = len(end[0]) + len(start[0])
    continues = start.end() == len(following)
    return (
        line + following
        if digits in _HASH_DIGITS or (continues and digits < 64 and len(end[0]) not in _HASH_DIGITS)
        else None
    )
