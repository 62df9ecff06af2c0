"""A scan in the terminal: progress bar, table of findings, skips, summary line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from lamsach.i18n import format_number, translator
from lamsach.scanner.control import Progress as Seen
from lamsach.scanner.findings import Level, Result
from lamsach.scanner.labels import AREAS, LEVELS, STAGES, STOPS, proof, sentence, skip_reason, threat, visible
from lamsach.scanner.report.page import extent, is_blind, verdict

_COLOURS = {Level.MALICIOUS: "bold red", Level.SUSPICIOUS: "yellow", Level.RISK: ""}
ROWS = 100


@contextmanager
def bar(language: str) -> Iterator[Callable[[Seen], None] | None]:
    """Yield a progress bar on standard error if that is a terminal, else None."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    _ = translator(language)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, state="")

        def update(seen: Seen) -> None:
            state = _("{files} files, {found} found").format(
                files=format_number(seen.files, language), found=seen.findings
            )
            if seen.paused:
                state = _("paused")
            elif seen.remaining_s is not None:
                left = f"{int(seen.remaining_s) // 60}:{int(seen.remaining_s) % 60:02d}"
                state += _("; {left} left").format(left=left)
            progress.update(
                task,
                description=_(STAGES.get(seen.stage, "")),
                completed=seen.done_bytes,
                total=seen.total_bytes,
                state=state,
            )

        yield update


def show(result: Result, console: Console, language: str, *, planned: bool = False) -> None:
    """Show verdict, findings, skips, next steps; `planned`: a plan follows."""
    _ = translator(language)
    if result.findings:
        table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
        for head in (_("Level"), _("Where"), _("Why")):
            table.add_column(head, overflow="fold")
        for finding in result.findings[:ROWS]:
            why = sentence(finding, _)
            kind = threat(finding, _)
            table.add_row(
                Text(_(LEVELS[finding.level]), style=_COLOURS[finding.level]),
                Text(f"{_(AREAS[finding.area])}\n{visible(finding.subject)}"),
                Text("\n".join(part for part in (why, kind, proof(finding, _)[:200]) if part)),
            )
        console.print(table)
        if len(result.findings) > ROWS:
            console.print(_("More findings are in the result file (-o)."))
    console.print(Text(verdict(result, language)[0], style="bold"))
    if result.stopped:
        console.print(_(STOPS[result.stopped]))
    console.print(Text(extent(result, language)))
    _show_skips(result, console, language)
    if result.worst() is Level.MALICIOUS and not planned:
        console.print(
            _(
                "Next: run the same command with --quarantine to see what would be done; "
                "nothing is changed before you add --yes."
            )
        )
    elif not result.findings and is_blind(result):
        console.print(_("Next: look at what was not examined, as an administrator if rights were missing."))


def _show_skips(result: Result, console: Console, language: str) -> None:
    if not result.skipped:
        return
    _ = translator(language)
    console.print(_("Not examined:"))
    for reason, count in sorted(result.skipped.items(), key=lambda item: -item[1]):
        example = next(
            (visible(skip.subject) for skip in result.skips if skip.reason == reason and skip.subject), ""
        )
        console.print(Text(f"  {skip_reason(reason, _)}: {format_number(count, language)}  {example}"))


def summary_line(
    result: Result, status: int, records: Sequence[Mapping[str, object]] = (), sent: bool | None = None
) -> str:
    """Return the outcome on one line for scripts: names and numbers independent of the language."""
    levels = {level: sum(finding.level is level for finding in result.findings) for level in Level}
    done = sum(record.get("outcome") == "done" for record in records)
    host = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in result.host.name)
    return (
        f"lamsach-scan status={status} malicious={levels[Level.MALICIOUS]} "
        f"suspicious={levels[Level.SUSPICIOUS]} risk={levels[Level.RISK]}"
        f" files={result.counts.files} skipped={sum(result.skipped.values())} "
        f"seconds={(result.finished - result.started).total_seconds():.1f}"
        f" host={host} done={done}{'' if sent is None else f' sent={int(sent)}'}"
    )
