"""What stands beside a value in a row without headings and is not listed itself: the publisher's page, a service that judged the value."""

from __future__ import annotations

from lamsach.indicators.judge.cited import is_cited, published
from lamsach.indicators.text.extract import Found, scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import whole_value
from lamsach.indicators.values.refusals import Refused
from lamsach.indicators.values.suffixes import suffixes
from lamsach.indicators.values.urls import split_url
from lamsach.model import IndicatorType

_COMMENTS_READ = 60
"""How many comment lines are searched for the publisher's name."""


class Publishers:
    """The sites that a list's own comments name: `# (c) Example Lists - lists.example`."""

    def __init__(self) -> None:
        self._sites: set[str] = set()
        self._comments = 0

    def comment(self, text: str) -> None:
        """Take note of a comment line."""
        self._comments += 1
        if self._comments <= _COMMENTS_READ:
            self._sites.update(site for item in scan(text) if (site := _site(item)) is not None)

    def beside(self, found: list[Found]) -> list[Found]:
        """The values of a row's cells without a heading: where several stand, those of a publisher's site are refused as links."""
        kept = [item for item in found if not self._names(item)]
        if len(kept) == len(found) or not any(not isinstance(item, Refused) for item in kept):
            return found
        return [
            Refused(refusals.BESIDE, item[1], item[0])
            if not isinstance(item, Refused) and self._names(item)
            else item
            for item in found
        ]

    def _names(self, item: Found) -> bool:
        if isinstance(item, Refused):
            return False
        host = split_url(item[1])[1].partition(":")[0] if item[0] is IndicatorType.URL else item[1]
        if item[0] not in (IndicatorType.URL, IndicatorType.DOMAIN):
            return False
        return is_cited(host) or suffixes().registered(host) in self._sites


def beside(text: str) -> list[Found]:
    """The values that the lines of a text are nothing but as refused ones: they describe what is listed."""
    return [
        item if isinstance(item, Refused) else Refused(refusals.BESIDE, item[1], item[0])
        for line in text.split("\n")
        for item in whole_value(line)
    ]


def to_read(found: Found) -> Found:
    """A link or a name of a report that others come from as a refused one: it is there to be read."""
    if isinstance(found, Refused) or found[0] not in (IndicatorType.URL, IndicatorType.DOMAIN):
        return found
    return Refused(refusals.REFERENCE, found[1], found[0])


def unless_cited(found: Found) -> Found:
    """A value in a sentence of a table (`Nguồn: https://khonggianmang.vn`), refused where it is a page of a site that lists cite."""
    if isinstance(found, Refused) or found[0] is not IndicatorType.URL:
        return found
    host = split_url(found[1])[1].partition(":")[0]
    return Refused(refusals.REFERENCE, found[1], found[0]) if published(host) else found


def _site(item: Found) -> str | None:
    kind, value = (item.type, item.value) if isinstance(item, Refused) else item
    if value is None or kind not in (IndicatorType.URL, IndicatorType.DOMAIN):
        return None
    return suffixes().registered(
        split_url(value)[1].partition(":")[0] if kind is IndicatorType.URL else value
    )
