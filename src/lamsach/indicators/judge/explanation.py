"""Explanation of a list's values, taken or not: each with its place, the reader that saw it and the rule that
decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lamsach.indicators.judge.loop import Trace, traced
from lamsach.indicators.judge.references import LISTED
from lamsach.indicators.judge.rule import Rule, Verdict
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
"""What decides about a value whose own form is refused (`private`, `bad_name`): no rule is asked about it."""


class Explained(NamedTuple):
    """An entry, the format whose reader saw it, the rule that decided, and all rules that fired on it."""

    entry: Entry
    reader: str
    rule: str
    fired: tuple[str, ...] = ()


def explanations(
    path: str, on_problem: OnProblem, value: str | None = None, *, ocr: bool = False
) -> Iterator[Explained]:
    """Every value of a file, taken or refused; with `value`, in any spelling, only entries that show it."""
    readers = [""]
    asked = None if value is None else spellings(value)
    trace = Trace()
    entries = read_list(path, on_problem, ocr=ocr, on_format=readers.append)
    while True:
        with traced(trace):
            entry = next(entries, None)
        if entry is None:
            return
        fired = trace.take(entry.type, entry.value)
        if asked is None or shows(entry.value, asked):
            yield Explained(entry, readers[-1], _decided(entry, fired), tuple(rule.id for rule in fired))
        del readers[:-1]


def _decided(entry: Entry, fired: list[Rule]) -> str:
    """The first rule that fired with an entry's reason; for one whose form is refused, its form."""
    if not isinstance(entry, Refusal):
        return next((rule.id for rule in fired if rule.verdict is Verdict.TAKEN), LISTED)
    form = _FORMS.get(entry.reason, "")
    return next((rule.id for rule in fired if rule.reason == entry.reason), form)


def spellings(value: str) -> frozenset[str]:
    """A value as it may stand in an entry: in canonical form, and without what defangs it."""
    plain = refang(value.strip()).lower()
    try:
        return frozenset({plain, *(text for _, text in canonical_values(value))})
    except Refused as refused:
        return frozenset({plain, refused.value or plain})


def shows(stated: str, asked: frozenset[str]) -> bool:
    """Return whether a value, as an entry states it, shows one of these spellings."""
    shown = stated.lower()
    return any(text in shown for text in asked) or any(text in refang(shown) for text in asked)
