"""What a few of a Windows event's values tell without all others: whom a machine reached, what it asked, what the texts that it ran mention.

These are as many as there are addresses and names, while all the rest of such events is the same in the whole log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lamsach.logs import windows_contacts as contacts
from lamsach.logs.dns_names import question_name
from lamsach.logs.evtx_elements import UnusualError
from lamsach.logs.evtx_keys import slices
from lamsach.logs.evtx_places import Batch, Instances, Ints
from lamsach.logs.evtx_plans import Plan
from lamsach.logs.evtx_rows import NOT_CARRIED
from lamsach.logs.evtx_values import text
from lamsach.logs.script_mentions import mentions
from lamsach.logs.values import domain_of
from lamsach.logs.windows_record import WindowsRecord

Part = tuple[str | None, str | None, tuple[str, ...]]
"""`evtx_plans.PART_FIELDS` in their order."""
_BY_THEMSELVES = -1
"""In place of what texts mention: they count as they are."""


class Parts:
    """The parts of one file's events. `told`: what each code means."""

    def __init__(self) -> None:
        self.told: list[Part] = []
        self._codes: dict[tuple[Any, ...], int] = {}
        self._texts: dict[tuple[bytes, ...], int] = {}
        self._mentioned: dict[tuple[str, ...], int] = {}

    def __len__(self) -> int:
        return max(len(self._codes), len(self._texts))

    def of(
        self, batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, carried: Any
    ) -> Ints:
        """The code of each record's part; NOT_CARRIED where it has to be told by the event."""
        found = np.full(len(which), NOT_CARRIED, np.int64)
        for number, plan in enumerate(plans):
            if plan is None or not plan.part:
                continue
            rows = np.flatnonzero(carried & (which == number))
            if len(rows):
                indexes = [index for _, index in plan.part]
                found[rows] = self._looked_up(plan, _values(batch, inner, indexes, rows))
        return found

    def _looked_up(self, plan: Plan, values: Sequence[tuple[bytes, ...]]) -> list[int]:
        known = self._codes
        for value in set(values):
            if (plan, value) not in known:
                known[plan, value] = self._new(plan, value)
        return [known[plan, value] for value in values]

    def _new(self, plan: Plan, values: tuple[bytes, ...]) -> int:
        try:
            data = {name: text(value) for (name, _), value in zip(plan.part, values, strict=True)}
        except UnusualError:
            return NOT_CARRIED
        record = WindowsRecord(data=data)
        part = _asked(record) if plan.reader is contacts.question else _reached(record)
        if part is None:
            return NOT_CARRIED
        self.told.append(part)
        return len(self.told) - 1

    def mentioned(
        self, batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, usual: Any
    ) -> Any:
        """What each record's texts mention, as a number; the texts themselves where they cannot be read, 0 where none count."""
        found = np.zeros(len(which), object)
        for number, plan in enumerate(plans):
            if plan is None or not plan.texts:
                continue
            rows = np.flatnonzero(usual & (which == number))
            values = _values(batch, inner, plan.texts, rows)
            known = self._texts
            for value in set(values).difference(known):
                known[value] = self._mention(value)
            for row, value in zip(rows.tolist(), values, strict=True):
                code = known[value]
                found[row] = value if code == _BY_THEMSELVES else code
        return found

    def _mention(self, values: tuple[bytes, ...]) -> int:
        try:
            texts = [told for value in values if (told := text(value))]
        except UnusualError:
            return _BY_THEMSELVES
        found = mentions("\n".join(texts)) if texts else ()
        return self._mentioned.setdefault(found, len(self._mentioned))


def _reached(record: WindowsRecord) -> Part | None:
    """Whom a machine reached; None when no address is stated: then the source may be stated otherwise."""
    address = record.ip(*contacts.DESTINATION)
    if address is None:
        return None
    name = record.text("destinationhostname")
    return address, domain_of(name) if name else None, ()


def _asked(record: WindowsRecord) -> Part:
    """What a machine asked, and what it was answered."""
    name = record.text("queryname", "query", "name")
    answers = record.data.get("queryresults") or record.data.get("queryresponse")
    found = contacts.answers_of(answers) if answers else ()
    return None, question_name(name or ""), tuple(dict.fromkeys(found))


def _values(batch: Batch, inner: Instances, indexes: Sequence[int], rows: Ints) -> list[tuple[bytes, ...]]:
    """The bytes of the values with these indexes, of each row."""
    places = inner.places(np.broadcast_to(np.array(indexes), (len(rows), len(indexes))), rows)
    return list(zip(*slices(batch.data, *places), strict=True))
