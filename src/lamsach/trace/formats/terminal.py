"""A trace on a terminal: the result, both lists as tables, then the unread inputs.

Fits 100 columns, no colour codes in a pipe.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamsach.i18n import counted, mark
from lamsach.results.safe_text import clip, visible_line
from lamsach.trace.formats.facts import Facts
from lamsach.trace.model import Answer, Trace

_WIDEST, _NARROWEST = 100, 60
_ROWS_SHOWN = 40
_PROBLEMS_SHOWN = 10


def show(trace: Trace, console: Console, language: str) -> None:
    """Print a trace."""
    facts = Facts(trace, language)
    width = max(_NARROWEST, min(_WIDEST, console.width if console.is_terminal else _WIDEST))
    screen = _Screen(facts, console, width)
    screen.line(facts.headline(), "bold")
    for note in facts.notes():
        screen.line(note)
    _ = facts.translate
    if trace.explained:
        screen.line()
        screen.line(_("Explained ({count})").format(count=facts.number(len(trace.explained))), "bold")
        screen.explained(trace.explained)
    if trace.unexplained:
        screen.line()
        screen.line(_("Not explained ({count})").format(count=facts.number(len(trace.unexplained))), "bold")
        screen.unexplained(trace.unexplained)
    screen.not_read()


class _Screen:
    def __init__(self, facts: Facts, console: Console, width: int) -> None:
        self.facts = facts
        self.console = console
        self.width = width
        self._ = facts.translate

    def line(self, text: str = "", style: str = "") -> None:
        self.console.print(Text(visible_line(text), style=style), width=self.width)

    def explained(self, answers: Sequence[Answer]) -> None:
        facts = self.facts
        table = self._table(
            [
                (self._("Address and port"), 21),
                (self._("Time"), 19),
                (self._("Threat"), 0),
                (self._("Machine"), 0),
                (self._("Certainty"), 10),
            ]
        )
        for answer in answers[:_ROWS_SHOWN]:
            item = answer.named[0]
            person = item.identity.user or item.department
            machine = "\n".join(
                filter(None, (facts.named_title(item), item.inside, facts.text(person, 60) if person else ""))
            )
            self._add(
                table,
                (
                    facts.endpoint(answer.row),
                    facts.time(answer.row),
                    facts.text(answer.row.threat, 80),
                    machine,
                    facts.certainty(item),
                ),
            )
        self.console.print(table)
        self._more(len(answers))

    def unexplained(self, answers: Sequence[Answer]) -> None:
        facts = self.facts
        table = self._table(
            [(self._("Address and port"), 21), (self._("Time"), 19), (self._("Why, and what to do next"), 0)]
        )
        for answer in answers[:_ROWS_SHOWN]:
            text = f"{facts.why(answer)}\n→ {facts.todo(answer)}"
            for item in answer.named[:3]:
                who = f"{facts.named_title(item)} ({item.inside})"
                text += f"\n? {clip(who, 100)}: {facts.hints(item)}"
            self._add(table, (facts.endpoint(answer.row), facts.time(answer.row), text))
        self.console.print(table)
        self._more(len(answers))

    def _table(self, columns: Sequence[tuple[str, int]]) -> Table:
        table = Table(
            box=box.SIMPLE_HEAD, width=self.width, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
        )
        for title, width in columns:
            table.add_column(title, overflow="fold", width=width or None, ratio=None if width else 1)
        return table

    @staticmethod
    def _add(table: Table, cells: Iterable[str]) -> None:
        table.add_row(*(Text("\n".join(map(visible_line, cell.split("\n")))) for cell in cells))

    def _more(self, count: int) -> None:
        if count > _ROWS_SHOWN:
            self.line(
                counted(
                    count - _ROWS_SHOWN,
                    mark("{count} more row is in the report (-o trace.html)."),
                    mark("{count} more rows are in the report (-o trace.html)."),
                    self.facts.language,
                )
            )

    def not_read(self) -> None:
        facts, trace = self.facts, self.facts.trace
        problems = facts.problems()
        lines = [
            f"{facts.place(item.reference)}: {self._(item.reason)}"
            for item in trace.refusals[:_PROBLEMS_SHOWN]
        ]
        lines += [
            f"{where}: {self._(item.what)} {self._(item.todo) if item.todo else ''}".strip()
            for where, item in problems[:_PROBLEMS_SHOWN]
        ]
        if not lines:
            return
        self.line()
        self.line(self._("Not read"), "bold")
        for line in lines:
            self.line(f"- {line}")
        left = max(0, len(trace.refusals) - _PROBLEMS_SHOWN) + max(0, len(problems) - _PROBLEMS_SHOWN)
        if left:
            self.line(counted(left, mark("{count} more."), mark("{count} more."), facts.language))
