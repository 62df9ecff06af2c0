"""What a few of a Windows event's values tell without all others: whom a machine reached, what it asked, who logged on from where, what the texts that it
ran mention.

These are as many as there are addresses and names, while all the rest of such events is the same in the whole log. Those that are canonical as they stand are
taken over in columns; each other one is read by itself, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lamsach.logs.binary.evtx.columns import (
    NOTHING,
    Texts,
    are,
    are_ipv4,
    are_names,
    columns,
    ipv4_answers,
    ipv4_numbers,
    mention_nothing,
    plain,
    rows_of,
    told_apart,
)
from lamsach.logs.binary.evtx.elements import UnusualError
from lamsach.logs.binary.evtx.places import Batch, Instances, Ints
from lamsach.logs.binary.evtx.plans import NOWHERE, UNREADABLE, Plan
from lamsach.logs.binary.evtx.rows import NO_PART, OWN, Own
from lamsach.logs.binary.evtx.values import text
from lamsach.logs.events.direction import INTERNAL_IPV4
from lamsach.logs.mappings.script_mentions import mentions
from lamsach.logs.mappings.windows import contacts, logons
from lamsach.logs.mappings.windows.events import Reader
from lamsach.logs.mappings.windows.record import WindowsRecord
from lamsach.logs.text.dns_names import question_name
from lamsach.logs.text.values import domain_of

REACHED, ASKED, CLIENT, STRANGER = 1, 2, 3, 4
"""Kinds of parts: whom a machine reached, what it asked, a log-on from a machine of ours, and from outside."""
TELLS: Mapping[int, tuple[str, ...]] = {
    REACHED: ("destination_ip", "domain"),
    ASKED: ("domain", "answers"),
    CLIENT: ("source_ip", "device_ip"),
    STRANGER: ("source_ip",),
}
"""The fields that each kind of part tells."""
Told = dict[str, Any]
_LOOPBACK, _MULTICAST, _LAST = (0x7F, 24), (0xE, 28), 0xFF


class Parts:
    """The parts of one file's events."""

    def __init__(self) -> None:
        self._told: dict[tuple[Any, ...], Told | None] = {}
        self._texts: dict[tuple[bytes, ...], int] = {}
        self._mentioned: dict[tuple[str, ...], int] = {}

    def __len__(self) -> int:
        return max(len(self._told), len(self._texts))

    def of(
        self, batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, carried: Any
    ) -> tuple[Ints, Own]:
        """The kind of each record's part, NO_PART where the event has to tell it, and what it says."""
        kinds, own = np.full(len(which), NO_PART, np.int64), Own(len(which))
        indexes = [tuple(index for _, index in plan.part) if plan else () for plan in plans]
        for reader, take in _TAKEN.items():
            its = [
                some if plan and plan.reader is reader else ()
                for plan, some in zip(plans, indexes, strict=True)
            ]
            rows, values = _values(batch, inner, its, which, carried)
            if len(rows):
                kinds[rows] = take(self, values, rows, own)
        return kinds, own

    def _reached(self, values: Sequence[Texts], rows: Ints, own: Own) -> Ints:
        addresses, usual = plain(values[0])
        names, are_plain = plain(values[1]) if len(values) > 1 else (None, True)
        named = np.zeros(len(rows), bool)
        if names is not None:
            named = are_names(names)
            usual &= are_plain & (named | are(names, "", "-"))
        usual &= are_ipv4(addresses) & ~are(addresses, "0.0.0.0")  # noqa: S104 - means: no address
        own.put("destination_ip", rows, addresses, usual)
        if names is not None:
            own.put("domain", rows, names, usual & named)
        return self._kinds(REACHED, usual, values, rows, own)

    def _asked(self, values: Sequence[Texts], rows: Ints, own: Own) -> Ints:
        names, usual = plain(values[0])
        usual &= are_names(names)
        if len(values) > 1:
            texts, are_plain = plain(values[1])
            answers, answered = ipv4_answers(texts)
            usual &= are_plain & (answered | are(texts, "", "-"))
            own.put("answers", rows, answers, usual & answered)
        own.put("domain", rows, names, usual)
        return self._kinds(ASKED, usual, values, rows, own)

    def _kinds(self, kind: int, usual: Any, values: Sequence[Texts], rows: Ints, own: Own) -> Ints:
        """The kind where the values are usual ones, and where they can be read one by one, which is done here."""
        kinds = np.where(usual, kind, NO_PART)
        others = np.flatnonzero(~usual)
        if not len(others):
            return kinds
        values = [one.take(pa.array(others)) for one in values]
        which, first = told_apart(values, len(others))
        told = [self._read(kind, key) for key in rows_of(values, first)]
        known = np.array([one is not None for one in told])[which]
        kinds[others[known]] = kind
        for field in TELLS[kind]:
            stated = pa.array([one and one[field] for one in told], OWN.field(field).type)
            own.put(field, rows[others], stated.take(pa.array(which)), known)
        return kinds

    def _read(self, kind: int, key: tuple[bytes, ...]) -> Told | None:
        known = (kind, *key)
        if known not in self._told:
            try:
                self._told[known] = _READ[kind](*map(text, key))
            except UnusualError:
                self._told[known] = None
        return self._told[known]

    def mentioned(
        self, batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, usual: Any
    ) -> Ints:
        """What each record's texts mention, as a number; 0 where none count, UNREADABLE for what has to be left to the library."""
        found = np.zeros(len(which), np.int64)
        rows, values = _values(batch, inner, [plan.texts if plan else () for plan in plans], which, usual)
        if not len(rows):
            return found
        of_row, first = told_apart(values, len(rows))
        values = [one.take(pa.array(first)) for one in values]
        nothing = np.array([mention_nothing(one) for one in values]).all(axis=0)
        codes = np.full(len(first), self._code(()), np.int64)
        others = np.flatnonzero(~nothing)
        codes[others] = list(map(self._mention, rows_of(values, others)))
        found[rows] = codes[of_row]
        return found

    def _mention(self, values: tuple[bytes, ...]) -> int:
        code = self._texts.get(values)
        if code is None:
            try:
                code = self._code(mentions("\n".join(filter(None, map(text, values)))))
            except UnusualError:
                code = UNREADABLE
            self._texts[values] = code
        return code

    def _code(self, found: tuple[str, ...]) -> int:
        return self._mentioned.setdefault(found, len(self._mentioned) + 1)


def _came(_parts: Parts, values: Sequence[Texts], rows: Ints, own: Own) -> Ints:
    """From which machine somebody logged on. What is no machine's address changes the event, and is not told here."""
    texts, usual = plain(values[0])
    usual &= are_ipv4(texts)
    numbers = ipv4_numbers(texts.filter(pa.array(usual)))
    internal = np.array([numbers >> shift == prefix for prefix, shift in INTERNAL_IPV4]).any(axis=0)
    nobody = (numbers == 0) | (numbers & _LAST == _LAST)
    for prefix, shift in (_LOOPBACK, _MULTICAST):
        nobody |= numbers >> shift == prefix
    kinds = np.full(len(rows), NO_PART, np.int64)
    kinds[usual] = np.where(nobody, NO_PART, np.where(internal, CLIENT, STRANGER))
    own.put("source_ip", rows, texts, kinds != NO_PART)
    own.put("device_ip", rows, texts, kinds == CLIENT)
    return kinds


def _read_reached(address: str, name: str = "") -> Told | None:
    """None when no address is stated: then the source may be stated otherwise."""
    record = WindowsRecord(data={"address": address, "name": name})
    found, stated = record.ip("address"), record.text("name")
    if found is None:
        return None
    return {"destination_ip": found, "domain": domain_of(stated) if stated else None}


def _read_asked(name: str, answers: str = "") -> Told:
    question = WindowsRecord(data={"name": name}).text("name") or ""
    found = contacts.answers_of(answers) if answers else ()
    return {"domain": question_name(question), "answers": list(dict.fromkeys(found)) or None}


_TAKEN: Mapping[Reader, Callable[[Parts, Sequence[Texts], Ints, Own], Ints]] = {
    contacts.connection: Parts._reached,
    contacts.question: Parts._asked,
    logons.logon: _came,
}
_READ: Mapping[int, Callable[..., Told | None]] = {REACHED: _read_reached, ASKED: _read_asked}


def _values(
    batch: Batch, inner: Instances, indexes: Sequence[tuple[int, ...]], which: Ints, wanted: Any
) -> tuple[Ints, list[Texts]]:
    """Which of the wanted records have values with the indexes of their plan, and these, column by column; empty where a plan has fewer, and no further
    column where all have."""
    width = max(map(len, indexes), default=0)
    if not width:
        return np.zeros(0, np.int64), []
    table = np.array([(*some, *(NOWHERE,) * (width - len(some))) for some in indexes])
    rows = np.flatnonzero(wanted & (table[:, 0] != NOWHERE)[which])
    found = columns(batch, inner, table.T[:, which[rows]], rows) if len(rows) else []
    return rows, [one for one in found if one is not NOTHING]
