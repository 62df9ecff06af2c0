"""Text of a scanned page, by the program tesseract where it is installed; the page's picture by pdftoppm (poppler) or pypdfium2 (the extra `ocr`). Never more than a guess."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lamsach.errors import UnreadableError

CONFIDENCE = 20
"""The confidence of a value that was read from a picture (STIX 2.1 appendix A: low)."""
TIMEOUT_S = 120
RESOLUTION_DPI = 300
LONGEST_SIDE = 5000
"""Of a picture, in pixels."""
_WANTED = ("vie", "eng")


def read_picture(data: bytes, page: int, document: str) -> str:
    """The text of one page (1-based) of a PDF. Raises UnreadableError when a program is missing or fails."""
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
    """Write a page's picture, grey, as PGM, by a program or a process of its own. Raises UnreadableError."""
    place = str(page)
    if shutil.which("pdftoppm") is None:
        _run([sys.executable, "-c", _DRAW, str(source), place, str(picture)], document)
        return
    size = ["-r", str(RESOLUTION_DPI), "-gray", "-singlefile", "-scale-to", str(LONGEST_SIDE)]
    _run(["pdftoppm", *size, "-f", place, "-l", place, str(source), str(picture.with_suffix(""))], document)


_DRAW = f"""
import sys
from importlib.util import find_spec
from pathlib import Path
import pypdfium2
source, number, target = sys.argv[1:]
page = pypdfium2.PdfDocument(source)[int(number) - 1]
scale = min({RESOLUTION_DPI} / 72, {LONGEST_SIDE} / max(page.get_size()))
grey = page.render(scale=scale, grayscale=True).to_numpy()
Path(target).write_bytes(b"P5 %d %d 255\\n" % (grey.shape[1], grey.shape[0]) + grey.tobytes())
"""


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
