"""Why values of a list were taken or not: each with its place, the reader that saw it and the rule that decided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lamsach.indicators.reading import OnProblem, read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import canonical_values
from lamsach.indicators.values.records import Entry
from lamsach.indicators.values.refang import refang
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Refusal

LISTED = "listed"
"""The rule that takes a value: it stands where the reader expects values, and nothing speaks against it."""
_RULES = {
    sentence: name.lower()
    for name, sentence in vars(refusals).items()
    if name.isupper() and isinstance(sentence, str)
}


class Explained(NamedTuple):
    """An indicator or a refusal, the format whose reader saw it, and the name of the rule that decided."""

    entry: Entry
    reader: str
    rule: str


def explanations(
    path: str, on_problem: OnProblem, value: str | None = None, *, ocr: bool = False
) -> Iterator[Explained]:
    """Every value of a file in its order, taken or refused; with `value`, written in any way, only those entries that show it."""
    readers = [""]
    asked = None if value is None else _spellings(value)
    for entry in read_list(path, on_problem, ocr=ocr, on_format=readers.append):
        if asked is None or _shows(entry.value, asked):
            rule = _RULES.get(entry.reason, "") if isinstance(entry, Refusal) else LISTED
            yield Explained(entry, readers[-1], rule)
        del readers[:-1]


def _spellings(value: str) -> frozenset[str]:
    """A value as it may stand in an entry: in canonical form, and without what defangs it."""
    plain = refang(value.strip()).lower()
    try:
        return frozenset({plain, *(text for _, text in canonical_values(value))})
    except Refused as refused:
        return frozenset({plain, refused.value or plain})


def _shows(stated: str, asked: frozenset[str]) -> bool:
    shown = stated.lower()
    return any(text in shown for text in asked) or any(text in refang(shown) for text in asked)
