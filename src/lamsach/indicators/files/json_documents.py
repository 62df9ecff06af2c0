"""JSON as lists come in it: one document, or one record a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lamsach.errors import LimitError, UnreadableError
from lamsach.indicators.files.source import ListSource
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import shortened
from lamsach.indicators.values.refusals import Refused

_STARTS = re.compile(r"\s*(?:\{\s*(?:\"|\})|\[\s*(?:[\[{\"\]]|-?\d+\s*,))")

_BEGINS = re.compile(r"[^\s,\x1e]")
"""Begin of a document behind another: spaces, a comma or a record separator (RFC 7464) may be between."""


def looks_like_json(source: ListSource) -> bool:
    """Return whether a document begins as JSON does (and not as `[text](link)` or `[Adblock]`)."""
    return not source.encoding.binary and _STARTS.match(source.text_head) is not None


def documents(source: ListSource) -> Iterator[tuple[int | None, Any]]:
    """The one document (row None), or each record of a file with one a line (row is the line).

    A record that is damaged comes as Refused. Raises UnreadableError for a damaged document, LimitError for
    one that is nested too deep.
    """
    try:
        if _one_a_line(source.text_head):
            yield from _records(source)
            return
        yield from _one_after_the_other(source.encoding.decode(source.whole()))
    except ValueError:
        raise UnreadableError(
            "The JSON is damaged or cut short.", source.document, "Fetch the file again."
        ) from None
    except RecursionError:
        raise LimitError("The JSON is nested too deep.", source.document) from None


def _one_after_the_other(text: str) -> Iterator[tuple[None, Any]]:
    """Yield a text's documents, mostly one. Raises ValueError at a damaged one; those before hold."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text) and (start := _BEGINS.search(text, place)) is not None:
        tree, place = decoder.raw_decode(text, start.start())
        yield None, tree


def _one_a_line(head: str) -> bool:
    first, end, rest = head.lstrip().partition("\n")
    if not end or not rest.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(first)
    except ValueError:
        return False
    return True


def _records(source: ListSource) -> Iterator[tuple[int, Any]]:
    for number, line in source.lines():
        if line is None:
            yield number, Refused(refusals.TOO_LONG)
        elif line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                yield number, Refused(refusals.BAD_RECORD, shortened(line))
