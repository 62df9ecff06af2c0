"""`lamsach indicators review`: dangerous, doubtful and new values of a list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from lamsach.cli.command_line import Exit, Option
from lamsach.cli.console import emit, translate
from lamsach.cli.indicators.shared import (
    At,
    DecisionFile,
    Lists,
    OwnValues,
    Partial,
    decisions_of,
    moment,
    own_of,
    replacing,
    report_refused_count,
    stop_or_report,
    write_out,
)
from lamsach.errors import ExitStatus

if TYPE_CHECKING:
    from lamsach.indicators.review.decisions import Decisions
    from lamsach.indicators.review.examination import Reviewed
    from lamsach.indicators.values.normalise import Value
    from lamsach.model import Problem

RANKS = ("dangerous", "doubtful", "notable", "new", "known")


def review(
    files: Lists,
    since: Annotated[
        list[str] | None,
        Option("--since", metavar="LIST", help="The list as it was: what it lacks is new; may be repeated."),
    ] = None,
    own: OwnValues = None,
    decisions: DecisionFile = None,
    everything: Annotated[bool, Option("--all", help="Show also what is neither a concern nor new.")] = False,
    sources: Annotated[
        bool, Option("--sources", help="Show what each list is worth: unique and shared values, age.")
    ] = False,
    output: Annotated[
        Path | None,
        Option("-o", "--output", metavar="FILE", help="Write a CSV file to fill in as decisions."),
    ] = None,
    at: At = None,
    partial: Partial = False,
) -> None:
    """Show what in lists is dangerous, doubtful, notable or new, the worst first, each with its reason, as
    one JSON object a line.

    Example: lamsach indicators review annex.xlsx --own 203.0.113.0/24 --since last.zip
    """
    now = moment(at)
    if sources:
        _show_sources(files, now, partial=partial)
        return
    from lamsach.indicators.review.examination import collect, values_of
    from lamsach.indicators.review.examination import review as reviewed_of

    _ = translate()
    problems: list[Problem] = []
    collected = collect(files, problems.append)
    earlier = values_of(since, problems.append) if since else None
    stop_or_report(problems, partial=partial)
    known = decisions_of(decisions)
    found = reviewed_of(collected, own_of(own), earlier)
    decided = shown = 0

    def undecided() -> Iterator[Reviewed]:
        nonlocal decided, shown
        for entry in found:
            if _decided(entry, known, now):
                decided += 1
            elif everything or RANKS[entry.rank] != "known":
                shown += 1
                yield entry

    if output is None:
        for entry in undecided():
            write_out(json.dumps(_mapping(entry), ensure_ascii=False) + "\n")
    else:
        _write_decisions(output, undecided())
    text = _(
        "{dangerous} dangerous, {doubtful} doubtful, {notable} notable, {new} new, {known} "
        "others; {decided} already decided."
    )
    report_refused_count(collected.refused)
    emit(text.format(**dict(zip(RANKS, found.counts, strict=True)), decided=decided))
    if problems:
        raise Exit(ExitStatus.PARTIAL)
    if not shown:
        raise Exit(ExitStatus.NOTHING_FOUND)


def _decided(entry: Reviewed, known: Decisions, now: datetime) -> bool:
    return known.on(entry.indicator, now) is not None


def _mapping(entry: Reviewed) -> dict[str, Any]:
    from lamsach.indicators.values.mappings import as_mapping

    _ = translate()
    concerns = [
        {
            key: value
            for key, value in (
                ("kind", concern.kind.value),
                ("level", concern.level.value),
                ("reason", _(concern.reason)),
                ("about", concern.about),
                ("source", concern.source),
            )
            if value
        }
        for concern in entry.concerns
    ]
    return {"rank": RANKS[entry.rank], **as_mapping(entry.indicator), "new": entry.new, "concerns": concerns}


def _write_decisions(output: Path, entries: Iterable[Reviewed]) -> None:
    """Write a file for a spreadsheet: the columns of decisions, and facts to decide by."""
    import io

    from lamsach.documents.spreadsheets import csv_row
    from lamsach.indicators.review.decisions import COLUMNS

    _ = translate()
    with replacing(output) as raw:
        stream = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="", write_through=True)
        stream.write(csv_row([*COLUMNS, "rank", "type", "concerns", "document", "row"]))
        for entry in entries:
            concerns = "; ".join(
                f"{_(concern.reason)} [{concern.about}] {concern.source}".strip()
                for concern in entry.concerns
            )
            place = entry.indicator.reference
            cells = [
                entry.indicator.value,
                "",
                "",
                "",
                "",
                RANKS[entry.rank],
                entry.indicator.type.value,
                concerns,
                place.document if place else "",
                str(place.row or "") if place else "",
            ]
            stream.write(csv_row(cells))
        stream.flush()
        stream.detach()


def _show_sources(files: list[str], now: datetime, *, partial: bool) -> None:
    from dataclasses import asdict

    from lamsach.indicators.files.source import expand
    from lamsach.indicators.lists import read_list
    from lamsach.indicators.releases.quality import Quality, Tally
    from lamsach.model import Indicator

    problems: list[Problem] = []
    tally = Tally(now)
    holders: dict[Value, dict[str, Indicator]] = {}
    for path in expand(files):
        tally.rows[path] = Quality(path)
        for item in read_list(path, problems.append):
            if isinstance(item, Indicator):
                holders.setdefault((item.type, item.value), {})[path] = item
    stop_or_report(problems, partial=partial)
    for listed in holders.values():
        for path, item in listed.items():
            tally.count(path, item, item.valid_from, shared=len(listed) > 1)
    shared = Counter(pair for listed in holders.values() for pair in permutations(listed, 2))
    for path, row in tally.rows.items():
        mapping = {
            key: value
            for key, value in asdict(row).items()
            if value is not None and key not in ("seen", "false")
        }
        if "age_days" in mapping:
            mapping["age_days"] = round(mapping["age_days"], 1)
        mapping["with"] = {other: shared[path, other] for other in tally.rows if shared[path, other]}
        write_out(json.dumps(mapping, ensure_ascii=False) + "\n")
