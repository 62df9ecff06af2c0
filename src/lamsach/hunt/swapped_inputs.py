"""Logs given as lists, and lists given as logs, recognized by their first lines."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark
from lamsach.indicators.files.source import MISP_SCHEMES, TAXII_SCHEMES, ListSource
from lamsach.logs.opening.inputs import LogFile, find_logs
from lamsach.logs.reading.detect import Detection
from lamsach.logs.reading.events import detection_for
from lamsach.model import Problem

_ANY_SHAPE = frozenset({"csv_columns", "json_lines", "json_document", "key_value", "parquet", "arrow"})
"""Readers of a shape, which lists and logs share."""
_LISTS_ONLY = frozenset(
    {"lamsach", "stix", "stix1", "openioc", "ids_rules", "yara", "zeek_intel", "clamav", "rpz"}
)
"""Formats that only lists have."""
_LIST_SIGNS = re.compile(
    rb'"(?:bundle|indicator|observed-data|value)|stix|openioc|<ioc|\bsid\s?:|\bcondition\s?:'
    rb"|Intel::|#fields|[0-9a-f]{32}:[\d*]|CNAME",
    re.IGNORECASE,
)
"""Each of these formats contains one of these; its own reader decides."""
_MIN_SHARE = 0.5
"""Minimum share of a product's lines among a log's first lines."""
_MIN_ALONE = 0.9
"""Minimum share of lone values, or of rows under a list's heading, among a list's first lines."""
_HEADING = re.compile(
    r"\b(?:ioc|indicator|indicator_type|threat|malware|mã độc|dấu hiệu|chỉ dấu)s?\b", re.IGNORECASE
)
_TIME_OF_DAY = re.compile(r"\b[0-2]?\d:[0-5]\d")
_COUNTED_BYTES_MAX = 256 << 20
FEW_LOGS = 64
"""Number of logs up to which swapped inputs are refused before the hunt begins."""

LOG_AS_LIST = mark("This is a log, not a list of indicators.")
LIST_AS_LOG = mark("This is a list of indicators, not a log.")
GIVE_AS_LIST = mark("Give it with -i. If it is a log after all, add --format unknown_text.")
ONE_OF_THE_LISTS = mark("This is a list of this hunt, not a log: it was not searched.")


@dataclass(frozen=True, slots=True)
class SwappedInput:
    """An input of the wrong kind: path, titles of its formats, lines (None: too many to count)."""

    path: str
    title: str
    lines: int | None


class SwappedInputsError(InputError):
    """No list, or no log, remains without the swapped `inputs`."""

    def __init__(self, what: str, todo: str, inputs: Sequence[SwappedInput]) -> None:
        super().__init__(what, inputs[0].path, todo)
        self.inputs = tuple(inputs)


def logs_among(documents: Sequence[str]) -> list[SwappedInput]:
    """Return the documents that a product wrote as a log."""
    return [found for document in documents if (found := _as_log(document)) is not None]


def lists_alone(paths: Sequence[str], on_problem: Callable[[Problem], None]) -> list[str]:
    """Return the paths that may be lists; each log among them is a problem."""
    logs = {found.path for found in logs_among(paths)}
    for path in logs:
        on_problem(Problem(path, LOG_AS_LIST))
    return [path for path in paths if path not in logs]


def refuse_logs(documents: Sequence[str]) -> tuple[list[str], list[Problem]]:
    """Split documents into possible lists and problems. Raises SwappedInputsError if all are logs."""
    logs = {found.path: found for found in logs_among(documents)}
    todo = mark("Give it before the lists, without -i, and the list of indicators with -i.")
    if logs and len(logs) == len(set(documents)):
        raise SwappedInputsError(LOG_AS_LIST, todo, tuple(logs.values()))
    accepted = [document for document in documents if document not in logs]
    return accepted, [Problem(f"{path} ({found.title})", LOG_AS_LIST, todo) for path, found in logs.items()]


def refuse_lists(
    logs: Sequence[LogFile], documents: Sequence[str], *, stated: bool
) -> tuple[list[LogFile], list[Problem]]:
    """Return the logs to search, and a problem for each list. Raises SwappedInputsError if no log is left.

    Lists are the hunt's own `documents` (minor problems), and any other unless the format is `stated`. With
    more than FEW_LOGS the hunt itself tests each log when it opens it (`is_list_text`).
    """
    own = {place.resolve() for document in documents if (place := Path(document)).is_file()}
    names = {place.name for place in own} | {Path(document).name for document in documents}
    accepted, problems, lists = [], [], []
    for log in logs:
        place = _container(log.name)
        if place.name in names and place.resolve() in own and not _is_a_products(log):
            lists.append(SwappedInput(log.name, "", None))
            problems.append(Problem(log.name, ONE_OF_THE_LISTS, minor=True))
        elif not stated and len(logs) <= FEW_LOGS and _is_list(log):
            lists.append(SwappedInput(log.name, "", None))
            problems.append(Problem(log.name, LIST_AS_LOG, GIVE_AS_LIST))
        else:
            accepted.append(log)
    if lists and not accepted:
        raise SwappedInputsError(LIST_AS_LOG, GIVE_AS_LIST, lists)
    return accepted, problems


def _container(name: str) -> Path:
    """Return the file of a log: for a member of an archive or a sheet of a workbook the whole file."""
    path = Path(name)
    return path if path.exists() else Path(name.partition("!")[0])


def is_list(path: str) -> bool:
    """Return whether the first lines of a file are a list's."""
    logs = find_logs([path], on_problem=lambda _problem: None) if path != "-" else iter(())
    return any(map(_is_list, islice(logs, 1)))


def _as_log(document: str) -> SwappedInput | None:
    if document == "-" or document.startswith((*TAXII_SCHEMES, *MISP_SCHEMES)):
        return None
    if document.lower().endswith((".xlsx", ".xlsm")):  # a shape that lists and logs share
        return None
    try:
        log = next(find_logs([document], on_problem=lambda _problem: None), None)
        detection = detection_for(log) if log is not None else None
        if log is None or detection is None or not (titles := list(_titles(detection))):
            return None
        if detection.binary is None and _is_of_lists_only(document, log.head()):
            return None
        return SwappedInput(document, ", ".join(titles), None if detection.binary else _lines(log))
    except LamsachError:
        return None


def _is_a_products(log: LogFile) -> bool:
    try:
        return any(_titles(detection_for(log)))
    except LamsachError:
        return False


def _titles(detection: Detection) -> Iterator[str]:
    """Yield the titles of the products that wrote the log; none for a shape that a list may have too."""
    if detection.binary is not None:
        found: tuple[Any, ...] = (detection.binary,)
    else:
        found = (detection.format,) if detection.format is not None else detection.mixed
    if detection.share >= _MIN_SHARE and all(log_format.name not in _ANY_SHAPE for log_format in found):
        yield from (str(log_format.title) for log_format in found[:3])


def _lines(log: LogFile) -> int | None:
    """Count the lines of a text; None for one over _COUNTED_BYTES_MAX."""
    block, lines, size = bytearray(1 << 20), 0, 0
    with log.open() as stream:
        while read := stream.readinto(memoryview(block)):
            lines += block.count(b"\n", 0, read)
            size += read
            if size > _COUNTED_BYTES_MAX:
                return None
    return lines


def _is_list(log: LogFile) -> bool:
    try:
        return is_list_text(detection_for(log), log)
    except LamsachError:
        return False


def is_list_text(detection: Detection, log: LogFile) -> bool:
    """Return whether a log begins like a list. Raises UnreadableError or LimitError as `LogFile.head`."""
    head = log.head()
    if any(_titles(detection)):  # Zeek's logs and lists have the same header
        return b"#fields\tindicator" in head and _is_of_lists_only(log.name, head)
    if b"\0" in head:
        return False
    lines = [line for text in detection.lines if (line := text.strip()) and line[0] not in "#;"]
    if not lines or detection.binary is not None:
        return _is_of_lists_only(log.name, head)
    if _HEADING.search(lines[0]) and len(lines) > 1:
        alone = sum(_holds_a_value(line) for line in lines[1:]) / (len(lines) - 1)
    else:
        alone = sum(_is_a_value(line) for line in lines) / len(lines)
    return alone >= _MIN_ALONE or _is_of_lists_only(log.name, head)


def _is_of_lists_only(name: str, head: bytes) -> bool:
    if _LIST_SIGNS.search(head) is None:  # the readers of lists take 0.2 s to load
        return False
    from lamsach.indicators.formats import matching_formats

    source = ListSource(name, lambda: io.BytesIO(head))
    known = next(matching_formats(source), None)
    return known is not None and known.name in _LISTS_ONLY


def _is_a_value(text: str) -> bool:
    from lamsach.indicators.values.normalise import canonical_values

    if len(text) > 2000 or " " in text:
        return False
    try:
        return bool(canonical_values(text))
    except LamsachError:
        return False


def _holds_a_value(row: str) -> bool:
    """Return whether a table row has a value in a cell of its own, and no time of day."""
    cells = re.split(r"[,;|\t]", row[:4000])
    return _TIME_OF_DAY.search(row) is None and any(_is_a_value(cell.strip(" \"'")) for cell in cells)
