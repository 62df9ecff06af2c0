"""Detection of the product that wrote a log, from its first lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from lamsach.logs.base import LogFormat
from lamsach.logs.binary.base import BinaryFormat
from lamsach.logs.formats import FORMATS, JSON_FORMATS, binary_format_of, document_format_of
from lamsach.logs.opening.encodings import SNIFF_BYTES, decode_line
from lamsach.logs.opening.inputs import HEAD_BYTES
from lamsach.logs.text.json_documents import is_lines

HEAD_LINES = 500
"""Number of lines for detection."""
_SURE = 0.9
_ENOUGH = 0.5
_SOME = 0.3
"""Maximal share of other products' lines in a table (a heading, text above the table)."""
_FIRST, _DISTANCE = 12, 23
_ROWS_CANNOT_BE_TOLD = "csv_columns"
_SHAPES = frozenset({"json_lines", "key_value", "csv_columns"})
"""Possible results for a JSON document."""


@dataclass(frozen=True, slots=True)
class Detection:
    """The kind of a file.

    `format` is None for unknown text, a syslog server's mixed file, and `binary` files. `share` (0 to 1) of
    the sampled lines belongs to the format, or to the `mixed` formats together, most frequent first. `lines`
    are the first non-empty lines, decoded: the `head` of a FileContext."""

    format: type[LogFormat] | None
    share: float
    mixed: tuple[type[LogFormat], ...] = ()
    lines: tuple[str, ...] = ()
    binary: type[BinaryFormat] | None = None

    @property
    def known(self) -> bool:
        """Return whether any format reads the file."""
        return self.format is not None or self.binary is not None or bool(self.mixed)


def head_lines(head: bytes) -> tuple[str, ...]:
    """Decode the first non-empty lines (up to 500) of a file's head, without a truncated last one."""
    pieces = head.split(b"\n", HEAD_LINES * 4)[: HEAD_LINES * 4]
    if len(head) >= HEAD_BYTES and len(pieces) > 1 and not head.endswith(b"\n"):
        pieces.pop()
    lines = (line for piece in pieces if (line := decode_line(piece)) and not line.isspace())
    return tuple(islice(lines, HEAD_LINES))


def detect(head: bytes) -> Detection:
    """Detect a file's format by its head in UTF-8 (`LogFile.head()`): best score, then registry order.

    A file with lines of several formats is `mixed`."""
    binary = binary_format_of(head[:SNIFF_BYTES])
    if binary is not None:
        return Detection(None, 1.0, binary=binary)
    detection = _of_lines(head_lines(head))
    is_search_answer = b'"_source"' in head[:SNIFF_BYTES]  # its records look like their product's own
    known = detection.format is not None and (
        detection.format.name not in _SHAPES or detection.lines[0][:1] not in ("{", "[")
    )
    if not known or is_search_answer:
        document = document_format_of(head[:SNIFF_BYTES])
        lines = detection.lines
        if document is not None and (not is_lines(lines) or document.reads_lines(lines)):
            return Detection(None, 1.0, lines=detection.lines, binary=document)
    return detection


def _of_lines(lines: tuple[str, ...]) -> Detection:
    """Detect the format of a text file by its first lines."""
    if not lines:
        return Detection(None, 0.0)
    few = _few(lines)
    likely = JSON_FORMATS if all(map(_is_object, few)) else FORMATS
    for log_format in likely.marked("\n".join(("", *few))):
        if log_format.score(lines) == 1.0:  # a product's lines match no other
            return Detection(log_format, 1.0, (), lines)
    quick: dict[type[LogFormat], float] = {}
    for log_format in likely:
        if _may_be(log_format, few):
            quick[log_format] = log_format.score(lines)
            if quick[log_format] == 1.0:  # no better one is possible, and the first of equals wins
                break
    best = max(quick, key=lambda log_format: quick[log_format], default=FORMATS[0])
    if quick.get(best, 0.0) >= _SURE:
        return Detection(best, quick[best], (), lines)
    possible = JSON_FORMATS if all(map(_is_object, lines)) else FORMATS
    scores = {f: (quick.get(f) or f.score(lines)) if f in possible else 0.0 for f in FORMATS}
    best = max(FORMATS, key=lambda log_format: scores[log_format])  # of equal ones the first
    share = scores[best]
    if share >= _SURE or (share >= _ENOUGH and best.multiline):
        return Detection(best, share, (), lines)
    counts = _formats_by_line(lines)
    if best.name == _ROWS_CANNOT_BE_TOLD and share >= _ENOUGH and counts.total() < _SOME * len(lines):
        return Detection(best, share, (), lines)
    least = 1 if len(lines) <= 20 else 2
    frequent = sorted(
        FORMATS, key=lambda log_format: -counts[log_format]
    )  # of equal ones the first stays first
    several = tuple(log_format for log_format in frequent if counts[log_format] >= least)
    if len(several) > 1:
        return Detection(None, sum(counts[f] for f in several) / len(lines), several, lines)
    if share >= _ENOUGH:
        return Detection(best, share, (), lines)
    if several:
        return Detection(None, counts[several[0]] / len(lines), several, lines)
    return Detection(None, 0.0, (), lines)


def _few(lines: Sequence[str]) -> Sequence[str]:
    """Return the first lines and some later ones, at a distance unlike any multi-line record."""
    return (*lines[:_FIRST], *lines[_FIRST::_DISTANCE])


def _may_be(log_format: type[LogFormat], few: Sequence[str]) -> bool:
    """Return whether a format reads any of these lines, so that all are worth testing."""
    if log_format.score.__func__ is not LogFormat.score.__func__:  # type: ignore[attr-defined]
        return log_format.score(few) > 0
    return any(map(log_format.recognises, few))


def _formats_by_line(lines: Sequence[str]) -> Counter[type[LogFormat]]:
    """Count the lines that each format recognizes; a line counts for the first that does."""
    counts: Counter[type[LogFormat]] = Counter()
    for line in lines:
        log_format = format_of_line(line)
        if log_format is not None:
            counts[log_format] += 1
    return counts


def format_of_line(line: str) -> type[LogFormat] | None:
    """Return the first registered format that recognizes a line, except CSV, whose rows are ambiguous."""
    return next(
        (f for f in possible_formats(line) if f.name != _ROWS_CANNOT_BE_TOLD and f.recognises(line)), None
    )


def possible_formats(line: str) -> Sequence[type[LogFormat]]:
    """Return the formats that a line may have: those reading JSON objects for an object, else all."""
    return JSON_FORMATS if _is_object(line) else FORMATS


def _is_object(line: str) -> bool:
    return line.startswith('{"') and line.rstrip().endswith(("}", "},"))
