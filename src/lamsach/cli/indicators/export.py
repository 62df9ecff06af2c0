"""`lamsach indicators export`: lists in the formats of firewalls, resolvers and sensors."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from lamsach.cli.command_line import Exit, Option
from lamsach.cli.console import emit, translate
from lamsach.cli.indicators.shared import (
    At,
    DecisionFile,
    Include,
    IncludeReason,
    MaxTlp,
    OptionalLists,
    OutputFile,
    OwnValues,
    Partial,
    as_output_error,
    decisions_of,
    moment,
    own_of,
    replacing,
    runs_of,
    write_out,
)
from lamsach.errors import InputError, UsageError

if TYPE_CHECKING:
    from lamsach.indicators.writers.base import Writer
    from lamsach.indicators.writers.export import Export, Terms


def export(
    files: OptionalLists = None,
    to: Annotated[
        list[str] | None, Option("--to", metavar="NAME", help="What to write; may be repeated with -d.")
    ] = None,
    output: OutputFile = None,
    folder: Annotated[
        Path | None,
        Option(
            "-d", "--directory", metavar="DIR", help="Write each into this folder, under names of our own."
        ),
    ] = None,
    formats: Annotated[bool, Option("--formats", help="Show what can be written, and end.")] = False,
    decisions: DecisionFile = None,
    own: OwnValues = None,
    max_tlp: MaxTlp = None,
    tlp: Annotated[
        str | None,
        Option("--tlp", metavar="LEVEL", help="The TLP of values that state none. Default: amber."),
    ] = None,
    min_confidence: Annotated[
        int,
        Option(
            "--min-confidence",
            metavar="N",
            min=0,
            max=100,
            help="Leave out values that state a lower confidence.",
        ),
    ] = 0,
    at: At = None,
    include: Include = None,
    reason: IncludeReason = None,
    partial: Partial = False,
) -> None:
    """Write lists as blocklists and rules for other programs; what a format cannot hold is counted.

    What is dangerous to block is left out until it is decided about, and the exit status is 7.

    Example: lamsach indicators export annex.xlsx --to rpz -o lamsach.zone
    """
    if formats:
        _show_formats()
        return
    writers = _writers(to)
    targets = _targets(writers, output, folder)
    terms = _terms(moment(at), max_tlp, tlp, min_confidence)
    if not files:
        raise UsageError("FILES... is missing.", "", "See: lamsach indicators export --help")

    from lamsach.cli.indicators.outputs import Rules
    from lamsach.indicators.releases.rows import Runs
    from lamsach.indicators.writers.export import prepare

    rules = Rules(decisions_of(decisions, include, reason), own_of(own), terms.at)
    with runs_of(files, partial=partial) as (listed, problems), Runs() as chosen:
        with as_output_error():
            chosen.extend(rules.allowed(listed))
            exports = [
                prepare(chosen, writer, rules.digest.hexdigest(), terms, rules.accepted) for writer in writers
            ]
        for export in exports:
            if not export.items:
                _report_export(export)
                rules.report()
                nothing = InputError(
                    "No value of the lists can be written in this format; nothing was written.",
                    export.writer.name,
                    "See what was left out above.",
                )
                raise rules.nothing_left(export.writer.name, nothing)
        for export, target in zip(exports, targets, strict=True):
            _save(export, target)
            _report_export(export)
    rules.report()
    if status := rules.status(partial=bool(problems)):
        raise Exit(status)


def _show_formats() -> None:
    from lamsach.indicators.writers import WRITERS

    width = max(len(writer.name) for writer in WRITERS)
    for writer in WRITERS:
        write_out(f"{writer.name.ljust(width)}  {writer.title}\n")


def _writers(names: list[str] | None) -> list[Writer]:
    from lamsach.indicators.writers import BY_NAME

    if not names:
        raise UsageError("--to is missing.", "", "See: lamsach indicators export --formats")
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise UsageError(
            "There is no such format to write.", unknown[0], "See: lamsach indicators export --formats"
        )
    return [BY_NAME[name] for name in dict.fromkeys(names)]


def _targets(writers: list[Writer], output: Path | None, folder: Path | None) -> list[Path | None]:
    if folder is not None:
        if output is not None:
            raise UsageError("-o and -d exclude each other.", str(output), "Give one of them.")
        folder.mkdir(parents=True, exist_ok=True)
        return [folder / f"lamsach-{writer.name}{writer.suffix}" for writer in writers]
    if len(writers) > 1:
        raise UsageError("Several formats need a folder.", "", "Give it with -d.")
    if output is None and writers[0].binary:
        raise UsageError("This format is an archive and needs a file.", writers[0].name, "Give it with -o.")
    return [output]


def _terms(at: datetime, max_tlp: str | None, tlp: str | None, min_confidence: int) -> Terms:
    from lamsach.indicators.values.merge import TLP_LEVELS
    from lamsach.indicators.writers.export import Terms

    for level in (max_tlp, tlp):
        if level is not None and level not in TLP_LEVELS:
            raise UsageError(
                "This is no level of TLP.", level, "Write clear, green, amber, amber+strict or red."
            )
    return Terms(at, max_tlp, tlp, min_confidence)


def _save(export: Export, target: Path | None) -> None:
    if target is not None:
        with replacing(target) as stream:
            export.save(stream)  # type: ignore[arg-type]
        return
    for piece in export.text():
        write_out(piece)


def _report_export(export: Export) -> None:
    _ = translate()
    emit(_("{name}: {count} written.").format(name=export.writer.name, count=len(export.items)))
    limit = export.writer.most_entries
    if limit and len(export.items) * 2 > limit and (entries := export.entries) > limit:
        many = _(
            "  more than a small device takes: {entries} entries, it takes {most} of one list. "
            "Look up what yours takes; an outlet of the portal cuts the list into parts."
        )
        emit(many.format(entries=entries, most=limit))
    for (kind, reason), count in sorted(export.lost.items()):
        emit(
            _("  left out: {count} of kind {kind}. {reason}").format(
                count=count, kind=kind.value, reason=_(reason)
            )
        )
    for (kind, reason), count in sorted(export.partly.items()):
        emit(
            _("  in part: {count} of kind {kind}. {reason}").format(
                count=count, kind=kind.value, reason=_(reason)
            )
        )
