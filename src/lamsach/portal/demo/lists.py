"""The demo's list: an annex, decisions, signed versions, a source, outlets, feedback. Invented."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.files import File
from django.core.files.base import ContentFile
from django.utils import timezone

from lamsach.indicators.review.decisions import Choice
from lamsach.portal.accounts.models import User
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.jobs.models import Job
from lamsach.portal.lists import decisions, documents, feedback, outlets, releases, versions
from lamsach.portal.lists.models import Document, Doubt, FeedbackKind, KeptList, Origin
from lamsach.portal.units.models import Membership, Unit

if TYPE_CHECKING:
    from lamsach.portal.demo.ministry import Filled


NAME = "Danh sách của chiến dịch"
ADDED = (
    "# Công văn bổ sung 27/CNTT-KTHT\n198.51.100.201 # Mozi\nbo-sung-mot.example # "
    "RedLine\nhttps://bo-sung-hai.example/tai/tep.exe # Qakbot\n"
    "5d41402abc4b2a76b9719d911017c592 # Qakbot\n"
)
WAITING = (
    "# Nguồn chia sẻ hằng ngày\n8.8.8.8 # máy chủ DNS dùng chung\nmay-cua-toi.duckdns.org # "
    "Remcos\ndrive.google.com # phát tán tệp\nmof.gov.vn # nhầm\n"
    "203.0.113.0/24 # dải quét\nv\u00edetnam-bank.example # giả mạo\n"
)


def fill_lists(annex: Path, filled: Filled) -> KeptList:
    """Fill the pages of lists, as the coordinator and the units would by their work."""
    leader = User.objects.get(email=filled.people["coordinator"])
    officer = User.objects.get(email=filled.people["officer"])
    ministry = Membership.objects.get(user=leader).unit
    kept = KeptList.objects.create(unit=ministry, name=NAME, own="bo.example", days=180, created_by=leader)
    with annex.open("rb") as file:
        _read(documents.add(kept, File(file), "phu-luc.xlsx", leader))
    _accept(kept, leader, "Đã đối chiếu với công văn 05/CNTT-KTHT")
    _version(kept, leader, "Theo phụ lục công văn 05/CNTT-KTHT")
    _read(documents.add(kept, ContentFile(ADDED.encode(), "bo-sung.txt"), "bo-sung.txt", leader))
    _accept(kept, leader, "Đã đối chiếu với công văn bổ sung")
    _version(kept, leader, "Bổ sung theo công văn 27/CNTT-KTHT")
    _source(kept)
    newest = versions.latest(kept)
    if newest is not None:
        releases.give(newest, Campaign.objects.get(), leader)
    for name, writer in (("Tường lửa trụ sở", "edl"), ("Máy chủ DNS nội bộ", "rpz")):
        outlets.issue(kept, leader, name=name, writer=writer, tlp="amber", confidence=0, part=131_072)
    _said(Membership.objects.get(user=officer).unit)
    return kept


def _read(document: Document) -> None:
    """Read at once, so that nobody who opens the demo waits for the worker."""
    documents.read(document.pk)
    Job.objects.filter(name="lists.read", arguments__document_id=document.pk).delete()


def _accept(kept: KeptList, by: User, reason: str) -> None:
    waiting = list(Doubt.objects.filter(list=kept, decided=None).values_list("type", "value"))
    if waiting:
        decisions.decide(by, kept, waiting, Choice.ACCEPT, reason)


def _version(kept: KeptList, by: User, note: str) -> None:
    releases.release(kept.pk, note, by)


def _source(kept: KeptList) -> None:
    """A source that was fetched this morning; what is dangerous and doubtful in it waits in the queue."""
    now = timezone.now()
    origin = Origin.objects.create(
        list=kept,
        name="Nguồn chia sẻ hằng ngày",
        url="https://chia-se.example/danh-sach.txt",
        active=False,
        tried=now - timedelta(hours=3),
        fetched=now - timedelta(hours=3),
    )
    _read(documents.add(kept, ContentFile(WAITING.encode(), "danh-sach.txt"), "danh-sach.txt", None, origin))


def _said(unit: Unit) -> None:
    feedback.say(unit, "bo-sung-mot.example", FeedbackKind.SEEN, count=3, note="3 máy, đã cách ly")
    feedback.say(unit, "198.51.100.201", FeedbackKind.FALSE, note="Địa chỉ này nay là của một trường học")
