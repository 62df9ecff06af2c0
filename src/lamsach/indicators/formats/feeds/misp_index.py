"""The index `hashes.csv` of a MISP feed (https://www.circl.lu/doc/misp/managing-feeds/): the MD5 of each value in the feed and its event.

The digests are of values, not of files: hunted as they stand, they would find nothing, and look as if nothing were there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry
from lamsach.model import Reference, Refusal

# 7d793037a0760186574b0282f2f435e7,5a1f0c2e-6b3c-4c0e-9d0a-4f3b950d210f
_LINE = re.compile(r"[0-9a-f]{32},[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LINES = 100


class MispIndex(ListFormat):
    """The index as a whole is refused: what it indexes stands in the events beside it."""

    name: ClassVar[str] = "misp_index"
    title: ClassVar[str] = "Index of a MISP feed"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the lines are digests with the identifiers of events."""
        lines = source.text_head.splitlines()[:_LINES]
        return bool(lines) and all(_LINE.fullmatch(line.strip()) for line in lines)

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """One refusal."""
        yield Refusal(Reference(source.document), "", refusals.INDEX)
