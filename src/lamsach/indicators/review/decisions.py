"""Decisions about doubtful values: a CSV file with the columns `value,decision,to,until,reason`.

`accept`: the value was reviewed and is released although it is dangerous to block. `narrow`: the narrower
values of `to` (separated by spaces) replace it. `exception`: it is left out until the day `until` (included),
for `reason`. A file with a mistake is rejected as a whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

from lamsach.errors import InputError, LimitError, UnreadableError, UsageError
from lamsach.indicators.values.exceptions import covering
from lamsach.indicators.values.normalise import Value, named_values
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, Reference

COLUMNS = ("value", "decision", "to", "until", "reason")
SHORTEST_REASON = 5
MAX_BYTES = 32 * 1024 * 1024
EXCEPTED = "A decision of the review excepts this value."
NARROWED = "A decision of the review put narrower values in its place."


class Choice(StrEnum):
    """Decision about a value."""

    ACCEPT = "accept"
    NARROW = "narrow"
    EXCEPTION = "exception"


@dataclass(frozen=True, slots=True)
class Decision:
    """One row. `until` is the first moment (UTC) after its validity; None: no end."""

    choice: Choice
    values: tuple[Value, ...]
    to: tuple[Value, ...]
    until: datetime | None
    reason: str
    reference: Reference


class Decisions:
    """Decisions of a file, by value."""

    def __init__(self, rows: Iterable[Decision] = ()) -> None:
        self._by_value: dict[Value, Decision] = {value: row for row in rows for value in row.values}

    def __len__(self) -> int:
        return len(self._by_value)

    def on(self, item: Indicator, at: datetime) -> Decision | None:
        """Return the decision that holds for a value at a time: its own, or an exception that covers it."""
        if not self._by_value:
            return None
        own = self._by_value.get((item.type, item.value))
        if own is not None and _is_valid(own, at):
            return own
        for key in covering(item.type, item.value):
            found = self._by_value.get(key)
            if found is not None and found.choice is Choice.EXCEPTION and _is_valid(found, at):
                return found
        return None

    def __or__(self, other: Decisions) -> Decisions:
        """Return the union; for one value, the other's decision holds."""
        union = Decisions()
        union._by_value = self._by_value | other._by_value
        return union


def _is_valid(decision: Decision, at: datetime) -> bool:
    return decision.until is None or at < decision.until


def read_decisions(path: Path) -> Decisions:
    """Read a CSV file of decisions. Raises InputError with the first bad row, UnreadableError, LimitError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LimitError("The file of decisions is too large.", str(path))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableError("The file of decisions cannot be read.", f"{path} ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UnreadableError(
            "The file of decisions is not in UTF-8.", str(path), "Save it as CSV in UTF-8."
        ) from None
    first = text.partition("\n")[0]
    table = csv.DictReader(text.splitlines(), delimiter=";" if ";" in first else ",", strict=False)
    names = [(name or "").strip().lower() for name in table.fieldnames or ()]
    if not {"value", "decision", "reason"} <= set(names):
        raise InputError(
            "The file of decisions lacks its columns.",
            str(path),
            "Give it the columns value, decision, to, until, reason.",
        )
    table.fieldnames = names
    try:
        return Decisions(
            [_row(row, Reference(str(path), None, table.line_num)) for row in table if any(row.values())]
        )
    except csv.Error:
        raise InputError("The file of decisions is not CSV.", f"{path}:{table.line_num}") from None


def accept_values(texts: Iterable[str], reason: str, source: str) -> Decisions:
    """Accept values in any spelling. Raises UsageError for no value, or without a reason."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise UsageError(
            "The decision states no reason.",
            "",
            "Write why these values are to be blocked despite the danger.",
        )
    try:
        values = [_values(text, text) for text in texts]
    except InputError as error:
        raise UsageError(*error.args) from None
    place = Reference(source)
    return Decisions(
        Decision(Choice.ACCEPT, found, (), None, reason.strip()[:300], place) for found in values
    )


def _row(row: Mapping[str | None, str | list[str] | None], reference: Reference) -> Decision:
    where = f"{reference.document}:{reference.row}"
    cells = {name: str(row.get(name) or "").strip() for name in COLUMNS}
    try:
        choice = Choice(cells["decision"].lower())
    except ValueError:
        raise InputError("The decision is not known.", where, "Write accept, narrow or exception.") from None
    if not cells["reason"]:
        raise InputError("The decision states no reason.", where, "Write the reason for the decision.")
    values = _values(cells["value"], where)
    until = _day(cells["until"], where)
    if choice is Choice.EXCEPTION and until is None:
        raise InputError(
            "The exception states no end.",
            where,
            "Write the last day in the column until, such as 2026-12-31.",
        )
    to = tuple(value for text in cells["to"].split() for value in _values(text, where))
    if choice is Choice.NARROW:
        _check_narrower(values, to, where)
    return Decision(choice, values, to, until, cells["reason"][:300], reference)


def _values(text: str, where: str) -> tuple[Value, ...]:
    try:
        return named_values(text)
    except Refused:
        raise InputError(
            "The decision is about no value.", where, "Write an address, a name, a URL or a hash."
        ) from None


def _check_narrower(values: tuple[Value, ...], to: tuple[Value, ...], where: str) -> None:
    if not to:
        raise InputError(
            "The decision to narrow states no narrower value.", where, "Write it in the column to."
        )
    for kind, value in to:
        wider = set(covering(kind, value)) - {(kind, value)}
        if not wider & set(values):
            raise InputError("What is to be narrowed does not hold the narrower value.", where)


def _day(text: str, where: str) -> datetime | None:
    """Return the end of a day written as 2026-12-31 or 31/12/2026; None for an empty text."""
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day: date = datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        return datetime.combine(day, time(), UTC) + timedelta(days=1)
    raise InputError("The day in the column until cannot be read.", where, "Write it as 2026-12-31.")
