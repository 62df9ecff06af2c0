"""Findings on a terminal: a line per machine, unread inputs, next steps, the figures again.

Fits 120 columns, or the terminal's width down to 60. In a pipe: 120 columns, no colour, no terminal codes.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lamsach.i18n import counted, format_date, format_number, mark, translator
from lamsach.model import DeviceState, Findings
from lamsach.results import doubtful_values, labels
from lamsach.results.machines import Machine, columns, machines
from lamsach.results.repeated_problems import alike_problems
from lamsach.results.safe_text import clip, visible_line
from lamsach.results.summary import (
    figures,
    report_zone,
    searched_sentence,
    state_counts,
    undated_sentence,
    verdict_sentence,
)

_WIDEST, _NARROWEST = 120, 60
_LAYOUTS: tuple[tuple[int, Mapping[str, int]], ...] = (
    (120, {"machine": 20, "address": 15, "user": 17, "met": 34, "count": 8, "first": 10, "last": 10}),
    (90, {"machine": 17, "address": 15, "met": 36, "count": 8, "last": 10}),
    (_NARROWEST, {"machine": 16, "met": 23, "count": 8, "last": 10}),
)
"""Columns of the table with their widths, by minimum width of the terminal; `met` gets the rest."""
_DEVICES_SHOWN = 40
_PROBLEMS_SHOWN = 10
_QUESTIONED_SHOWN = 20
_COMMAND_LENGTH = 2_000
_COLOURS: dict[DeviceState, str] = {DeviceState.INFECTED: "bold red"}


def show(
    findings: Findings,
    console: Console,
    language: str,
    reasons: Mapping[str, str] | None = None,
    report: str = "",
    *,
    archive: bool = False,
    again: Sequence[str] = (),
) -> None:
    """Print findings.

    `reasons` maps reason codes to English sentences; `report` names the page written, if any; `archive`: the
    logs are an archive, searched by `lamsach retro`; `again`: options of the command, with values, that are
    needed to repeat it and not in the findings.
    """
    with _width(console) as width:
        screen = _Screen(findings, console, language, reasons or {}, width, report, archive, again)
        screen.result()
        screen.to_look_at()
        screen.not_read()
        screen.next_steps()
        screen.headline()


@contextmanager
def _width(console: Console) -> Iterator[int]:
    """Set the console to the width of the layout."""
    previous = console._width
    target = console.width if console.is_terminal else _WIDEST
    console.width = max(_NARROWEST, min(_WIDEST, target))
    try:
        yield console.width
    finally:
        console._width = previous


def _argument(path: str) -> str:
    """Return a path as an argument that is never parsed as an option."""
    return f"./{path}" if path.startswith("-") and path != "-" else path


class _Screen:
    """One printing of findings."""

    def __init__(
        self,
        findings: Findings,
        console: Console,
        language: str,
        reasons: Mapping[str, str],
        width: int,
        report: str = "",
        archive: bool = False,
        again: Sequence[str] = (),
    ) -> None:
        self.findings = findings
        self.console = console
        self.language = language
        self.reasons = reasons
        self.width = width
        self.report = report
        self.archive = archive
        self.again = again
        self._ = translator(language)
        self.zone = report_zone(findings)
        self.figures = figures(findings)

    def line(self, text: str = "", style: str = "") -> None:
        """Print a paragraph; hidden characters are made visible, and rich markup has no effect."""
        self.console.print(Text(visible_line(text), style=style), soft_wrap=False)

    def headline(self) -> None:
        """Repeat the result in one sentence next to the prompt: the figures, or the meaning of none."""
        self.line()
        self.line(self._figures() or verdict_sentence(self.findings, self.language), "bold")

    def _figures(self) -> str:
        shown = ", ".join(text for _, text in state_counts(self.figures, self.language))
        return f"{shown}." if self.figures.found else ""

    def result(self) -> None:
        """Print the machines by state, and the scope of the search."""
        if text := self._figures():
            self.line(text, "bold")
        shown = machines(self.findings, self._)
        states = groupby(shown[:_DEVICES_SHOWN], key=lambda row: row.device.state)
        for place, (state, rows) in enumerate(states):
            title, _ = labels.GROUPS[state]
            number = format_number(self.figures.devices[state], self.language)
            self.line(f"{self._(title)} ({number})", _COLOURS.get(state, "bold"))
            self.console.print(self._table(list(rows), headed=place == 0))
        if len(shown) > _DEVICES_SHOWN:
            one = mark("{count} more machine is in the report (-o report.html).")
            many = mark("{count} more machines are in the report (-o report.html).")
            self.line(counted(len(shown) - _DEVICES_SHOWN, one, many, self.language))
        if not self.figures.found:
            self.line(verdict_sentence(self.findings, self.language), "bold")
        self.line(searched_sentence(self.findings, self.language))

    def _table(self, rows: Sequence[Machine], *, headed: bool) -> Table:
        least, widths = next(layout for layout in _LAYOUTS if self.width >= layout[0])
        table = Table(box=box.SIMPLE_HEAD, width=self.width, show_edge=False, padding=0, show_header=headed)
        shown = columns(*widths)
        for column in shown:
            table.add_column(
                self._(column.heading),
                width=widths[column.name] + (self.width - least if column.name == "met" else 0),
                overflow="fold" if column.name in ("machine", "address") else "ellipsis",
                no_wrap=column.name not in ("machine", "address"),
                justify="right" if column.name == "count" else "left",
            )
        for row in rows:
            table.add_row(*(Text(self._cell(column.of(row, self._))) for column in shown))
        return table

    def _cell(self, value: object) -> str:
        if isinstance(value, datetime):
            return format_date(value.astimezone(self.zone).date())
        if isinstance(value, int):
            return format_number(value, self.language)
        return clip(visible_line(str(value)), 300) if value else "-"

    def to_look_at(self) -> None:
        """Print the listed values that need review, each with its count of machines and the reason."""
        rows = self.findings.to_look_at
        if not rows:
            return
        self.line()
        self.line(doubtful_values.sentence(self.findings, self.language), "bold yellow")
        for row in rows[:_QUESTIONED_SHOWN]:
            machines = counted(row.machines, "{count} machine", "{count} machines", self.language)
            value = clip(visible_line(row.indicator), 80)
            self.line(f"- {value} ({machines}): {clip(doubtful_values.explain(row, self.language), 300)}")
        if len(rows) > _QUESTIONED_SHOWN:
            one = mark("{count} more value is in the report (-o report.html).")
            many = mark("{count} more values are in the report (-o report.html).")
            self.line(counted(len(rows) - _QUESTIONED_SHOWN, one, many, self.language))

    def not_read(self) -> None:
        """Print what was blind, damaged, refused or left undone."""
        findings, language = self.findings, self.language
        lines = list(self._blind())
        if findings.partial:
            lines.insert(0, self._("The hunt was interrupted: this result is partial."))
        alike = list(alike_problems(findings.problems))
        for where, problem in alike[:_PROBLEMS_SHOWN]:
            lines.append(f"{where}: {self._(problem.what)} {self._(problem.todo)}".strip())
        if len(alike) > _PROBLEMS_SHOWN:
            one, many = (
                mark("{count} more input could not be read."),
                mark("{count} more inputs could not be read."),
            )
            lines.append(counted(len(alike) - _PROBLEMS_SHOWN, one, many, language))
        if findings.undated_lines:
            lines.append(undated_sentence(findings, language))
        lines += self._set_aside()
        if self.figures.refused:
            one, many = (
                mark("{count} log record could not be read."),
                mark("{count} log records could not be read."),
            )
            lines.append(counted(self.figures.refused, one, many, language))
        if findings.list.refused:
            one, many = (
                mark("{count} value of the list was refused and not searched for."),
                mark("{count} values of the list were refused and not searched for."),
            )
            lines.append(counted(findings.list.refused, one, many, language))
        if lines:
            self.line()
            self.line(self._("Not read, or blind:"), "bold yellow")
            for line in lines:
                self.line(f"- {clip(line, 400)}")

    def _set_aside(self) -> Iterator[str]:
        for place in self.findings.set_aside[:_PROBLEMS_SHOWN]:
            yield self._("{file}, line {line}: {value} is listed, but here it is {reason}.").format(
                file=clip(place.file, 60),
                line=format_number(place.line, self.language),
                value=clip(place.indicator, 80),
                reason=self._(labels.ASIDE[place.reason]),
            )
        if (further := len(self.findings.set_aside) - _PROBLEMS_SHOWN) > 0:
            one, many = mark("{count} more such place."), mark("{count} more such places.")
            yield counted(further, one, many, self.language)

    def _blind(self) -> Iterator[str]:
        ordered = sorted(self.findings.blind_days)
        for place, (observer, group) in enumerate(groupby(ordered, key=lambda pair: pair[0])):
            days = [day for _, day in group]
            if place == _PROBLEMS_SHOWN:
                further = len({name for name, _ in ordered}) - place
                one, many = (
                    mark("{count} more observer has blind days."),
                    mark("{count} more observers have blind days."),
                )
                yield counted(further, one, many, self.language)
                return
            shown = ", ".join(format_date(day) for day in days[:5]) + (", …" if len(days) > 5 else "")
            one, many = mark("{count} blind day"), mark("{count} blind days")
            number = counted(len(days), one, many, self.language)
            yield f"{clip(labels.product_title(observer), 60)}: {number} ({shown})"

    def _steps(self) -> Iterator[tuple[str, str]]:
        """Yield sentence and command of each next step."""
        known, _ = self.figures.devices, self._
        if known[DeviceState.INFECTED]:
            text = _(
                "Isolate the infected machines, then open the report for what proves "
                "it and what to do with each:"
            )
            yield text, self._report()
        elif self.figures.found:
            write, look = (
                _("Write the report to look at each contact:"),
                _("Open the report to look at each contact:"),
            )
            yield look if self.report else write, self._report()
        if self.findings.to_look_at:
            text = _("See which values of the list are dangerous or doubtful, and inform its author:")
            yield text, self._on_lists("review")
        if known[DeviceState.UNATTRIBUTED]:
            text = _(
                "Name the machines behind DNS servers, proxies and gateways: add their "
                "client logs, the gateways' NAT records and the DHCP leases:"
            )
            yield text, self._command("--leases", _("DHCP-LOG"), *self._nat_option())
        if self.findings.verdict.doubts:
            yield _("Get the logs that are missing and hunt again:"), self._command()
        if self.findings.list.refused:
            yield _("See which values of the list were refused, and why:"), self._on_lists("read")

    def _on_lists(self, act: str) -> str:
        lists = map(_argument, self.findings.parameters.lists)
        return visible_line(shlex.join(["lamsach", "indicators", act, *lists]))

    def next_steps(self) -> None:
        """Print the next steps with their commands."""
        record = self._("Keep this result as a record of what was searched:")
        steps = list(self._steps()) or [(record, self._command("-o", self._("findings.zip")))]
        self.line()
        self.line(self._("Next:"), "bold")
        for number, (text, command) in enumerate(steps, 1):
            self.line(f"{number}. {text}")
            # Commands are not wrapped, so that they can be copied whole.
            self.console.print(Text(f"   {command}", style="cyan"), soft_wrap=True)
        again = any(command.startswith(("lamsach hunt", "lamsach retro")) for _, command in steps)
        if again and "-" in self.findings.parameters.logs:
            self.line(
                self._(
                    "The - means standard input: put the program that gave the logs, and |, "
                    "before the command."
                )
            )

    def _nat_option(self) -> tuple[str, ...]:
        """Return the option for a gateway's NAT log, where it is needed and was not given."""
        needed = any(device.key.startswith("unattributed:nat:") for device in self.findings.devices)
        return ("--nat", self._("NAT-LOG")) if needed and not self.findings.parameters.nat else ()

    def _report(self) -> str:
        """Return the report written, else the command that writes one."""
        return visible_line(self.report) if self.report else self._command("-o", self._("report.html"))

    def _command(self, *further: str) -> str:
        """Return the command of this hunt, with further options."""
        inputs = self.findings.parameters
        words = ["lamsach", "hunt", *(_argument(log) for log in inputs.logs)]
        if self.archive:
            words = [
                "lamsach",
                "retro",
                *(
                    part
                    for place in inputs.logs
                    for part in ("--store" if "+http" in place else "--archive", place)
                ),
            ]
        for option, values in (
            ("-i", inputs.lists),
            ("--leases", inputs.leases),
            ("--nat", inputs.nat),
            ("--exceptions", inputs.exceptions),
            ("--infrastructure", inputs.infrastructure),
            ("--inventory", (inputs.inventory,) if inputs.inventory else ()),
            ("--decisions", (inputs.decisions,) if inputs.decisions else ()),
            ("--since", (inputs.since.astimezone(self.zone).isoformat(),) if inputs.since else ()),
            ("--until", (inputs.until.astimezone(self.zone).isoformat(),) if inputs.until else ()),
            (
                "--timezone",
                (inputs.timezone,) if inputs.timezone != "Asia/Ho_Chi_Minh" and not self.archive else (),
            ),
        ):
            for value in values:
                words += [option, value]
        words += self.again
        command = shlex.join([*words, *further])
        if len(command) > _COMMAND_LENGTH:
            command = f"{shlex.join(words[:2])} … {shlex.join(further)}".strip()
        return visible_line(command)
