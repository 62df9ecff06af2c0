"""List files in any packing: plain, gzip, bzip2, xz, zstandard, or a zip archive with several lists.

Nothing is unpacked to disk, and no more than the limits allow, so a bomb ends with one LimitError. Archives
of unsupported kinds are refused with advice, at any depth (a file, a member of a zip archive, an attachment).
"""

from __future__ import annotations

import glob
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lamsach.documents.archive import (
    MIB,
    clear_errors,
    locked_error,
    member_opener,
    opener,
    packing,
    read_up_to,
)
from lamsach.documents.decode import HEAD_BYTES, Encoding, blocks, detect_encoding
from lamsach.errors import LimitError, UnreadableError
from lamsach.indicators.values import refusals
from lamsach.indicators.values.refusals import Refused

_UNPACK = (
    "Unpack it first (Windows: 7-Zip, or Extract All of Windows 11; Linux: 7z x FILE), then give "
    "the files or their folder."
)
# https://py7zr.readthedocs.io/en/latest/archive_format.html    https://www.rarlab.com/technote.htm
_KINDS = (
    (b"7z\xbc\xaf\x27\x1c", "The list is packed in a 7z archive, which is not unpacked here."),
    (b"Rar!\x1a\x07", "The list is packed in a RAR archive, which is not unpacked here."),
)


def refuse_if_packed(source: ListSource) -> None:
    """Raise UnreadableError for a 7z or RAR archive."""
    for magic, what in _KINDS:
        if source.head.startswith(magic):
            raise UnreadableError(what, source.document, _UNPACK)


MAX_WHOLE_BYTES = 512 * MIB
"""Maximum size of a document that has to be in memory as a whole (JSON, XML, PDF, a workbook)."""
MAX_MEMBERS = 2000
"""Maximum number of lists in an archive."""
RELEASE_MEMBERS = frozenset({"manifest.json", "indicators.jsonl", "signature.json"})
"""Members of a signed release of ours; its values are in one (`lamsach.indicators.releases.release`)."""

TAXII_SCHEMES = ("taxii+https://", "taxii+http://")
"""Path prefixes of a TAXII 2.1 collection."""
MISP_SCHEMES = ("misp+https://", "misp+http://")
"""Path prefixes of a MISP instance or feed."""


class ListSource:
    """One list: its name for references, its first bytes, and repeatable access to its bytes and lines."""

    def __init__(
        self, document: str, opener: Callable[[], BinaryIO], *, ocr: bool = False, prose: bool = False
    ) -> None:
        self.document = document
        self.prose = prose
        """Whether a person wrote this to another (the text of a message), so that it is no bare list."""
        self.ocr = ocr
        """Whether pages that are pictures are read by optical character recognition."""
        self._opener = opener
        with self.open() as stream:
            self.head = read_up_to(stream, HEAD_BYTES)
        self.encoding: Encoding = detect_encoding(self.head)
        self.text_head = self.encoding.decode_head(self.head)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the unpacked bytes. Errors while they are read are UnreadableError or LimitError."""
        with clear_errors(self.document), self._opener() as stream:
            yield stream

    @classmethod
    def of_bytes(cls, document: str, data: bytes, *, ocr: bool = False, prose: bool = False) -> ListSource:
        """Return a list that is in memory."""
        return cls(document, lambda: io.BytesIO(data), ocr=ocr, prose=prose)

    def whole(self, max_bytes: int = MAX_WHOLE_BYTES) -> bytes:
        """Return all bytes. Raises LimitError for more than `most`."""
        with self.open() as stream:
            data = read_up_to(stream, max_bytes + 1)
        if len(data) > max_bytes:
            raise LimitError(
                "The list is too large to be read as a whole.", self.document, "Split it into several files."
            )
        return data

    def lines(self) -> Iterator[tuple[int, str | None]]:
        """Yield every line with its 1-based number, without its end; None for an overlong line."""
        number = 0
        with self.open() as stream:
            for block in blocks(stream, self.encoding):
                for line in [None] if block is None else block.split("\n"):
                    number += 1
                    yield number, line


def expand(paths: list[str]) -> list[str]:
    """List the files that paths name: all visible ones of a folder, sorted; all that match a pattern."""
    found: list[str] = []
    for path in paths:
        if path.startswith(TAXII_SCHEMES + MISP_SCHEMES):
            found.append(path)
        elif path != "-" and Path(path).is_dir():
            found += sorted(
                str(inner)
                for inner in Path(path).rglob("*")
                if inner.is_file() and not inner.name.startswith(".")
            )
        elif any(mark in path for mark in "*?[") and not Path(path).exists():
            found += sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207 - as given
        else:
            found.append(path)
    return found


def sources(path: str, *, ocr: bool = False) -> Iterator[ListSource]:
    """Yield the lists of a file: one, or each member of a zip archive. `-` is standard input.

    Raises UnreadableError or LimitError; a member that cannot be read ends the archive.
    """
    if path == "-":
        yield ListSource.of_bytes(path, sys.stdin.buffer.read(MAX_WHOLE_BYTES), ocr=ocr)
        return
    with clear_errors(path):
        kind = packing(path)
        if kind != "zip":
            yield ListSource(path, opener(path, kind), ocr=ocr)
            return
        with zipfile.ZipFile(path) as archive:
            yield from members(archive, path, ocr=ocr)


def members(archive: zipfile.ZipFile, path: str, *, ocr: bool) -> Iterator[ListSource]:
    """Yield the lists in an open archive. Raises LimitError (too many), UnreadableError (locked)."""
    found = [member for member in archive.infolist() if not member.is_dir()]
    if len(found) > MAX_MEMBERS:
        raise LimitError("The archive holds too many files.", path)
    if {member.filename for member in found} == RELEASE_MEMBERS:
        found = [member for member in found if member.filename == "indicators.jsonl"]
    for member in found:
        if member.flag_bits & 1:
            raise UnreadableError("The archive is locked with a password.", path, "Unpack it first.")
        yield ListSource(f"{path}!{member.filename}", member_opener(archive, member), ocr=ocr)


MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_BYTES = 256 * MIB
MAX_STREAMS = 20_000


def streams(source: ListSource) -> frozenset[str]:
    """Return the names of the top-level streams and storages in lower case; empty without a compound file."""
    if not source.head.startswith(MAGIC):
        return frozenset()
    try:
        with open_compound(source) as compound:
            return frozenset(path[0].lower() for path in compound.listdir(streams=True, storages=True))
    except UnreadableError:
        return frozenset()


def open_compound(source: ListSource) -> Any:
    """Open the compound file. Raises UnreadableError for a damaged one, LimitError for one too large."""
    import olefile  # type: ignore[import-untyped]

    data = source.whole(MAX_BYTES)
    try:
        compound = olefile.OleFileIO(io.BytesIO(data))
        if len(compound.direntries) > MAX_STREAMS:
            raise LimitError("The document has too many parts.", source.document)
        return compound
    except (UnreadableError, LimitError):
        raise
    except Exception:  # noqa: BLE001 - a damaged file fails in any of the library's ways
        raise UnreadableError("The document is damaged.", source.document, "Fetch the file again.") from None


def refuse_if_locked_or_old(source: ListSource) -> None:
    """Raise UnreadableError for a compound file that no format reads, with its kind."""
    names = streams(source)
    if "encryptedpackage" in names or "encryptioninfo" in names:
        raise locked_error(source.document)
    if source.head.startswith(MAGIC):
        raise UnreadableError(
            "This Office file is in the old format or locked with a password.",
            source.document,
            "Save it as DOCX or XLSX without a password.",
        )


_JSON_START = re.compile(r"\s*(?:\{\s*(?:\"|\})|\[\s*(?:[\[{\"\]]|-?\d+\s*,))")

_NEXT_START = re.compile(r"[^\s,\x1e]")
"""Start of a document after another: spaces, a comma or a record separator (RFC 7464) may be between."""


def looks_like_json(source: ListSource) -> bool:
    """Return whether a document begins like JSON (and not like `[text](link)` or `[Adblock]`)."""
    return not source.encoding.binary and _JSON_START.match(source.text_head) is not None


def documents(source: ListSource) -> Iterator[tuple[int | None, Any]]:
    """Yield the document or several (row None), or each record of a file with one a line (row is the line).

    A damaged record is yielded as Refused. Raises UnreadableError for a damaged document, LimitError for one
    nested too deep.
    """
    try:
        if _is_line_delimited(source.text_head):
            yield from _records(source)
            return
        text, decoder, place = source.encoding.decode(source.whole()), json.JSONDecoder(), 0
        while place < len(text) and (start := _NEXT_START.search(text, place)) is not None:
            tree, place = decoder.raw_decode(text, start.start())
            yield None, tree
    except ValueError:
        raise UnreadableError(
            "The JSON is damaged or cut short.", source.document, "Fetch the file again."
        ) from None
    except RecursionError:
        raise LimitError("The JSON is nested too deep.", source.document) from None


def _is_line_delimited(head: str) -> bool:
    first, end, rest = head.lstrip().partition("\n")
    if not end or not rest.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def _records(source: ListSource) -> Iterator[tuple[int, Any]]:
    from lamsach.indicators.values.records import shorten

    for number, line in source.lines():
        if line is None:
            yield number, Refused(refusals.TOO_LONG)
        elif line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                yield number, Refused(refusals.BAD_RECORD, shorten(line))
