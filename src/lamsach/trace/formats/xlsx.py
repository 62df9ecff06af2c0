"""A trace as a workbook: result, devices, rows, candidates, evidence, unread inputs; no formulas."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.writer.excel import ExcelWriter

from lamsach.i18n import mark, translator
from lamsach.results.workbook import MAX_ROWS, Cells, Sheets
from lamsach.runtime.timeless_zip import TimelessZip
from lamsach.trace.formats.facts import Facts
from lamsach.trace.formats.rows import numbered
from lamsach.trace.model import Trace


class _Sheets(Sheets):
    """Sheets in a trace's zone."""

    def __init__(self, book: Workbook, facts: Facts) -> None:
        self.book = book
        self.language = facts.language
        self.max_rows = MAX_ROWS
        self.translate = translator(facts.language)
        self.zone = facts.zone
        self.clock = facts.clock


def write_xlsx(trace: Trace, stream: BinaryIO, language: str) -> None:
    """Write the workbook."""
    facts = Facts(trace, language)
    book = Workbook(write_only=True)
    book.properties.creator = "Lamsach"
    book.properties.created = book.properties.modified = trace.finished.replace(tzinfo=None)
    book.properties.title = facts.headline()
    sheets = _Sheets(book, facts)
    try:
        _summary(sheets, facts)
        _devices(sheets, facts)
        _explained(sheets, facts)
        _unexplained(sheets, facts)
        _candidates(sheets, facts)
        _evidence(sheets, facts)
        _not_read(sheets, facts)
        with TimelessZip(stream, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            ExcelWriter(book, archive).write_data()
    except OSError:
        for sheet in book.worksheets:
            with suppress(Exception):
                sheet.close()
        raise


def _summary(sheets: _Sheets, facts: Facts) -> None:
    sheet = sheets.book.create_sheet(facts.translate("Summary"))
    sheet.column_dimensions["A"].width = 110
    title = WriteOnlyCell(sheet, facts.headline())
    title.font = Font(bold=True, size=16)
    sheet.append([title])
    for note in facts.notes():
        sheet.append([sheets.cell(sheet, note)])
    for document in facts.trace.reports:
        sheet.append(
            [sheets.cell(sheet, facts.translate("List: {document}").format(document=facts.text(document)))]
        )


def _devices(sheets: _Sheets, facts: Facts) -> None:
    _ = facts.translate
    columns = [
        (_("Name"), 24),
        (_("IP address"), 18),
        (_("MAC address"), 20),
        (_("User"), 22),
        (_("Department"), 34),
        (_("Certainty"), 12),
        (_("Rows"), 9),
        (_("Threat"), 40),
        (sheets.timed(mark("First")), 21),
        (sheets.timed(mark("Last")), 21),
        (_("Numbers of the rows"), 30),
    ]
    rows = (
        (
            device.name,
            device.ip,
            device.mac,
            device.user,
            device.department,
            facts.certainty(device),
            len(device.rows),
            ", ".join(device.threats),
            device.first,
            device.last,
            ", ".join(str(number + 1) for number in device.rows),
        )
        for device in facts.trace.devices
    )
    sheets.add(mark("Machines"), columns, rows, len(facts.trace.devices))


def _row_columns(sheets: _Sheets, facts: Facts) -> list[tuple[str, int]]:
    _ = facts.translate
    return [
        (_("No."), 8),
        (_("Public address"), 18),
        (_("Port"), 9),
        (_("Protocol"), 10),
        (sheets.timed(mark("Time")), 21),
        (_("Time as listed"), 24),
        (_("Threat"), 24),
        (_("Destination"), 22),
        (_("Place in the list"), 40),
    ]


def _row_cells(number: int, facts: Facts, index: int) -> Cells:
    row = facts.trace.answers[index].row
    return (
        number,
        row.ip,
        row.port,
        row.protocol,
        row.time,
        row.time_text,
        row.threat,
        facts.destination(row),
        facts.place(row.reference),
    )


def _explained(sheets: _Sheets, facts: Facts) -> None:
    _ = facts.translate
    columns = [
        *_row_columns(sheets, facts),
        (_("Machine"), 24),
        (_("Inside address"), 18),
        ("MAC", 20),
        (_("User"), 22),
        (_("Department"), 34),
        (_("Certainty"), 12),
        (_("Known by"), 22),
        (_("Note"), 50),
    ]

    def rows() -> Iterator[Cells]:
        for number, answer in numbered(facts.trace, explained=True):
            item, identity = answer.named[0], answer.named[0].identity
            yield (
                *_row_cells(number, facts, number - 1),
                identity.name,
                item.inside,
                identity.mac,
                identity.user,
                item.department,
                facts.certainty(item),
                facts.known_by(item),
                facts.hints(item),
            )

    sheets.add(mark("Explained"), columns, rows(), len(facts.trace.explained))


def _unexplained(sheets: _Sheets, facts: Facts) -> None:
    _ = facts.translate
    columns = [*_row_columns(sheets, facts), (_("Why"), 60), (_("What to do"), 60)]
    rows = (
        (*_row_cells(number, facts, number - 1), facts.why(answer), facts.todo(answer))
        for number, answer in numbered(facts.trace, explained=False)
    )
    sheets.add(mark("Not explained"), columns, rows, len(facts.trace.unexplained))


def _candidates(sheets: _Sheets, facts: Facts) -> None:
    _ = facts.translate
    columns = [
        (_("Row no."), 9),
        (_("Rank"), 8),
        (_("Machine"), 24),
        (_("Inside address"), 18),
        ("MAC", 20),
        (_("User"), 22),
        (_("Department"), 34),
        (_("Why"), 60),
    ]
    found = [(number, answer) for number, answer in numbered(facts.trace, explained=False) if answer.named]
    rows = (
        (
            number,
            rank,
            item.identity.name,
            item.inside,
            item.identity.mac,
            item.identity.user,
            item.department,
            facts.hints(item),
        )
        for number, answer in found
        for rank, item in enumerate(answer.named, 1)
    )
    sheets.add(mark("Candidates"), columns, rows, sum(len(answer.named) for _, answer in found))


def _evidence(sheets: _Sheets, facts: Facts) -> None:
    _ = facts.translate
    columns = [
        (_("Row no."), 9),
        (_("Machine"), 24),
        (_("File"), 40),
        (_("Line"), 10),
        (_("Text of the line"), 120),
    ]
    rows = (
        (number, facts.named_title(answer.named[0]), line.file, line.line, line.text)
        for number, answer in numbered(facts.trace, explained=True)
        for line in answer.named[0].evidence
    )
    sheets.add(
        mark("Evidence"),
        columns,
        rows,
        sum(len(answer.named[0].evidence) for answer in facts.trace.explained),
    )


def _not_read(sheets: _Sheets, facts: Facts) -> None:
    _ = facts.translate
    columns = [(_("Where"), 44), (_("Value"), 44), (_("Why"), 60), (_("What to do"), 60)]

    def rows() -> Iterator[Cells]:
        for problem in facts.trace.problems:
            yield problem.where, "", _(problem.what), _(problem.todo) if problem.todo else ""
        for item in facts.trace.refusals:
            yield facts.place(item.reference), item.value, _(item.reason), ""

    sheets.add(mark("Not read"), columns, rows(), len(facts.trace.problems) + len(facts.trace.refusals))
