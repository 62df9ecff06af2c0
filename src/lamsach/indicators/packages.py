"""Office documents that are zip archives of XML (ECMA-376 part 2, OpenDocument 1.3 part 2), a part at a time and without trusting them.

Every part is read through a limit; its XML may declare no entities. Macros are never looked at and nothing that a relationship
names outside the archive is fetched.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from lamsach.errors import LimitError, UnreadableError
from lamsach.indicators.opening import ALWAYS_ALLOWED_BYTES, MAX_RATIO, Bounded, clear_errors
from lamsach.indicators.safe_xml import parse_whole

MAX_PARTS = 10_000


class Package:
    """An opened document. Raises UnreadableError for a damaged or locked one, LimitError for a bomb."""

    def __init__(self, data: bytes, where: str) -> None:
        self.where = where
        self._limit = max(ALWAYS_ALLOWED_BYTES, MAX_RATIO * len(data))
        with clear_errors(where):
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        self.names = {member.filename.lstrip("/"): member for member in self._archive.infolist()}
        if len(self.names) > MAX_PARTS:
            raise LimitError("The document has too many parts.", where)

    def tree(self, name: str) -> Element | None:
        """The root of a part, or None when there is no such part."""
        member = self.names.get(name)
        if member is None:
            return None
        if member.flag_bits & 1:
            raise UnreadableError(
                "The document is locked with a password.", self.where, "Save it without a password."
            )
        with (
            clear_errors(self.where),
            Bounded(self._archive.open(member), self._limit, self.where) as stream,
        ):
            return parse_whole(stream.read_all(), self.where)

    def matching(self, start: str) -> Iterator[str]:
        """The names of the XML parts that begin with a text, in order."""
        return iter(sorted(name for name in self.names if name.startswith(start) and name.endswith(".xml")))
