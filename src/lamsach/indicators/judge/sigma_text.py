"""Sigma rules within a text (https://sigmahq.io/docs/basics/rules.html): what a `filter` of their detection holds is excluded from it.

Sigma's convention names the selections that a condition takes out `filter`, `filter_main_..`, `filter_optional_..`. Selections have names in lower
case, fields begin with a capital; a text that came out of a page has no indentation to go by.
"""

from __future__ import annotations

import re

_DETECTION = re.compile(r"\s{0,40}detection:\s{0,8}")
_CONDITION = re.compile(r"\s{0,40}condition:.{0,400}")
_FILTER = re.compile(r"\s{0,40}filter\w{0,60}:\s{0,8}")
_SELECTION = re.compile(r"\s{0,40}[a-z]\w{0,60}:\s{0,8}")


class Excluded:
    """Whether the line that is read stands in such a filter. Lines without values are told in order to `heading`."""

    def __init__(self) -> None:
        self.now = False
        """Whether lines with values are excluded."""
        self._detects = False

    def heading(self, line: str) -> None:
        """Take note of a line without values."""
        if _DETECTION.fullmatch(line):
            self._detects, self.now = True, False
        elif self._detects:
            if _CONDITION.fullmatch(line):
                self._detects = self.now = False
            elif _SELECTION.fullmatch(line):
                self.now = _FILTER.fullmatch(line) is not None
