"""Indicators for people: a table in the language of the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from lamsach.cli.console import emit, output_console, translate
from lamsach.i18n import format_number, language_from_environment, mark
from lamsach.model import Indicator, Reference, Refusal
from lamsach.results import labels
from lamsach.results.safe_text import clip, visible_line

if TYPE_CHECKING:
    from lamsach.indicators.judge.explanation import Explained

ROWS = 500
"""Maximum indicators shown; a file (`-o`) has all."""
_COLUMNS = (mark("Kind"), mark("Value"), mark("Threat"), mark("Stated in"), mark("Note"))


def show(found: Iterable[tuple[Indicator, Mapping[str, Any]]], count: int) -> None:
    """Print the first of `count` indicators with further facts (`over`, `excepted`, `decision`)."""
    _ = translate()
    rows = [_cells(item, more) for item, more in islice(found, ROWS)]
    if rows:
        columns = [place for place in range(len(_COLUMNS)) if any(row[place] for row in rows)]
        table = Table(
            *(_(_COLUMNS[place]) for place in columns), box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False
        )
        for row in rows:
            table.add_row(*(Text(row[place], overflow="fold") for place in columns))
        output_console().print(table)
    if count > len(rows):
        number = format_number(count - len(rows), language_from_environment())
        print(_("{count} more are not shown; -o FILE writes all, --json prints all.").format(count=number))


def show_explained(found: Iterable[Explained]) -> None:
    """Print each value with its verdict, place, reader, deciding rule and other fired rules."""
    _ = translate()
    columns = (
        mark("Verdict"),
        mark("Kind"),
        mark("Value"),
        mark("Stated in"),
        mark("Decided by"),
        mark("Also fired"),
    )
    table = Table(*map(_, columns), box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    waiting = iter(found)
    for entry, reader, rule, fired in islice(waiting, ROWS):
        is_accepted = isinstance(entry, Indicator)
        verdict = _("accepted") if is_accepted else _("not accepted")
        why = f"{reader}: {rule}" + ("" if isinstance(entry, Indicator) else f" - {_(entry.reason)}")
        kind = "" if entry.type is None else _(labels.INDICATOR_TYPES[entry.type])
        place = "" if entry.reference is None else _place(entry.reference)
        shown = (verdict, kind, entry.value, place, why, ", ".join(other for other in fired if other != rule))
        table.add_row(*(Text(visible_line(clip(text, 300)), overflow="fold") for text in shown))
    if table.row_count:
        output_console().print(table)
    if more := sum(1 for _one in waiting):
        number = format_number(more, language_from_environment())
        print(_("{count} more are not shown; --json prints all.").format(count=number))


def report_refused(refusals: Iterable[Refusal]) -> None:
    """Report each refused value, with its place and the reason, on standard error."""
    _ = translate()
    for refusal in refusals:
        value = f": {visible_line(clip(refusal.value, 200))}" if refusal.value else ""
        emit(f"{_place(refusal.reference)}{value} - {_(refusal.reason)}")


def _cells(item: Indicator, more: Mapping[str, Any]) -> tuple[str, ...]:
    _ = translate()
    notes = []
    if more.get("over"):
        notes.append(_("its validity is over"))
    if more.get("excepted"):
        notes.append(_("excepted by {place}").format(place=_at(more["excepted"])))
    if decision := more.get("decision"):
        sentence = _("decided: {decision}, {reason} ({place})")
        notes.append(
            sentence.format(decision=decision["decision"], reason=decision["reason"], place=_at(decision))
        )
    places = [place for place in (item.reference, *item.other_references) if place is not None]
    shown = [
        _(labels.INDICATOR_TYPES[item.type]),
        item.value,
        item.threat or "",
        "\n".join(map(_place, places)),
        "; ".join(notes),
    ]
    return tuple("\n".join(visible_line(clip(line, 300)) for line in text.split("\n")) for text in shown)


def _at(place: Mapping[str, Any]) -> str:
    return _place(Reference(str(place.get("document", "")), row=place.get("row")))


def _place(place: Reference) -> str:
    """Format document, page and row for people."""
    _ = translate()
    parts = [visible_line(place.document)]
    if place.page is not None:
        parts.append(_("page {number}").format(number=place.page))
    if place.row is not None:
        parts.append(_("row {number}").format(number=place.row))
    return ", ".join(parts)
