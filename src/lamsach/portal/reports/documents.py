"""Report documents: a unit's report with appendix and annexes, the consolidated one, and a zip of all."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.files.storage import default_storage

from lamsach.i18n import format_date, format_number
from lamsach.letters.assessment import Evidence, assessment, contradictions, proposals, with_stated
from lamsach.letters.form import Figure, Filled, Form
from lamsach.letters.layout import report as lay_out
from lamsach.letters.model import Appendix, Column, Document, Head, Signature, Table
from lamsach.letters.output import writer_for
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.letterheads import heads
from lamsach.portal.reports.consolidation import Consolidation, Line
from lamsach.portal.reports.content import annexes_of, filled_form
from lamsach.portal.reports.figures import Scope, appendices, log_rows, state_rows
from lamsach.portal.reports.models import Report
from lamsach.runtime.file_names import safe_name

_NUMBER = Column("TT", 0.6, "center")
STATES: Mapping[str, str] = {
    "missing": "Chưa lập báo cáo",
    "draft": "Đang soạn",
    "submitted": "Chờ thủ trưởng phê duyệt",
    "returned": "Đã trả lại",
    "approved": "Đã phê duyệt, chưa gửi",
    "sent": "Đã gửi, chờ tiếp nhận",
    "frozen": "Đã tiếp nhận, chốt số liệu",
}
"""States as named in documents, which are Vietnamese in any interface language."""


def difference(report: Report) -> list[tuple[str, str, str]]:
    """Changes against the previous edition: label, before, now. Empty for the first."""
    if report.previous is None or report.previous.content is None:
        return []
    filled = filled_form(report)
    before: Mapping[str, Any] = report.previous.content
    old = {figure["key"]: figure["value"] for figure in before["figures"]}
    changes = []
    for row in filled.form.rows:
        figure = filled.figures.get(row.key)
        now = figure.value if figure else None
        if now != old.get(row.key):
            changes.append((row.label, _shown(old.get(row.key)), _shown(now)))
    for field in filled.form.fields:
        if field.key in before["texts"] and filled.texts.get(field.key, "") != before["texts"][field.key]:
            changes.append((field.label, before["texts"][field.key], filled.texts.get(field.key, "")))
    return changes


def _shown(value: int | None) -> str:
    return "" if value is None else format_number(value, "vi")


def _around(report: Report) -> tuple[Head, tuple[str, ...]]:
    """Letterhead and recipients, as submitted or current; number and day stay blank until stated."""
    sheet = report.as_submitted.get("letterhead") or heads.snapshot(heads.letterhead_of(report.unit))
    head = Head(
        issuer=sheet["body"],
        parent=sheet["parent"],
        number=report.number,
        symbol=report.symbol,
        place=report.place,
        day=report.day,
        year=report.as_of.year,
    )
    return head, tuple(sheet["copies"])


def document_of(report: Report) -> Document:
    """The unit's report by Decree 30, with its form as the first appendix."""
    parent = report.unit.parent
    remarks = [f"Lý do báo cáo chậm: {report.late_reason}" if report.late_reason else ""]
    if report.previous is not None:
        remarks.append(
            f"Báo cáo này thay thế báo cáo lần {report.edition - 1}. Nội dung đính chính: {report.correction}"
        )
    parts = report.as_submitted.get("parts", [])
    filled = filled_form(report)
    head, copies = _around(report)
    annexes = [
        *([_parts_annex(filled.form, parts)] if parts else []),
        *appendices(annexes_of(report)),
        *_difference_annex(report),
    ]
    return lay_out(
        filled,
        head,
        campaign=report.campaign.name,
        to=parent.name if parent else "",
        signature=Signature(report.position, report.signer, report.authority or ""),
        copies=copies,
        annexes=annexes,
        remarks=remarks,
    )


def _difference_annex(report: Report) -> list[Appendix]:
    changes = difference(report)
    if not changes:
        return []
    columns = (_NUMBER, Column("Nội dung", 1.8), Column("Đã báo cáo", 2.8), Column("Đính chính", 2.8))
    rows = tuple((str(number), *change) for number, change in enumerate(changes, 1))
    return [Appendix("NỘI DUNG ĐÍNH CHÍNH", "", (Table(columns, rows),))]


def _parts_annex(form: Form, parts: list[Mapping[str, Any]]) -> Appendix:
    """The accepted reports behind the figures, with the computed number of each overruled one."""
    rows = []
    for number, part in enumerate(parts, 1):
        figures = {figure["key"]: figure for figure in part["figures"]}
        values = tuple(_shown(figures.get(row.key, {}).get("value")) for row in form.rows)
        rows.append((str(number), part["name"], *values, _overruled(form, figures)))
    return _units_table("SỐ LIỆU THEO ĐƠN VỊ", form, rows)


def _overruled(form: Form, figures: Mapping[str, Mapping[str, Any]]) -> str:
    notes = []
    for number, row in enumerate(form.rows, 1):
        figure = figures.get(row.key, {})
        if figure.get("stated") is not None and figure.get("computed") is not None:
            notes.append(
                f"Dòng {number}: số theo hệ thống {_shown(figure['computed'])}; {figure.get('reason', '')}"
            )
    return "\n".join(notes)


def _units_table(title: str, form: Form, rows: list[tuple[str, ...]]) -> Appendix:
    columns = [_NUMBER, Column("Đơn vị", 3)]
    columns += [Column(f"Dòng {number}", 0.9, "center") for number, _ in enumerate(form.rows, 1)]
    caption = "; ".join(f"Dòng {number}: {row.label}" for number, row in enumerate(form.rows, 1))
    table = Table((*columns, Column("Ghi chú", 2.2)), tuple(rows), caption)
    return Appendix(title, "", (table,), landscape=len(form.rows) > 4)


def consolidated(scope: Scope, form: Form, result: Consolidation, filled: Filled | None = None) -> Document:
    """Consolidated report of the direct subordinates: accepted sums, by unit, late, missing, corrections."""
    figures = {row.key: Figure(computed=result.sums[row.key]) for row in form.rows}
    texts = _texts(scope, form, result, figures, filled)
    whole = Filled(form, {**texts, "unit": scope.unit.name}, figures, as_of=scope.day)
    annexes = [_units_table("SỐ LIỆU THEO ĐƠN VỊ", form, _lines(form, result))]
    if result.missing:
        annexes.append(_names("ĐƠN VỊ CHƯA CÓ BÁO CÁO ĐƯỢC TIẾP NHẬN", result.missing))
    if result.late:
        annexes.append(_names("ĐƠN VỊ BÁO CÁO CHẬM", result.late))
    if result.corrected:
        annexes.append(_corrections(result.corrected))
    annexes += appendices({"states": state_rows(scope), "coverage": log_rows(scope)})
    total, received = len(result.lines), len(result.lines) - len(result.missing)
    remarks = [
        f"Tính đến ngày {format_date(scope.day)}, đã tiếp nhận báo cáo của {received}/{total} "
        f"đơn vị trực thuộc. "
        "Số liệu nêu trên chỉ cộng các báo cáo đã được tiếp nhận.",
    ]
    if result.doubled:
        names = ", ".join(unit.name for unit in result.doubled[:20])
        remarks.append(
            f"Đơn vị thay đổi trực thuộc trong kỳ, có trong hai báo cáo, chỉ tính một lần: {names}."
        )
    if result.between:
        names = ", ".join(unit.name for unit in result.between[:20])
        remarks.append(f"Đơn vị thay đổi trực thuộc trong kỳ, chưa có trong báo cáo nào: {names}.")
    parent, head = scope.unit.parent, heads.letterhead_of(scope.unit)
    return lay_out(
        whole,
        heads.head(scope.unit, symbol=heads.symbol(head, heads.REPORT), year=scope.day.year, given=head),
        campaign=scope.campaign.name,
        to=parent.name if parent else "",
        signature=heads.signature(head),
        copies=heads.copies(head),
        annexes=annexes,
        remarks=remarks,
    )


def _texts(
    scope: Scope, form: Form, result: Consolidation, figures: Mapping[str, Figure], filled: Filled | None
) -> dict[str, str]:
    """Draft texts from accepted and missing reports; prefer the unit's own if they contradict nothing."""
    computed = Evidence(
        unit=scope.unit.name,
        campaign=scope.campaign.name,
        day=scope.day,
        missing_reports=len(result.missing),
        unsearched=find_unsearched(scope.campaign, scope.unit.pk, scope.day).count,
    )
    evidence = with_stated(computed, form, figures)
    own = dict(filled.texts) if filled else {}
    wrong = any(contradictions(text, evidence) for text in own.values())
    return {"assessment": assessment(evidence), "proposals": proposals(evidence), **({} if wrong else own)}


def _lines(form: Form, result: Consolidation) -> list[tuple[str, ...]]:
    rows = []
    for number, line in enumerate(result.lines, 1):
        values = tuple(_shown(line.values.get(row.key)) for row in form.rows)
        submitted = line.accepted.submitted_figures if line.accepted else []
        figures = {figure["key"]: figure for figure in submitted}
        note = _overruled(form, figures) if line.accepted else "Chưa có báo cáo được tiếp nhận"
        rows.append((str(number), line.unit.name, *values, note))
    sums = tuple(_shown(result.sums[row.key]) for row in form.rows)
    if any(result.surplus.values()):
        deducted = tuple(
            f"-{_shown(value)}" if (value := result.surplus[row.key]) else "0" for row in form.rows
        )
        rows.append(("", "Trừ phần tính trùng", *deducted, "Đơn vị thay đổi trực thuộc trong kỳ"))
    return [*rows, ("", "Tổng số (các báo cáo đã tiếp nhận)", *sums, "")]


def _names(title: str, lines: list[Line]) -> Appendix:
    columns = (
        _NUMBER,
        Column("Đơn vị", 3.5),
        Column("Thời hạn", 1.5, "center"),
        Column("Tình trạng", 2.2),
        Column("Lý do", 2),
    )
    rows = tuple(
        (
            str(number),
            line.unit.name,
            format_date(line.due),
            STATES[line.state],
            line.newest.late_reason if line.newest else "",
        )
        for number, line in enumerate(lines, 1)
    )
    return Appendix(title, "", (Table(columns, rows),))


def _corrections(lines: list[Line]) -> Appendix:
    columns = (_NUMBER, Column("Đơn vị", 3), Column("Lần", 0.7, "center"), Column("Nội dung, lý do", 4))
    rows = tuple(
        (str(number), line.unit.name, str(line.accepted.edition), line.accepted.correction)
        for number, line in enumerate(lines, 1)
        if line.accepted
    )
    return Appendix("BÁO CÁO ĐÍNH CHÍNH", "", (Table(columns, rows),))


def report_facts(report: Report) -> dict[str, Any]:
    """The report's own data in its JSON."""
    return {
        "campaign": report.campaign.name,
        "unit_code": report.unit.code,
        "edition": report.edition,
        "as_of": report.as_of.isoformat(),
        "state": report.state,
        "late_reason": report.late_reason,
        "correction": report.correction,
        "digest": report.digest,
    }


def render(document: Document, filled: Filled, kind: str, facts: Mapping[str, Any] | None = None) -> bytes:
    """The document in one of KINDS. `facts`: the report's own data, for JSON."""
    if kind == "json":
        from lamsach.letters.json_ import to_json

        return to_json(filled, facts)
    from lamsach.letters.output import writer_for

    return writer_for(f".{kind}")(document)


_UNSAFE = re.compile(r"[^A-Za-z0-9.-]")


class _Sink:
    """Unseekable target of a zip; buffers bytes until they are sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Buffer bytes."""
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def drain(self) -> bytes:
        """Remove and return the buffered bytes."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


def zip_reports(document: Document, result: Consolidation) -> Iterator[bytes]:
    """Zip the consolidated report as DOCX, PDF and XLSX with each accepted report, its JSON and scan."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for kind in ("docx", "pdf", "xlsx"):
            archive.writestr(f"tong-hop.{kind}", writer_for(f".{kind}")(document))
            yield sink.drain()
        for line in result.lines:
            if line.accepted is None:
                continue
            part = Report.objects.select_related("campaign", "unit__parent", "form", "previous").get(
                pk=line.accepted.pk
            )
            stem = f"don-vi/{_UNSAFE.sub('_', part.unit.code)}-lan-{part.edition}"
            filled, paper = filled_form(part), document_of(part)
            for kind in ("pdf", "json"):
                archive.writestr(f"{stem}.{kind}", render(paper, filled, kind, report_facts(part)))
            if part.scan_path and default_storage.exists(part.scan_path):
                with default_storage.open(part.scan_path, "rb") as file:
                    archive.writestr(f"{stem}-{safe_name(part.scan_name)}", file.read())
            yield sink.drain()
    yield sink.drain()
