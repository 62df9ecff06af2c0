"""Untrusted XML, streamed where possible: no document type, so no entities and no outside references."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

from lamsach.errors import LimitError, UnreadableError

_BLOCK, _LARGEST_BLOCK = 1 << 16, 1 << 24


XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
"""Namespace prefix of attributes about a document's schema, which list nothing."""


def local_name(tag: object) -> str:
    """Return an element's name without its namespace; empty for comments and the like."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, wanted: str, default: str = "") -> str:
    """Return an attribute by its name without a namespace."""
    return next((value for name, value in element.attrib.items() if local_name(name) == wanted), default)


def outermost(
    root: Element, wanted: Container[str], enters: Callable[[str, Element], bool]
) -> Iterator[Element]:
    """Yield the outermost elements of these names below one, in order; `enters` permits descent."""
    stack = list(reversed(root))
    while stack:
        element = stack.pop()
        name = local_name(element.tag)
        if name in wanted:
            yield element
        elif enters(name, element):
            stack.extend(reversed(element))


@contextmanager
def xml_errors(where: str) -> Iterator[None]:
    """Turn the parser's errors into ours."""
    try:
        yield
    except DefusedXmlException:
        raise LimitError(
            "The XML declares entities or a document type: this is how an XML bomb looks, so it is not read.",
            where,
        ) from None
    except (ParseError, UnicodeError, LookupError):
        raise UnreadableError("The XML is damaged.", where, "Fetch the file again.") from None


def parse_whole(data: bytes, where: str) -> Element:
    """Parse a document. Raises UnreadableError when it is damaged, LimitError for declared entities."""
    with xml_errors(where):
        root: Element = fromstring(data, forbid_dtd=True)
        return root


def events(stream: BinaryIO, where: str) -> Iterator[tuple[str, Element]]:
    """Yield `start` and `end` of each element during parsing. The caller empties used elements."""
    blocks = Blocks(stream)
    with xml_errors(where):
        for event in iterparse(blocks, events=("start", "end"), forbid_dtd=True):
            blocks.renew()
            yield event


class Blocks:
    """Reader of a stream in blocks of doubling size until an element begins or ends.

    The expat of many a Python (before its 2.6) scans an unfinished mark again with each block:
    CVE-2023-52425.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.renew()

    def renew(self) -> None:
        """Begin with a small block again, as an element began or ended."""
        self.size = _BLOCK

    def read(self, _size: int = -1) -> bytes:
        """Return the next block, of this object's size and not of the requested one."""
        size, self.size = self.size, min(self.size * 2, _LARGEST_BLOCK)
        return self._stream.read(size)
