"""The text of a mail that comes twice, plain and as a page (RFC 2046 section 5.1.4): the page counts too where it lists more.

Mail programs write the plain one for those who cannot see pages, and some write only "This message is in HTML" or leave out its tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.documents.archive import MIB
from lamsach.errors import LamsachError
from lamsach.indicators.files.opening import ListSource
from lamsach.model import Indicator, IndicatorType

MAX_COMPARED = 8 * MIB
"""The longest text that is read twice, to compare; of a longer pair the plain one is read."""

_DOCTYPE = b"<!doctype html>"
_STARTS = (b"<!", b"<html", b"<head", b"<body", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def as_page(data: bytes) -> bytes:
    """The bytes of a mail's page with a beginning by which it is known as one: many are mere paragraphs."""
    return data if data[:200].lstrip().lower().startswith(_STARTS) else _DOCTYPE + data


def bodies(plain: ListSource, page: ListSource) -> Iterator[ListSource]:
    """Yield what is to be read of a text and its page, in order: the text, the page where it lists what the text does not, both where each does."""
    listed, shown = _listed(plain), _listed(page)
    if listed is None or shown is None or shown <= listed:
        yield plain
        return
    if not listed <= shown:
        yield plain
    yield page


def _listed(source: ListSource) -> set[tuple[IndicatorType, str]] | None:
    """The values that a text lists; None when it cannot be read or is too long."""
    from lamsach.indicators.formats import recognising

    try:
        if len(source.whole()) > MAX_COMPARED:
            return None
        known = next(recognising(source), None)
        entries = known.read(source) if known is not None and source.head.strip() else ()
        return {(item.type, item.value) for item in entries if isinstance(item, Indicator)}
    except LamsachError:
        return None
