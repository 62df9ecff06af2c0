"""Documents of the demo's ministry for `docs/examples/`, created by the portal on a fixed day.

python -m lamsach.portal.demo.examples docs/examples

A file whose text is unchanged is not rewritten.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lamsach.letters.model import Document
    from lamsach.portal.campaigns.models import Campaign
    from lamsach.portal.reports.models import Report


START = date(2026, 8, 24)
"""First day of the invented campaign."""
DAY = START + timedelta(days=67)
"""Date of the documents: a week after the units' deadline."""
REPORTING, LATE, OVERRULED, CORRECTED = 22, 4, 6, 8
"""Count of reporting units; numbers of the units with a late, an overruled and a corrected report."""
_WORDS = re.compile(rb"<w:t(?: [^>]*)?>([^<]*)</w:t>")


def make() -> Iterator[tuple[str, bytes]]:
    """Fill an empty portal and yield name and content of each document."""
    from lamsach.portal.campaigns.models import Campaign
    from lamsach.portal.demo import ministry

    ministry.fill(start=START)
    campaign = Campaign.objects.select_related("owner__parent", "form").get()
    reports = _reports(campaign)
    yield from _report(reports[0])
    yield from _report(reports[CORRECTED], "bao-cao-dinh-chinh")
    yield from _papers(campaign)


def _reports(campaign: Campaign) -> list[Report]:
    from lamsach.portal.accounts.models import User
    from lamsach.portal.reports import drafts
    from lamsach.portal.reports.content import drafted_texts
    from lamsach.portal.reports.models import Figure, Report
    from lamsach.portal.units.models import Unit

    by = User.objects.order_by("pk").first()
    reports = []
    for number, unit in enumerate(Unit.objects.filter(parent=campaign.owner).order_by("code")[:REPORTING]):
        report = drafts.begin(campaign, unit, by, DAY - timedelta(days=9))
        fields: dict[str, Any] = {}
        if number == LATE:
            fields["late_reason"] = "Nhật ký của chi nhánh được gửi về sau thời hạn."
        if number == OVERRULED:
            Figure.objects.filter(report=report, key="deployed").update(
                stated=5, reason="Một phòng báo cáo trên giấy."
            )
            Report.objects.filter(pk=report.pk).update(texts={**report.texts, **drafted_texts(report)})
        Report.objects.filter(pk=report.pk).update(number=7 + number, day=DAY - timedelta(days=8), **fields)
        _finish(report, by, DAY - timedelta(days=1 if number == LATE else 8))
        if number == CORRECTED:
            report = drafts.correct(report, by, "Báo cáo lần trước thiếu một phòng.", DAY)
            Figure.objects.filter(report=report, key="informed").update(
                stated=5, reason="Đã đối chiếu với sổ công văn."
            )
            Report.objects.filter(pk=report.pk).update(texts={**report.texts, **drafted_texts(report)})
            _finish(report, by, DAY)
        reports.append(
            Report.objects.select_related("campaign", "unit__parent", "form", "previous").get(pk=report.pk)
        )
    return reports


def _finish(report: Report, by: Any, day: date) -> None:
    from django.utils import timezone

    from lamsach.portal.reports.chain import Action, take
    from lamsach.portal.reports.content import freeze
    from lamsach.portal.reports.models import Report

    report.refresh_from_db()
    for action in (Action.SUBMIT, Action.APPROVE, Action.SEND):
        take(report, action, by, freeze=freeze if action == Action.SUBMIT else None)
    moment = timezone.make_aware(datetime.combine(day, time(9)))
    Report.objects.filter(pk=report.pk).update(sent=moment)
    take(report, Action.ACCEPT, by)
    report.refresh_from_db()


def _report(report: Report, stem: str = "bao-cao-don-vi") -> Iterator[tuple[str, bytes]]:
    from lamsach.portal.reports.content import filled_form
    from lamsach.portal.reports.documents import document_of, render, report_facts

    document, filled = document_of(report), filled_form(report)
    for kind in ("docx", "pdf", "xlsx", "json"):
        yield f"{stem}.{kind}", render(document, filled, kind, report_facts(report))


def _papers(campaign: Campaign) -> Iterator[tuple[str, bytes]]:
    from lamsach.letters.form import Filled, parse_form
    from lamsach.letters.layout import blank
    from lamsach.portal.campaigns.models import Dispatch
    from lamsach.portal.reports import papers
    from lamsach.portal.reports.consolidation import consolidate
    from lamsach.portal.reports.documents import consolidated
    from lamsach.portal.reports.figures import Scope

    form = parse_form(campaign.form.definition)
    scope = Scope(campaign, campaign.owner, DAY)
    consolidation = consolidate(form, scope)
    dispatch = Dispatch.objects.get(parent=None)
    reminder = papers.reminder_paper(campaign, campaign.owner, consolidation.lines, DAY)
    assert reminder is not None
    yield from _written("mau-bao-cao", blank(Filled(form)), ("docx", "xlsx"))
    yield from _written("cong-van", papers.dispatch_paper(dispatch), ("docx", "pdf"))
    yield from _written("bao-cao-tong-hop", consolidated(scope, form, consolidation), ("docx", "pdf", "xlsx"))
    yield from _written("cong-van-don-doc", reminder, ("docx", "pdf"))
    yield from _written("bien-ban", _minutes(campaign), ("docx", "pdf"))


def _minutes(campaign: Campaign) -> Document:
    from lamsach.letters.minutes import Cleaning, CleaningStep, Contact, minutes
    from lamsach.portal.letterheads import heads

    unit = campaign.owner.children.order_by("code")[0]
    cleaned = START + timedelta(days=20)
    cleaning = Cleaning(
        number="M000012",
        campaign=campaign.name,
        facts=[
            ("Tên máy", "PC-TONGHOP-07"),
            ("Địa chỉ IP", "192.0.2.17"),
            ("Địa chỉ MAC", "02:00:5e:10:00:17"),
            ("Phòng, ban", "Phòng Tổng hợp"),
        ],
        contacts=[
            Contact("bot-c2.xyz", "Andromeda", 1128, START + timedelta(days=3), START + timedelta(days=18)),
            Contact("203.0.113.66", "Mirai", 3, START + timedelta(days=9), START + timedelta(days=9)),
        ],
        done=[
            CleaningStep(
                START + timedelta(days=19),
                "Cô lập máy khỏi mạng, rà quét bằng công cụ của chiến dịch",
                "Cán bộ 02",
            ),
            CleaningStep(cleaned, "Đã làm sạch: cách ly 02 tệp, gỡ phần mềm bẻ khóa", "Cán bộ 02"),
            CleaningStep(cleaned + timedelta(days=7), "Đã xác minh: đủ ngày có nhật ký và không có kết nối"),
        ],
        state="verified",
        quiet=7,
        needed=7,
        person="Cán bộ 07",
        handler="Cán bộ 02",
    )
    day = cleaned + timedelta(days=8)
    letterhead = heads.letterhead_of(unit)
    head = heads.head(unit, symbol=heads.symbol(letterhead, heads.MINUTES), day=day, given=letterhead)
    return minutes(cleaning, head, day, position=letterhead.position, signer=letterhead.signer)


def _written(stem: str, document: Document, kinds: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    from lamsach.letters.output import writer_for

    for kind in kinds:
        yield f"{stem}.{kind}", writer_for(f".{kind}")(document)


def text_content(name: str, content: bytes) -> str:
    """Extract a document's text, which is independent of its bytes, to detect changes."""
    if name.endswith(".pdf"):
        import pypdf

        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))
    if name.endswith(".docx"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return b"\n".join(_WORDS.findall(archive.read("word/document.xml"))).decode()
    if name.endswith(".xlsx"):
        import openpyxl

        book = openpyxl.load_workbook(io.BytesIO(content))
        return "\n".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    return content.decode()


def write(folder: Path) -> list[str]:
    """Write missing and changed documents, delete obsolete ones; return their names."""
    documents = dict(make())
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, content in documents.items():
        path = folder / name
        if not path.exists() or text_content(name, path.read_bytes()) != text_content(name, content):
            path.write_bytes(content)
            changed.append(name)
    for path in folder.iterdir():
        if path.suffix != ".md" and path.name not in documents:
            path.unlink()
            changed.append(path.name)
    return changed


def main() -> None:
    """Write the documents into the folder given on the command line."""
    from lamsach.portal.server import prepare, start

    with tempfile.TemporaryDirectory() as data:
        start(Path(data))
        prepare()
        write(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
