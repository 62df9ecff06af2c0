"""Demo list: an annex, decisions, signed versions, a source, outlets, feedback."""

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
    """Create the demo's list and its history, as by the coordinator and a unit."""
    leader = User.objects.get(email=filled.people["coordinator"])
    officer = User.objects.get(email=filled.people["officer"])
    ministry = Membership.objects.get(user=leader).unit
    list_ = KeptList.objects.create(unit=ministry, name=NAME, own="bo.example", days=180, created_by=leader)
    with annex.open("rb") as file:
        _read(documents.add(list_, File(file), "phu-luc.xlsx", leader))
    _accept(list_, leader, "Đã đối chiếu với công văn 05/CNTT-KTHT")
    _version(list_, leader, "Theo phụ lục công văn 05/CNTT-KTHT")
    _read(documents.add(list_, ContentFile(ADDED.encode(), "bo-sung.txt"), "bo-sung.txt", leader))
    _accept(list_, leader, "Đã đối chiếu với công văn bổ sung")
    _version(list_, leader, "Bổ sung theo công văn 27/CNTT-KTHT")
    _source(list_)
    newest = versions.latest(list_)
    if newest is not None:
        releases.add_to_campaign(newest, Campaign.objects.get(), leader)
    for name, writer in (("Tường lửa trụ sở", "edl"), ("Máy chủ DNS nội bộ", "rpz")):
        outlets.issue(list_, leader, name=name, writer=writer, tlp="amber", confidence=0, part=131_072)
    _feedback(Membership.objects.get(user=officer).unit)
    return list_


def _read(document: Document) -> None:
    """Read a document without waiting for the worker."""
    documents.read(document.pk)
    Job.objects.filter(name="lists.read", arguments__document_id=document.pk).delete()


def _accept(list_: KeptList, by: User, reason: str) -> None:
    doubts = list(Doubt.objects.filter(list=list_, decided=None).values_list("type", "value"))
    if doubts:
        decisions.decide(by, list_, doubts, Choice.ACCEPT, reason)


def _version(list_: KeptList, by: User, note: str) -> None:
    releases.release(list_.pk, note, by)


def _source(list_: KeptList) -> None:
    """Add a source fetched three hours ago, whose dangerous and doubtful values are in the review queue."""
    now = timezone.now()
    origin = Origin.objects.create(
        list=list_,
        name="Nguồn chia sẻ hằng ngày",
        url="https://chia-se.example/danh-sach.txt",
        active=False,
        tried=now - timedelta(hours=3),
        fetched=now - timedelta(hours=3),
    )
    _read(documents.add(list_, ContentFile(WAITING.encode(), "danh-sach.txt"), "danh-sach.txt", None, origin))


def _feedback(unit: Unit) -> None:
    feedback.submit(unit, "bo-sung-mot.example", FeedbackKind.SEEN, count=3, note="3 máy, đã cách ly")
    feedback.submit(unit, "198.51.100.201", FeedbackKind.FALSE, note="Địa chỉ này nay là của một trường học")
