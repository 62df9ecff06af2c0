"""Findings as a workbook: search and figures, devices, sightings, evidence, coverage, unread inputs.

Texts from logs remain texts: no cell is a formula, and control characters are written out.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.writer.excel import ExcelWriter

from lamsach.i18n import counted, format_date, mark, translator
from lamsach.model import Action, Findings
from lamsach.results import doubtful_values, labels
from lamsach.results.machines import columns, machines
from lamsach.results.records import stated_time
from lamsach.results.summary import (
    figures,
    opening_facts,
    searched_sentence,
    state_counts,
    verdict_sentence,
    warnings,
)
from lamsach.results.workbook import MAX_ROWS, Cells, Sheets, fit_page_width
from lamsach.runtime.timeless_zip import TimelessZip


def write_xlsx(
    findings: Findings, stream: BinaryIO, language: str, reasons: Mapping[str, str], max_rows: int = MAX_ROWS
) -> None:
    """Write the workbook.

    Rows that do not fit into a sheet are counted in its last row, never dropped silently.
    """
    book = Workbook(write_only=True)
    book.properties.creator = "Lamsach"
    book.properties.created = book.properties.modified = findings.parameters.finished.replace(tzinfo=None)
    book.properties.title = translator(language)("Machines to handle")
    sheets = Sheets(book, findings, language, max_rows)
    try:
        _summary(sheets)
        _devices(sheets, reasons)
        _to_look_at(sheets)
        _sightings(sheets)
        _evidence(sheets)
        _coverage(sheets)
        _not_read(sheets)
        with TimelessZip(stream, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            ExcelWriter(book, archive).write_data()
    except OSError:
        _give_up(book)
        raise


def _give_up(book: Workbook) -> None:
    """Close half-written sheets in the temporary folder, which would raise at interpreter exit."""
    for sheet in book.worksheets:
        with suppress(Exception):
            sheet.close()


def _summary(sheets: Sheets) -> None:
    findings, language, translate = sheets.findings, sheets.language, sheets.translate
    sheet = sheets.book.create_sheet(translate("Summary"))
    fit_page_width(sheet)
    sheet.column_dimensions["A"].width = 44
    sheet.column_dimensions["B"].width = 90
    title = WriteOnlyCell(sheet, translate("Machines to handle"))
    title.font = Font(bold=True, size=16)
    known = figures(findings)
    sheet.append([title])
    sheet.append([sheets.cell(sheet, searched_sentence(findings, language))])
    sentences = [verdict_sentence(findings, language), doubtful_values.sentence(findings, language)]
    for text in (*sentences, *(text for text, _ in warnings(findings, language))):
        if text:
            warning = WriteOnlyCell(sheet, text)
            warning.font = Font(bold=True)
            sheet.append([warning])
    sheet.append([])
    for _, text in state_counts(known, language):
        sheet.append([text])
    sheet.append([])
    for label, value in opening_facts(findings, language):
        sheet.append([label, sheets.cell(sheet, value)])


def _devices(sheets: Sheets, reasons: Mapping[str, str]) -> None:
    translate = sheets.translate
    shown = columns(
        *("state", "severity", "machine", "address", "mac", "user", "department", "threats", "values"),
        *("count", "first", "last", "todo", "held", "key"),
    )
    headings = [
        (sheets.timed(column.heading) if column.timed else translate(column.heading), column.width)
        for column in shown
    ]
    rows = (
        (
            *(column.of(row, translate) for column in shown),
            " ".join(labels.reason_text(reason, reasons, sheets.language) for reason in row.device.reasons),
        )
        for row in machines(sheets.findings, translate)
    )
    sheets.add(mark("Machines"), [*headings, (translate("Why"), 70)], rows, len(sheets.findings.devices))


def _to_look_at(sheets: Sheets) -> None:
    translate, rows = sheets.translate, sheets.findings.to_look_at
    if not rows:
        return
    columns = [
        (translate("Indicator"), 40),
        (translate("Kind"), 12),
        (translate("Machines"), 11),
        (translate("Contacts"), 11),
        (translate("Why"), 110),
        (sheets.timed(mark("First")), 21),
        (sheets.timed(mark("Last")), 21),
    ]
    cells = (
        (
            row.indicator,
            translate(labels.INDICATOR_TYPES[row.indicator_type]),
            row.machines,
            row.count,
            doubtful_values.explain(row, sheets.language),
            row.first,
            row.last,
        )
        for row in rows
    )
    sheets.add(doubtful_values.TITLE, columns, cells, len(rows))


def _sightings(sheets: Sheets) -> None:
    translate = sheets.translate
    names = {device.key: labels.device_title(device, translate) for device in sheets.findings.devices}
    columns = [
        (translate("No."), 8),
        (translate("Machine"), 26),
        (translate("Indicator"), 40),
        (translate("Kind"), 12),
        (translate("Threat"), 22),
        (translate("Direction"), 24),
        (translate("Match"), 20),
        (translate("Counted"), 20),
        (translate("Line format"), 14),
        (translate("Contacts"), 11),
        (translate("Allowed"), 12),
        (translate("Blocked"), 12),
        (translate("Not stated"), 12),
        (sheets.timed(mark("First")), 21),
        (sheets.timed(mark("Last")), 21),
        (translate("Key"), 28),
    ]
    rows = (
        (
            *(number, names.get(seen.device) or labels.key_title(seen.device, translate), seen.indicator),
            *(translate(labels.INDICATOR_TYPES[seen.indicator_type]), seen.threat),
            translate(labels.ROLES[seen.role]),
            translate(labels.MATCHES[seen.match]),
            translate(labels.STATUSES[seen.status]),
            translate("unparsed") if seen.unparsed else translate("parsed"),
            *(seen.count, *(seen.actions.get(action, 0) for action in Action)),
            *(seen.first, seen.last, seen.device),
        )
        for number, seen in enumerate(sheets.findings.sightings, 1)
    )
    sheets.add(mark("Sightings"), columns, rows, len(sheets.findings.sightings))


def _evidence(sheets: Sheets) -> None:
    translate = sheets.translate
    names = {device.key: labels.device_title(device, translate) for device in sheets.findings.devices}
    columns = [
        (translate("Sighting no."), 12),
        (translate("Machine"), 26),
        (translate("Indicator"), 36),
        (sheets.timed(mark("Time")), 21),
        (translate("File"), 40),
        (translate("Line"), 10),
        (translate("Text of the line"), 120),
    ]
    rows = (
        (
            number,
            names.get(seen.device) or labels.key_title(seen.device, translate),
            seen.indicator,
            stated_time(line.time) or line.time,
            line.file,
            line.line,
            line.text,
        )
        for number, seen in enumerate(sheets.findings.sightings, 1)
        for line in seen.evidence
    )
    sheets.add(mark("Evidence"), columns, rows, sum(len(seen.evidence) for seen in sheets.findings.sightings))


def _coverage(sheets: Sheets) -> None:
    translate, findings = sheets.translate, sheets.findings
    columns = [
        (translate("Observer"), 26),
        (translate("Format"), 18),
        (translate("Day"), 14),
        (translate("State"), 14),
        (translate("Lines"), 14),
        (translate("Parsed"), 14),
        (translate("Unparsed"), 14),
        (translate("Refused"), 12),
        (translate("Examined"), 12),
    ]

    def rows() -> Iterator[Cells]:
        for observer, day in findings.blind_days:
            yield observer, "", format_date(day), translate("blind"), 0, 0, 0, 0, 0
        for row in findings.coverage:
            day_text = format_date(row.day) if row.day else translate("no time")
            yield (
                row.observer,
                row.format,
                day_text,
                translate("has logs"),
                row.lines,
                row.parsed,
                row.unparsed,
                row.refused,
                row.sampled,
            )

    sheets.add(mark("Coverage"), columns, rows(), len(findings.blind_days) + len(findings.coverage))


def _not_read(sheets: Sheets) -> None:
    translate, findings = sheets.translate, sheets.findings
    columns = [
        (translate("What"), 22),
        (translate("Where"), 44),
        (translate("Page or sheet"), 10),
        (translate("Row or line"), 10),
        (translate("Value"), 44),
        (translate("Why"), 60),
        (translate("What to do"), 60),
    ]

    def rows() -> Iterator[Cells]:
        for problem in findings.problems:
            why, todo = translate(problem.what), translate(problem.todo)
            yield translate("input"), problem.where, None, None, "", why, todo
        for aside in findings.set_aside:
            why = translate(labels.ASIDE[aside.reason])
            yield translate("log"), aside.file, None, aside.line, aside.indicator, why, ""
        for refusal in findings.list.refusals:
            at, why = refusal.reference, translate(refusal.reason)
            yield translate("indicator"), at.document, at.page, at.row, refusal.value, why, ""
        unlisted = findings.list.refused - len(findings.list.refusals)
        if unlisted > 0:
            one, many = (
                mark("{count} further value was refused and is not listed."),
                mark("{count} further values were refused and are not listed."),
            )
            why = counted(unlisted, one, many, sheets.language)
            yield translate("indicator"), "", None, None, "", why, ""

    refused = findings.list.refusals
    total = len(findings.problems) + len(refused) + (findings.list.refused > len(refused))
    sheets.add(mark("Not read"), columns, rows(), total)
