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
from lamsach.logs.evtx_keys import looked_up, slices
from lamsach.logs.evtx_places import Batch, Instances, Ints
from lamsach.logs.evtx_plans import NOWHERE, UNREADABLE, Plan
from lamsach.logs.evtx_rows import NOT_CARRIED
from lamsach.logs.evtx_values import text
from lamsach.logs.script_mentions import mentions
from lamsach.logs.values import domain_of
from lamsach.logs.windows_record import WindowsRecord

Part = tuple[str | None, str | None, tuple[str, ...]]
"""`evtx_plans.PART_FIELDS` in their order."""


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
        indexes = [tuple(index for _, index in plan.part) if plan else () for plan in plans]
        rows, values = _values(batch, inner, indexes, which, carried)
        if len(rows):
            told = list(map(plans.__getitem__, which[rows].tolist()))
            found[rows] = looked_up(self._codes, [told, *values], self._new)
        return found

    def _new(self, key: tuple[Any, ...], _at: int) -> int:
        plan: Plan
        plan, *values = key
        try:
            data = {name: text(value) for (name, _), value in zip(plan.part, values, strict=False)}
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
    ) -> Ints:
        """What each record's texts mention, as a number; 0 where none count, UNREADABLE for what has to be left to the library."""
        found = np.zeros(len(which), np.int64)
        indexes = [plan.texts if plan else () for plan in plans]
        rows, values = _values(batch, inner, indexes, which, usual)
        if len(rows):
            found[rows] = looked_up(self._texts, values, self._mention)
        return found

    def _mention(self, values: tuple[bytes, ...], _at: int) -> int:
        try:
            texts = [told for value in values if (told := text(value))]
        except UnusualError:
            return UNREADABLE
        found = mentions("\n".join(texts)) if texts else ()
        return self._mentioned.setdefault(found, len(self._mentioned) + 1)


def _reached(record: WindowsRecord) -> Part | None:
    """Whom a machine reached: the first datum is the address. None when none is stated: then the source may be stated otherwise."""
    address = record.ip(next(iter(record.data)))
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


def _values(
    batch: Batch, inner: Instances, indexes: Sequence[tuple[int, ...]], which: Ints, wanted: Any
) -> tuple[Ints, list[Sequence[bytes]]]:
    """Which of the wanted records have values with the indexes of their plan, and the bytes of these, column by column; nothing where a plan has fewer."""
    width = max(map(len, indexes), default=0)
    if not width:
        return np.zeros(0, np.int64), []
    table = np.array([(*some, *(NOWHERE,) * (width - len(some))) for some in indexes])
    rows = np.flatnonzero(wanted & (table[:, 0] != NOWHERE)[which])
    return rows, slices(batch.data, *inner.places(table[which[rows]], rows))
