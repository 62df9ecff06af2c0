"""HTML in time linear in the page, and the same words of it under every Python.

Many versions of Python's `html.parser` look through the rest of a page once more for each mark that begins and never ends
(https://github.com/python/cpython/issues/135462), and fail for `<![` without a name; the versions without these faults drop what follows such a mark.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

_MOST_BROKEN = 10
_MARKUP = re.compile(r"<[^<>]*>")


class SafeParser(HTMLParser):
    """`HTMLParser` for a page that somebody else wrote: `read` in place of `feed` and `close`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def read(self, page: str) -> None:
        """The whole page. A mark that never ends is text up to the next one; after ten such, the rest is text without its marks."""
        self.feed(page)
        for _ in range(_MOST_BROKEN):
            rest = self.rawdata
            if self.cdata_elem is not None or not rest.startswith("<"):
                break
            end = _end(rest)
            self.handle_data(unescape(rest[:end]))
            self.updatepos(0, end)
            self.rawdata = ""
            self.feed(rest[end:])
        rest, self.rawdata = self.rawdata, ""
        if rest:
            self.handle_data(rest if self.cdata_elem is not None else unescape(_MARKUP.sub(" ", rest)))

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![if ..]>`, `<![CDATA[`: a comment up to the next `>`, as browsers take it (HTML, "bogus comment state")."""
        return self.parse_bogus_comment(i, report)


def _end(rest: str) -> int:
    """Where the text ends that begins with a mark without an end."""
    end = rest.find(">", 1) + 1 or rest.find("<", 1)
    return end if end > 0 else len(rest)
