"""Findings as a workbook: what was searched and the figures first, then devices, sightings, evidence, coverage, what was not read.

Texts from logs stay texts: no cell is a formula, and control characters are written out.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.writer.excel import ExcelWriter

from lamsach.i18n import Translate, counted, format_date, mark, translator
from lamsach.model import Action, Findings
from lamsach.results import words
from lamsach.results.safe import is_formula, visible
from lamsach.results.summary import figures, opening_facts, report_zone, searched_sentence, state_counts, verdict, zone_words

MAX_ROWS = 1_048_576
"""Rows of a sheet (ECMA-376; Excel specifications and limits)."""
MAX_TEXT = 32_767
"""Characters of a cell."""
_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
_TIME_FORMAT = "dd/mm/yyyy hh:mm:ss"
_HEADING = PatternFill("solid", fgColor="0B5C63")
Cells = Sequence[Any]


def write_xlsx(
    findings: Findings, stream: BinaryIO, language: str, reasons: Mapping[str, str], max_rows: int = MAX_ROWS
) -> None:
    """Write the workbook. Rows that do not fit into a sheet are counted in its last row, never dropped in silence."""
    book = Workbook(write_only=True)
    book.properties.creator = "Lamsach"
    book.properties.created = book.properties.modified = findings.parameters.finished.replace(tzinfo=None)
    book.properties.title = translator(language)("Machines to handle")
    sheets = _Sheets(book, findings, language, max_rows)
    _summary(sheets)
    _devices(sheets, reasons)
    _sightings(sheets)
    _evidence(sheets)
    _coverage(sheets)
    _not_read(sheets)
    with _TimelessZip(stream, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        ExcelWriter(book, archive).write_data()


class _Sheets:
    """The workbook under construction, with what all its sheets need."""

    def __init__(self, book: Workbook, findings: Findings, language: str, max_rows: int) -> None:
        self.book = book
        self.findings = findings
        self.language = language
        self.max_rows = max_rows
        self.translate: Translate = translator(language)
        self.zone: ZoneInfo = report_zone(findings)
        self.clock = zone_words(findings, language)

    def timed(self, heading: str) -> str:
        """A heading of a column of times, with their zone."""
        return f"{self.translate(heading)} ({self.clock})"

    def add(self, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Cells], total: int) -> None:
        """A sheet with a heading row that stays in view. `columns` are translated headings and widths in characters."""
        sheet = self.book.create_sheet(self.translate(title))
        sheet.freeze_panes = "A2"
        for place, (_, width) in enumerate(columns):
            sheet.column_dimensions[_letter(place)].width = width
        sheet.append([self._heading(sheet, text) for text, _ in columns])
        room = self.max_rows - 1 if total < self.max_rows else self.max_rows - 2
        for number, row in enumerate(rows):
            if number == room:
                one = mark("{count} more row does not fit into this sheet; it is in the findings bundle (.zip).")
                many = mark("{count} more rows do not fit into this sheet; they are in the findings bundle (.zip).")
                sheet.append([counted(total - room, one, many, self.language)])
                return
            sheet.append([self.cell(sheet, value) for value in row])

    def cell(self, sheet: Any, value: Any) -> Any:
        """A value as a cell: times on the report's clock, texts bounded, and never a formula."""
        if isinstance(value, datetime):
            cell = WriteOnlyCell(sheet, value.astimezone(self.zone).replace(tzinfo=None))
            cell.number_format = _TIME_FORMAT
            return cell
        if not isinstance(value, str):
            return value
        text = visible(value)
        if len(text) > MAX_TEXT:
            text = text[: MAX_TEXT - 1] + "…"
        if not is_formula(text) and not text.startswith("#"):
            return text
        cell = WriteOnlyCell(sheet, "")
        cell.value = text
        cell.data_type = "s"
        cell.quotePrefix = True  # what a typed apostrophe does: text for good, the value itself unchanged
        return cell

    def _heading(self, sheet: Any, text: str) -> Any:
        cell = WriteOnlyCell(sheet, text)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = _HEADING
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        return cell


def _letter(place: int) -> str:
    return chr(ord("A") + place)


def _summary(sheets: _Sheets) -> None:
    findings, language, translate = sheets.findings, sheets.language, sheets.translate
    sheet = sheets.book.create_sheet(translate("Summary"))
    sheet.column_dimensions["A"].width = 44
    sheet.column_dimensions["B"].width = 90
    title = WriteOnlyCell(sheet, translate("Machines to handle"))
    title.font = Font(bold=True, size=16)
    known = figures(findings)
    sheet.append([title])
    sheet.append([sheets.cell(sheet, searched_sentence(findings, language))])
    for text in (verdict(findings, known, translate), *_warnings(sheets)):
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


def _warnings(sheets: _Sheets) -> Iterator[str]:
    findings, language = sheets.findings, sheets.language
    if findings.partial:
        yield sheets.translate("The hunt was interrupted: this result is partial.")
    if findings.blind_days:
        yield counted(
            len(findings.blind_days),
            "{count} day of an observer is blind: it has no log, so nothing can be said of it.",
            "{count} days of observers are blind: they have no log, so nothing can be said of them.",
            language,
        )
    if findings.problems:
        one, many = mark("{count} input could not be read to its end."), mark("{count} inputs could not be read to their end.")
        yield counted(len(findings.problems), one, many, language)


def _devices(sheets: _Sheets, reasons: Mapping[str, str]) -> None:
    translate = sheets.translate
    columns = [
        (translate("State"), 18), (translate("Severity"), 12), (translate("Name"), 24), (translate("Address"), 18),
        ("MAC", 20), (translate("User"), 22), (translate("Department"), 34), (translate("Why"), 70),
        (translate("Contacts"), 11), (sheets.timed("First"), 21), (sheets.timed("Last"), 21),
        (translate("Addresses held"), 50), (translate("Key"), 28),
    ]  # fmt: skip
    rows = (
        (
            translate(words.STATES[device.state]), translate(words.SEVERITIES[device.severity]), device.name, device.ip,
            device.mac, device.user, device.department,
            " ".join(words.reason_text(reason, reasons, sheets.language) for reason in device.reasons),
            device.count, device.first, device.last,
            "; ".join(f"{held.ip} ({translate(words.KNOWN_BY.get(held.how, held.how))})" for held in device.addresses),
            device.key,
        )
        for device in sheets.findings.devices
    )  # fmt: skip
    sheets.add("Machines", columns, rows, len(sheets.findings.devices))


def _sightings(sheets: _Sheets) -> None:
    translate = sheets.translate
    names = {device.key: device.name or device.ip or device.key for device in sheets.findings.devices}
    columns = [
        (translate("No."), 8), (translate("Machine"), 26), (translate("Indicator"), 40), (translate("Kind"), 12),
        (translate("Threat"), 22), (translate("Direction"), 24), (translate("Match"), 20), (translate("Counted"), 20),
        (translate("Line format"), 14), (translate("Contacts"), 11), (translate("Allowed"), 12), (translate("Blocked"), 12),
        (translate("Not stated"), 12), (sheets.timed("First"), 21), (sheets.timed("Last"), 21), (translate("Key"), 28),
    ]  # fmt: skip
    rows = (
        (
            number, names.get(seen.device, seen.device), seen.indicator, translate(words.INDICATOR_TYPES[seen.indicator_type]),
            seen.threat, translate(words.ROLES[seen.role]), translate(words.MATCHES[seen.match]),
            translate(words.STATUSES[seen.status]), translate("unparsed") if seen.unparsed else translate("parsed"),
            seen.count, *(seen.actions.get(action, 0) for action in Action), seen.first, seen.last, seen.device,
        )
        for number, seen in enumerate(sheets.findings.sightings, 1)
    )  # fmt: skip
    sheets.add("Sightings", columns, rows, len(sheets.findings.sightings))


def _evidence(sheets: _Sheets) -> None:
    translate = sheets.translate
    columns = [
        (translate("Sighting no."), 12), (translate("Machine"), 26), (translate("Indicator"), 36),
        (translate("Time (UTC)"), 24), (translate("File"), 40), (translate("Line"), 10), (translate("Text of the line"), 120),
    ]  # fmt: skip
    rows = (
        (number, seen.device, seen.indicator, line.time, line.file, line.line, line.text)
        for number, seen in enumerate(sheets.findings.sightings, 1)
        for line in seen.evidence
    )
    sheets.add("Evidence", columns, rows, sum(len(seen.evidence) for seen in sheets.findings.sightings))


def _coverage(sheets: _Sheets) -> None:
    translate, findings = sheets.translate, sheets.findings
    columns = [
        (translate("Observer"), 26), (translate("Format"), 18), (translate("Day (UTC)"), 14), (translate("State"), 14),
        (translate("Lines"), 14), (translate("Parsed"), 14), (translate("Unparsed"), 14), (translate("Refused"), 12),
        (translate("Examined"), 12),
    ]  # fmt: skip

    def rows() -> Iterator[Cells]:
        for observer, day in findings.blind_days:
            yield observer, "", format_date(day), translate("blind"), 0, 0, 0, 0, 0
        for row in findings.coverage:
            day_text = format_date(row.day) if row.day else translate("no time")
            yield (row.observer, row.format, day_text, translate("has logs"), row.lines, row.parsed, row.unparsed, row.refused, row.sampled)

    sheets.add("Coverage", columns, rows(), len(findings.blind_days) + len(findings.coverage))


def _not_read(sheets: _Sheets) -> None:
    translate, findings = sheets.translate, sheets.findings
    columns = [
        (translate("What"), 22), (translate("Where"), 44), (translate("Page or sheet"), 10), (translate("Row or line"), 10),
        (translate("Value"), 44), (translate("Why"), 60), (translate("What to do"), 60),
    ]  # fmt: skip

    def rows() -> Iterator[Cells]:
        for problem in findings.problems:
            yield (translate("input"), problem.where, None, None, "", translate(problem.what), translate(problem.todo))
        for refusal in findings.list.refusals:
            place = refusal.reference
            yield (translate("indicator"), place.document, place.page, place.row, refusal.value, translate(refusal.reason), "")
        unlisted = findings.list.refused - len(findings.list.refusals)
        if unlisted > 0:
            one, many = mark("{count} further value was refused and is not listed."), mark("{count} further values were refused and are not listed.")
            yield (translate("indicator"), "", None, None, "", counted(unlisted, one, many, sheets.language), "")

    total = len(findings.problems) + len(findings.list.refusals) + (findings.list.refused > len(findings.list.refusals))
    sheets.add("Not read", columns, rows(), total)


class _TimelessZip(zipfile.ZipFile):
    """A zip whose entries all have the same time, so that the same findings give the same bytes."""

    def writestr(self, name: str | zipfile.ZipInfo, data: Any, *args: Any, **options: Any) -> None:
        """Add data under a name."""
        del args, options
        super().writestr(_entry(name if isinstance(name, str) else name.filename), data)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **options: Any) -> None:
        """Add a file under a name."""
        del args, options
        with Path(filename).open("rb") as source, self.open(_entry(arcname or filename), "w") as target:
            shutil.copyfileobj(source, target, 1 << 20)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _TIMESTAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
