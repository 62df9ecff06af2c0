"""Reader of foreign XML within limits: any encoding, no document type, bounded depth and size."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from lamsach.documents.xml import events, local_name
from lamsach.errors import LimitError, UnreadableError
from lamsach.i18n import mark

LARGEST_BYTES = 100_000_000
MOST_ELEMENTS = 100_000
DEEPEST = 60
_LONGEST_TEXT = 20_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
# <?xml version="1.0" encoding="utf-16"?>
_DECLARATION = re.compile(
    rb"\s*<\?xml\s+version\s*=\s*[\"']1\.0[\"'](?:\s+(?:encoding|standalone)\s*="
    rb"\s*[\"'][A-Za-z0-9._-]{1,40}[\"'])*\s*\?>\s*"
)
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")


def as_utf8(data: bytes, where: str) -> bytes:
    """Convert a document to UTF-8 without mark and declaration, from its real encoding, stated or not.

    Raises LimitError for more than LARGEST_BYTES, UnreadableError for bytes that are invalid in their
    encoding.
    """
    if len(data) > LARGEST_BYTES:
        raise LimitError(mark("The file is larger than an edXML file may be."), where)
    start, encoding = next(((start, name) for start, name in _MARKS if data.startswith(start)), (b"", ""))
    if encoding:
        data = data if b"<" in start else data[len(start) :]
        if encoding != "utf-8":
            data = _decode(data, encoding, where)
    declaration = _DECLARATION.match(data)
    if declaration is None:
        return data.lstrip()
    body = data[declaration.end() :]
    stated = _ENCODING.search(declaration[0])
    name = stated[1].decode().lower() if stated and not encoding else "utf-8"
    # many programs write UTF-8 and declare the UTF-16 of their strings
    return body if name.startswith(("utf-8", "utf8", "utf-16", "utf16")) else _decode(body, name, where)


def _decode(data: bytes, encoding: str, where: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except (UnicodeError, LookupError):
        raise UnreadableError(mark("The XML is damaged."), where, mark("Fetch the file again.")) from None


def root_of(data: bytes, where: str) -> Element:
    """Parse the root of a document from `as_utf8`.

    Raises LimitError for entities, depth and number of elements, UnreadableError for damage.
    """
    root: Element | None = None
    depth = count = 0
    for event, element in events(io.BytesIO(data), where):
        if event == "end":
            depth -= 1
            continue
        root = element if root is None else root
        depth, count = depth + 1, count + 1
        if depth > DEEPEST or count > MOST_ELEMENTS:
            raise LimitError(
                mark("The XML is deeper or has more elements than an edXML file may have."), where
            )
    if root is None:
        raise UnreadableError(mark("The XML is damaged."), where, mark("Fetch the file again."))
    return root


def name_of(element: Element) -> str:
    """Return the element's name in lower case, without namespace and prefix."""
    return local_name(element.tag).lower()


def children(element: Element | None, *names: str) -> Iterator[Element]:
    """Yield the children of these lower-case names, in order."""
    if element is not None:
        yield from (child for child in element if name_of(child) in names)


def child(element: Element | None, *names: str) -> Element | None:
    """Return the first child of these lower-case names."""
    return next(children(element, *names), None)


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """Iterate over the element itself and its descendants of these lower-case names, in order."""
    return (inner for inner in element.iter() if name_of(inner) in names)


def text_of(element: Element | None) -> str:
    """Return the text in an element, white space collapsed, no control characters, 20,000 at most."""
    if element is None:
        return ""
    whole = "".join(element.itertext())[: 2 * _LONGEST_TEXT]
    words = "".join(letter if letter.isprintable() else " " for letter in whole).split()
    return " ".join(words)[:_LONGEST_TEXT]
