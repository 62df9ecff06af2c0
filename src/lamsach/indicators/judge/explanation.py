"""Explanation of a list's values: place, reader and deciding rule of each accepted or refused value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lamsach.indicators.judge.loop import Trace, traced
from lamsach.indicators.judge.references import LISTED
from lamsach.indicators.judge.rule import Rule
from lamsach.indicators.lists import OnProblem, read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import canonical_values
from lamsach.indicators.values.records import Entry
from lamsach.indicators.values.refang import refang
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Refusal

_FORMS = {
    sentence: name.lower()
    for name, sentence in vars(refusals).items()
    if name.isupper() and isinstance(sentence, str)
}
"""Decision on a value whose own form is refused (`private`, `bad_name`); no rule is tested on it."""


class Explained(NamedTuple):
    """An entry, the format whose reader found it, the deciding rule, and all rules that fired on it."""

    entry: Entry
    reader: str
    rule: str
    fired: tuple[str, ...] = ()


def explanations(
    path: str, on_problem: OnProblem, value: str | None = None, *, ocr: bool = False
) -> Iterator[Explained]:
    """Yield every value of a file, accepted or refused; with `value`, only entries that show it."""
    readers = [""]
    wanted = None if value is None else spellings(value)
    trace = Trace()
    entries = read_list(path, on_problem, ocr=ocr, on_format=readers.append)
    while True:
        with traced(trace):
            entry = next(entries, None)
        if entry is None:
            return
        fired = trace.pop(entry.type, entry.value)
        if wanted is None or shows(entry.value, wanted):
            yield Explained(entry, readers[-1], _decided(entry, fired), tuple(rule.id for rule in fired))
        del readers[:-1]


def _decided(entry: Entry, fired: list[Rule]) -> str:
    """Return the first rule that fired with an entry's reason; for a value of refused form, the form."""
    if not isinstance(entry, Refusal):
        return next((rule.id for rule in fired if not rule.reason), LISTED)
    form = _FORMS.get(entry.reason, "")
    return next((rule.id for rule in fired if rule.reason == entry.reason), form)


def spellings(value: str) -> frozenset[str]:
    """Return a value's spellings in an entry: canonical, and refanged."""
    plain = refang(value.strip()).lower()
    try:
        return frozenset({plain, *(text for _, text in canonical_values(value))})
    except Refused as refused:
        return frozenset({plain, refused.value or plain})


def shows(stated: str, wanted: frozenset[str]) -> bool:
    """Return whether a value, as an entry states it, shows one of these spellings."""
    shown = stated.lower()
    return any(text in shown for text in wanted) or any(text in refang(shown) for text in wanted)
