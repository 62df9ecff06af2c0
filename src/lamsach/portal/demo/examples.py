"""Documents of the demo's ministry for `docs/examples/`, made by the portal on a fixed day.

python -m lamsach.portal.demo.examples docs/examples

A file whose words are still the same is left as it is, so that only what changed shows.
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
"""The day on which the invented campaign began."""
DAY = START + timedelta(days=67)
"""The day of the documents: a week after the units' deadline."""
REPORTING, LATE, OVERRULED, CORRECTED = 22, 4, 6, 8
"""Units that reported; the numbers of a late one, an overruled one, a corrected one."""
_WORDS = re.compile(rb"<w:t(?: [^>]*)?>([^<]*)</w:t>")


def make() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each document from an empty portal, which is filled."""
    from lamsach.portal.campaigns.models import Campaign
    from lamsach.portal.demo import ministry

    ministry.fill(start=START)
    campaign = Campaign.objects.select_related("owner__parent", "form").get()
    reports = _reports(campaign)
    yield from _report(reports[0])
    yield from _report(reports[CORRECTED], "bao-cao-dinh-chinh")
    yield from _rest(campaign)


def _reports(campaign: Campaign) -> list[Report]:
    from lamsach.portal.accounts.models import User
    from lamsach.portal.reports import drafts
    from lamsach.portal.reports.content import drafted
    from lamsach.portal.reports.models import Figure, Report
    from lamsach.portal.units.models import Unit

    by = User.objects.order_by("pk").first()
    made = []
    for number, unit in enumerate(Unit.objects.filter(parent=campaign.owner).order_by("code")[:REPORTING]):
        found = drafts.begin(campaign, unit, by, DAY - timedelta(days=9))
        named: dict[str, Any] = {}
        if number == LATE:
            named["late_reason"] = "Nhật ký của chi nhánh được gửi về sau thời hạn."
        if number == OVERRULED:
            Figure.objects.filter(report=found, key="deployed").update(
                stated=5, reason="Một phòng báo cáo trên giấy."
            )
            Report.objects.filter(pk=found.pk).update(texts={**found.texts, **drafted(found)})
        Report.objects.filter(pk=found.pk).update(number=7 + number, day=DAY - timedelta(days=8), **named)
        _finish(found, by, DAY - timedelta(days=1 if number == LATE else 8))
        if number == CORRECTED:
            found = drafts.correct(found, by, "Báo cáo lần trước thiếu một phòng.", DAY)
            Figure.objects.filter(report=found, key="informed").update(
                stated=5, reason="Đã đối chiếu với sổ công văn."
            )
            Report.objects.filter(pk=found.pk).update(texts={**found.texts, **drafted(found)})
            _finish(found, by, DAY)
        made.append(
            Report.objects.select_related("campaign", "unit__parent", "form", "previous").get(pk=found.pk)
        )
    return made


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
    from lamsach.portal.reports.documents import about, document_of, written

    document, filled = document_of(report), filled_form(report)
    for kind in ("docx", "pdf", "xlsx", "json"):
        yield f"{stem}.{kind}", written(document, filled, kind, about(report))


def _rest(campaign: Campaign) -> Iterator[tuple[str, bytes]]:
    from lamsach.letters.form import Filled, parse_form
    from lamsach.letters.layout import blank
    from lamsach.portal.campaigns.models import Dispatch
    from lamsach.portal.reports import papers
    from lamsach.portal.reports.consolidation import consolidate
    from lamsach.portal.reports.documents import consolidated
    from lamsach.portal.reports.figures import Scope

    form = parse_form(campaign.form.definition)
    scope = Scope(campaign, campaign.owner, DAY)
    taken = consolidate(form, scope)
    dispatch = Dispatch.objects.get(parent=None)
    reminder = papers.reminder_paper(campaign, campaign.owner, taken.lines, DAY)
    assert reminder is not None
    yield from _written("mau-bao-cao", blank(Filled(form)), ("docx", "xlsx"))
    yield from _written("cong-van", papers.dispatch_paper(dispatch), ("docx", "pdf"))
    yield from _written("bao-cao-tong-hop", consolidated(scope, form, taken), ("docx", "pdf", "xlsx"))
    yield from _written("cong-van-don-doc", reminder, ("docx", "pdf"))
    yield from _written("bien-ban", _minutes(campaign), ("docx", "pdf"))


def _minutes(campaign: Campaign) -> Document:
    from lamsach.letters.minutes import Cleaning, Contact, Done, minutes
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
            Done(
                START + timedelta(days=19),
                "Cô lập máy khỏi mạng, rà quét bằng công cụ của chiến dịch",
                "Cán bộ 02",
            ),
            Done(cleaned, "Đã làm sạch: cách ly 02 tệp, gỡ phần mềm bẻ khóa", "Cán bộ 02"),
            Done(cleaned + timedelta(days=7), "Đã xác minh: đủ ngày có nhật ký và không có kết nối"),
        ],
        state="verified",
        quiet=7,
        needed=7,
        person="Cán bộ 07",
        handler="Cán bộ 02",
    )
    day = cleaned + timedelta(days=8)
    kept = heads.letterhead_of(unit)
    head = heads.head(unit, symbol=heads.symbol(kept, heads.MINUTES), day=day, given=kept)
    return minutes(cleaning, head, day, position=kept.position, signer=kept.signer)


def _written(stem: str, document: Document, kinds: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    from lamsach.letters.output import writer_for

    for kind in kinds:
        yield f"{stem}.{kind}", writer_for(f".{kind}")(document)


def said(name: str, content: bytes) -> str:
    """The words of a document, independent of its bytes: they tell a stale one from a fresh one."""
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
    """Write what is missing or says something else, drop what is made no more; the names of what changed."""
    made = dict(make())
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, content in made.items():
        path = folder / name
        if not path.exists() or said(name, path.read_bytes()) != said(name, content):
            path.write_bytes(content)
            changed.append(name)
    for path in folder.iterdir():
        if path.suffix != ".md" and path.name not in made:
            path.unlink()
            changed.append(path.name)
    return changed


def main() -> None:
    """Write the documents into the folder that the command line names."""
    from lamsach.portal.server import prepare, start

    with tempfile.TemporaryDirectory() as data:
        start(Path(data))
        prepare()
        write(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
