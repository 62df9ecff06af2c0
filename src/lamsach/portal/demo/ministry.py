"""An invented ministry: an authority, 30 units, 120 under them, a campaign.

Every name, number and address is fictitious; e-mail addresses end in `.example`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.core.files import File
from django.db import transaction

from lamsach.portal.accounts.models import User
from lamsach.portal.awareness import letters
from lamsach.portal.awareness.models import ConfirmedHow, Notice, Person
from lamsach.portal.base import links
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.models import Campaign, Dispatch, How, Participation, Recipient, StepKind
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.letterheads.models import Letterhead
from lamsach.portal.public.models import Tool
from lamsach.portal.support import desk
from lamsach.portal.support.models import Article, CannedAnswer, Question
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership, Unit

KINDS = ("Cục", "Vụ", "Viện", "Trung tâm", "Ban Quản lý")
HEADS = ("Cục trưởng", "Vụ trưởng", "Viện trưởng", "Giám đốc", "Trưởng ban")
FIELDS = (
    "Thông tin và Dữ liệu",
    "Tiêu chuẩn",
    "Ứng dụng Công nghệ",
    "Hợp tác",
    "Kế hoạch",
    "Đo lường",
    "Năng lượng",
    "Khoa học Biển",
    "Phát triển Nông thôn",
    "Đào tạo",
)
ROOMS = ("Văn phòng", "Phòng Kỹ thuật", "Phòng Tổng hợp", "Chi nhánh miền Nam")


@dataclass(frozen=True, slots=True)
class Filled:
    """Log-ins of the demo: e-mail by role, and the common password."""

    people: dict[str, str]
    password: str


@transaction.atomic
def fill(seed: int = 2022, start: date | None = None) -> Filled:
    """Fill an empty portal; `start`: the campaign's first day (default: 40 days ago)."""
    chance = random.Random(seed)  # noqa: S311 - makes up names, not keys
    start = start or tree.today() - timedelta(days=40)
    authority = tree.create("Z01", "Cơ quan điều phối (minh họa)", None, start, email="dieuphoi@z01.example")
    ministry = tree.create(
        "Z01.01",
        "Bộ Minh họa",
        authority,
        start,
        contact_name="Phòng Kỹ thuật hạ tầng",
        contact_phone="024.0000.0000",
        email="hotro@bo.example",
    )
    units = tree.create_many([_unit(ministry, n, chance) for n in range(1, 31)], start)
    rooms = tree.create_many(
        [
            Unit(
                code=f"{unit.code}.{n:02d}",
                name=f"{name}, {unit.name}",
                parent=unit,
                email=f"p{n}.{unit.code.lower()}@bo.example",
            )
            for unit in units
            for n, name in enumerate(ROOMS, 1)
        ],
        start,
    )
    _letterheads(ministry, units)
    filled = _people(authority, ministry, units[0])
    leader = User.objects.get(email=filled.people["coordinator"])
    campaign = _campaign(ministry, start)
    dispatch = _dispatch(campaign, ministry, leader, None, start)
    for unit in units[:24]:
        _dispatch(campaign, unit, leader, dispatch, start + timedelta(days=3))
    _answers(campaign, chance, start)
    _odds(ministry, units[0])
    _aware(campaign, units[0], User.objects.get(email=filled.people["officer"]), chance)
    assert len(rooms) == 120
    return filled


def _unit(parent: Unit, number: int, chance: random.Random) -> Unit:
    name = f"{KINDS[number % len(KINDS)]} {FIELDS[number * 7 % len(FIELDS)]}"
    if number > len(FIELDS):
        name += f" {'I' * (1 + (number - 1) // len(FIELDS))}"
    mail = f"vanthu{number:02d}@bo.example" if chance.random() > 0.08 else ""
    return Unit(
        code=f"{parent.code}.{number:02d}",
        name=name,
        parent=parent,
        contact_name=f"Cán bộ đầu mối {number:02d}",
        contact_phone=f"024.0000.{number:04d}",
        email=mail,
    )


def _letterheads(ministry: Unit, units: list[Unit]) -> None:
    letterheads = [
        Letterhead(
            unit=ministry,
            no_parent=True,
            place="Hà Nội",
            abbreviation="BMH",
            office="KTHT",
            authority="KT. Bộ trưởng",
            position="Thứ trưởng",
            signer="Nguyễn Văn Minh Họa",
            copies="Bộ trưởng (để b/c)\nCổng thông tin điện tử Bộ Minh họa",
            address="Số 1 phố Minh họa, Hà Nội. Điện thoại: 024.0000.0000. Thư điện tử: hotro@bo.example",
        )
    ]
    for number, unit in enumerate(units, 1):
        initials = "".join(word[0] for word in unit.name.split() if word[0].isupper())
        letterheads.append(
            Letterhead(
                unit=unit,
                place="Hà Nội",
                abbreviation=initials,
                office="VP",
                position=HEADS[number % len(KINDS)],
                signer="Nguyễn Văn Minh Họa",
            )
        )
    Letterhead.objects.bulk_create(letterheads)


def _people(authority: Unit, ministry: Unit, unit: Unit) -> Filled:
    password = links.nonce()
    hashed = make_password(password)
    people = {}
    for role, place, name in (
        (Role.ADMINISTRATOR, authority, "Quản trị Minh họa"),
        (Role.AUTHORITY, authority, "Chủ trì Minh họa"),
        (Role.COORDINATOR, ministry, "Điều phối Minh họa"),
        (Role.OFFICER, unit, "Phụ trách Minh họa"),
        (Role.READER, ministry, "Người xem Minh họa"),
        (Role.HELPER, ministry, "Hỗ trợ Minh họa"),
    ):
        user = User.objects.create(email=f"{role.value}@demo.example", name=name, password=hashed)
        Membership.objects.create(user=user, unit=place, role=role)
        people[role.value] = user.email
    return Filled(people, password)


def _campaign(owner: Unit, start: date) -> Campaign:
    return Campaign.objects.create(
        name=f"Chiến dịch làm sạch mã độc trên không gian mạng năm {start.year}",
        owner=owner,
        summary="Rà quét, bóc gỡ mã độc trên máy tính của cơ quan và cá nhân; không dùng phần mềm bẻ khóa.",
        goals="Mọi đơn vị nhận được thông tin và triển khai.\nMọi máy kết nối đến địa chỉ độc hại "
        "được xử lý.",
        starts=start,
        ends=start + timedelta(days=75),
        acknowledge_due=start + timedelta(days=10),
        deploy_due=start + timedelta(days=38),
        report_due=start + timedelta(days=60),
        form=default_form(),
    )


def _dispatch(campaign: Campaign, issuer: Unit, by: User, parent: Dispatch | None, day: date) -> Dispatch:
    dispatch = Dispatch.objects.create(
        campaign=campaign,
        issuer=issuer,
        parent=parent,
        number="" if parent else "05/CNTT-KTHT",
        day=day,
        subject="V/v triển khai chiến dịch làm sạch mã độc trên không gian mạng",
        body="Đề nghị các đơn vị trực thuộc thực hiện theo công văn kèm theo."
        if parent
        else "Đề nghị Quý đơn vị:\n\n1. Phát động chiến dịch đến toàn bộ đơn vị trong phạm vi quản lý.\n"
        "2. Giám sát, kiểm tra và xử lý các máy tính kết nối đến địa chỉ độc hại.\n3. Báo cáo "
        "kết quả trước thời hạn.",
        deadline=campaign.report_due - timedelta(days=3 if parent else 0),
        created_by=by,
        once=links.nonce(),
    )
    dispatches.send(dispatch, by)
    return dispatch


def _answers(campaign: Campaign, chance: random.Random, start: date) -> None:
    Participation.objects.filter(campaign=campaign).update(sent_on=start)
    copies = Recipient.objects.filter(dispatch__campaign=campaign).select_related("unit", "dispatch")
    for copy in copies.order_by("pk"):
        luck = chance.random()
        day = start + timedelta(days=chance.randrange(1, 30))
        if luck < 0.5:
            dispatches.take(
                copy, StepKind.DEPLOYED, how=How.PAPER, day=day, who="Văn thư", note="Đã rà quét các máy."
            )
        elif luck < 0.75:
            dispatches.take(copy, StepKind.ACKNOWLEDGED, how=How.LINK, day=day, who="Văn thư")
        elif luck < 0.85:
            dispatches.take(copy, StepKind.OPENED, how=How.PORTAL, day=day, who="Văn thư")


def _odds(ministry: Unit, unit: Unit) -> None:
    Tool.objects.create(
        name="Microsoft Safety Scanner",
        publisher="Microsoft",
        licence="Miễn phí",
        systems="Windows 10, Windows 11",
        purpose="Rà quét và loại bỏ mã độc trên Windows. Mỗi bản dùng được 10 ngày.",
        link="https://learn.microsoft.com/defender-endpoint/safety-scanner-download",
    )
    for place, subject, text in (
        (ministry, "Không mở được tệp danh sách", "Tệp XLSX kèm công văn báo lỗi khi mở bằng phiên bản cũ."),
        (unit, "Máy chạy chậm sau khi rà quét", "Sau khi chạy công cụ, máy khởi động rất lâu."),
    ):
        question = Question(
            unit=place, name="Người hỏi", email="nguoihoi@bo.example", subject=subject, text=text
        )
        desk.ask(question, links.nonce())


def _aware(campaign: Campaign, unit: Unit, by: User, chance: random.Random) -> None:
    """Notify people of a unit, confirm a few notices, add an article and a prepared answer."""
    Person.objects.bulk_create(
        [
            Person(
                unit=unit,
                name=f"Cán bộ {n:02d}",
                email=f"canbo{n:02d}@bo.example" if n % 6 else "",
                department="Phòng Tổng hợp",
            )
            for n in range(1, 25)
        ]
    )
    letters.notify(campaign, unit, by, size=12, hours=24)
    for notice in Notice.objects.filter(wave=1):
        if chance.random() < 0.4:
            letters.confirm(notice, ConfirmedHow.LINK)
    Article.objects.create(
        unit=campaign.owner,
        title="Máy chạy chậm sau khi rà quét",
        text="Khởi động lại máy một lần. Nếu máy vẫn chậm sau một giờ, gửi câu hỏi kèm ảnh chụp màn hình.",
        words="máy chậm, chạy chậm, khởi động lâu",
    )
    CannedAnswer.objects.create(
        unit=campaign.owner,
        title="Chọn công cụ rà quét",
        text="Anh/chị dùng một trong các công cụ tại trang Làm sạch, kiểm tra mã băm trước khi chạy.",
    )


def hand_in(bundle: Path, filled: Filled) -> None:
    """Submit a hunt as by an upload of the unit's officer; the worker imports it."""
    from lamsach.portal.findings import intake
    from lamsach.portal.findings.models import Way

    officer = User.objects.get(email=filled.people["officer"])
    unit = Membership.objects.get(user=officer).unit
    campaign = Campaign.objects.get()
    with bundle.open("rb") as file:
        intake.store_bundle(File(file), bundle.name, intake.Source(unit, campaign, Way.UPLOAD, officer))
