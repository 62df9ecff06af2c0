"""Plausibility checks of a form: comparisons of figures, such as `deployed > informed and blind > 0`.

They warn, but never forbid.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lamsach.errors import InputError
from lamsach.i18n import mark

_WORD = r"(?:[a-z][a-z0-9_]{0,39}|[0-9]{1,9})"
# deployed > informed
_PART = re.compile(rf"\s*({_WORD})\s*(==|!=|>=|<=|>|<)\s*({_WORD})\s*\Z")
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
SENTENCES: Mapping[str, str] = {
    "deployed > informed": mark("More units have deployed than have acknowledged. Check both numbers."),
    "informed > units": mark("More units have acknowledged than there are in the scope. Check the number."),
    "deployed == 0 and found > 0": mark(
        "No unit has deployed, but machines were found. The units that found them have deployed."
    ),
    "deployed == units and units > 0 and blind > 0": mark(
        "Every unit has deployed, but there are days without logs. Say so in the assessment."
    ),
}
"""Sentence of each check of the shipped form; others are displayed as written."""


@dataclass(frozen=True, slots=True)
class Check:
    """Check that warns when every comparison holds; a comparison with an unknown figure fails.

    `say`: the form's own sentence for it.
    """

    text: str
    parts: tuple[tuple[str, str, str], ...]
    say: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """Figures that it compares."""
        return frozenset(
            word for left, _, right in self.parts for word in (left, right) if not word.isdigit()
        )

    def warns(self, values: Mapping[str, int | None]) -> bool:
        """Return whether the values trigger the warning."""
        for left, sign, right in self.parts:
            a, b = _value(left, values), _value(right, values)
            if a is None or b is None or not _COMPARE[sign](a, b):
                return False
        return True


def _value(word: str, values: Mapping[str, int | None]) -> int | None:
    return int(word) if word.isdigit() else values.get(word)


def parse_check(text: str, say: str = "") -> Check:
    """Parse a check. Raises InputError for anything but comparisons joined by `and`."""
    parts = []
    for piece in text.split(" and "):
        found = _PART.match(piece)
        if found is None:
            raise InputError(
                mark("A check of the form cannot be understood."),
                text[:80],
                mark("Write it as: deployed > informed and blind > 0"),
            )
        parts.append((found[1], found[2], found[3]))
    return Check(text, tuple(parts), say)


def warnings(checks: tuple[Check, ...], values: Mapping[str, int | None]) -> list[str]:
    """Return the sentences of the checks that warn (English, or the form's own), in order."""
    return [check.say or SENTENCES.get(check.text, check.text) for check in checks if check.warns(values)]
