"""Lists in, indicators out: a file of any supported format as indicators and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from lamsach.errors import LamsachError, LimitError, UnreadableError
from lamsach.indicators.files.containers import MAX_NESTED, is_container, parts
from lamsach.indicators.files.source import (
    MISP_SCHEMES,
    TAXII_SCHEMES,
    ListSource,
    expand,
    refuse_if_locked_or_old,
    refuse_if_packed,
    sources,
)
from lamsach.indicators.formats import matching_formats
from lamsach.indicators.judge.unlisted import with_unlisted_lines
from lamsach.indicators.values.listings import IndicatorColumns
from lamsach.indicators.values.merge import merge
from lamsach.indicators.values.records import Entry, Plain, as_entry, as_indicator
from lamsach.model import IndicatorType, Problem, Refusal

OnProblem = Callable[[Problem], None]
OnFormat = Callable[[str], None]


@dataclass(slots=True)
class ListContents:
    """Contents of lists: each value once in order, with every place; refusals; documents read."""

    indicators: IndicatorColumns = field(default_factory=IndicatorColumns)
    refusals: list[Refusal] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)


def read_list(
    path: str, on_problem: OnProblem, *, ocr: bool = False, on_format: OnFormat = lambda name: None
) -> Iterator[Entry]:
    """Yield the indicators and refusals of one file in file order, duplicates included.

    `-` is standard input, `taxii+https://...` a TAXII 2.1 collection, `misp+https://...` a MISP instance or
    feed. Memory does not grow with the length of a TXT or CSV list. `on_problem` receives files that cannot
    be read, or not to their end. `ocr`: pages that are pictures are read by tesseract. `on_format` receives
    the name of each format before its entries.
    """
    return map(as_entry, read_quickly(path, on_problem, ocr=ocr, on_format=on_format))


def read_quickly(
    path: str, on_problem: OnProblem, *, ocr: bool = False, on_format: OnFormat = lambda name: None
) -> Iterator[Entry | Plain]:
    """Read like `read_list`, for lists of millions: plain values come without the cost of an `Indicator`."""
    try:
        for source in _sources(path, ocr=ocr):
            yield from _read_source(source, on_problem, on_format)
    except LamsachError as error:
        on_problem(Problem(error.where or path, error.what, error.todo))


def _sources(path: str, *, ocr: bool) -> Iterator[ListSource]:
    if path.startswith(TAXII_SCHEMES):
        from lamsach.indicators.servers.taxii import envelopes

        return envelopes(path)
    if path.startswith(MISP_SCHEMES):
        from lamsach.indicators.servers import misp_api, misp_feed

        return misp_feed.events(path) if misp_feed.is_feed(path) else misp_api.search_results(path)
    return sources(path, ocr=ocr)


def _read_source(
    source: ListSource, on_problem: OnProblem, on_format: OnFormat, depth: int = 0
) -> Iterator[Entry | Plain]:
    try:
        if not source.head.strip():
            raise UnreadableError("The list is empty.", source.document)
        refuse_if_packed(source)
        if is_container(source):
            if depth >= MAX_NESTED:
                raise LimitError("Messages and archives are nested too deep.", source.document)
            for part in parts(source):
                yield from _read_source(part, on_problem, on_format, depth + 1)
            return
        format_of_list = next(matching_formats(source), None)
        if format_of_list is None or format_of_list.name not in ("xls", "doc"):
            refuse_if_locked_or_old(source)
        if format_of_list is None:
            raise UnreadableError(
                "The format of the list is not known.",
                source.document,
                "Give a TXT, CSV, XLSX, DOCX, PDF, HTML, JSON, XML or EML file.",
            )
        on_format(format_of_list.name)
        found = format_of_list.read_quickly(source)
        yield from with_unlisted_lines(source, found) if format_of_list.rows_are_lines else found
    except LamsachError as error:
        on_problem(Problem(error.where or source.document, error.what, error.todo))


def read_lists(paths: Iterable[str], on_problem: OnProblem, *, ocr: bool = False) -> ListContents:
    """Read every list, each value once. A path may be a folder or a pattern.

    Listings of one value are merged: the first stated threat and source, the strictest TLP, the highest
    confidence, the longest validity.
    """
    contents = ListContents()
    places: dict[IndicatorType, dict[str, int]] = {kind: {} for kind in IndicatorType}
    for path in expand(list(paths)):
        problems: list[Problem] = []
        entries = 0
        for item in read_quickly(path, problems.append, ocr=ocr):
            entries += 1
            if isinstance(item, Refusal):
                contents.refusals.append(item)
                continue
            kind, value = item[:2] if isinstance(item, tuple) else (item.type, item.value)
            new = len(contents.indicators)
            place = places[kind].setdefault(value, new)
            if place == new:
                contents.indicators.append(item)
            else:
                contents.indicators.change(place, merge(contents.indicators[place], as_indicator(item)))
        for problem in problems:
            on_problem(problem)
        if entries or not problems:
            contents.documents.append(path)
    return contents
