"""Text of a scanned page, by the programs tesseract and pdftoppm (poppler) where they are installed. Never more than a guess."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from lamsach.errors import UnreadableError

CONFIDENCE = 20
"""The confidence of a value that was read from a picture (STIX 2.1 appendix A: low)."""
TIMEOUT_S = 120
RESOLUTION_DPI = 300
_WANTED = ("vie", "eng")


def read_page(data: bytes, page: int, document: str) -> str:
    """The text of one page (1-based) of a PDF. Raises UnreadableError when a program is missing or fails."""
    for program in ("tesseract", "pdftoppm"):
        if shutil.which(program) is None:
            raise UnreadableError(
                "A program that reads pictures of pages is not installed.",
                f"{document} ({program})",
                "Install tesseract-ocr, tesseract-ocr-vie and poppler-utils.",
            )
    with tempfile.TemporaryDirectory(prefix="lamsach-ocr-") as folder:
        source = Path(folder) / "document.pdf"
        source.write_bytes(data)
        place = str(page)
        picture = Path(folder) / "page"
        _run(
            ["pdftoppm", "-r", str(RESOLUTION_DPI), "-gray", "-singlefile", "-scale-to", "5000", "-f", place, "-l", place, str(source), str(picture)],
            document,
        )  # fmt: skip
        return _run(
            ["tesseract", f"{picture}.pgm", "stdout", "-l", _languages(), "--psm", "3"], document
        ).decode("utf-8", "replace")


@cache
def _languages() -> str:
    """Vietnamese and English, as far as they are installed."""
    try:
        listed = _run(["tesseract", "--list-langs"], "").decode("utf-8", "replace").split()
    except UnreadableError:
        return "eng"
    return "+".join(name for name in _WANTED if name in listed) or "eng"


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
