"""Demo of the document exchange: a connection, an authority's dispatches with lists, statuses."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from lamsach.channels.edxml import model
from lamsach.channels.edxml.days import VIETNAM
from lamsach.channels.edxml.writer import write
from lamsach.portal.accounts.models import User
from lamsach.portal.campaigns.models import Dispatch
from lamsach.portal.demo.ministry import Filled
from lamsach.portal.edxml import actions, carrier, outbox
from lamsach.portal.edxml.inbox import Source, accept
from lamsach.portal.edxml.models import Connection, Message, Way
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import today

AUTHORITY = model.Organ("Z09.03", "Cục An toàn thông tin (minh họa)")
ANNEX = "Địa chỉ,Mã độc\nc2-minhhoa.example,Mozi\n198.51.100.77,Mirai\n".encode()
SHOWN = 8
"""Number of units whose systems answered."""


def fill_edxml(filled: Filled) -> None:
    """Create received and sent messages; sent ones are written to the connection's folder."""
    leader = User.objects.get(email=filled.people["coordinator"])
    dispatch = Dispatch.objects.select_related("issuer", "campaign").get(parent=None)
    connection = Connection.objects.create(unit=dispatch.issuer, name="truc-lien-thong", created_by=leader)
    source = Source(dispatch.issuer, Way.FOLDER, connection)
    first = _received(
        source, "1298/CATTT-NCSC", "V/v triển khai chiến dịch làm sạch mã độc trên không gian mạng", 45
    )
    actions.file(first, dispatch.campaign, leader)
    _received(source, "1402/CATTT-NCSC", "V/v cập nhật danh sách địa chỉ độc hại", 2)
    out = outbox.queue_dispatch(dispatch, connection, leader, about=first)
    carrier.deliver(connection, [])
    for index, copy in enumerate(
        dispatch.recipients.exclude(deployed=None).select_related("unit").order_by("unit__code")[:SHOWN]
    ):
        for code in ("01", "03", "06")[: 1 + index % 3]:
            accept(_status(out, copy.unit, code), f"{copy.pk}-{code}.edxml", source)


def _received(source: Source, code: str, subject: str, days: int) -> Message:
    number, _slash, notation = code.partition("/")
    day = today() - timedelta(days)
    message = model.Message(
        kind="new",
        number=number,
        notation=notation,
        date=day,
        due=day + timedelta(days=60),
        subject=subject,
        type="Công văn",
        place="Hà Nội",
        sender=AUTHORITY,
        recipients=(model.Organ(source.unit.code, source.unit.name),),
        trace=(model.Hop(AUTHORITY.id, datetime.combine(day, time(8), VIETNAM)),),
        attachments=(model.Attachment("phu-luc-danh-sach.csv", ANNEX, "text/csv"),),
    )
    return accept(write(message), f"{number}.edxml", source)[0]


def _status(about: Message, unit: Unit, code: str) -> bytes:
    number, _slash, notation = about.number.partition("/")
    answered = model.Answered(about.sender_code, number, notation, about.day, about.document_id)
    return write(
        model.Message(
            kind="status",
            status=code,
            time=datetime.combine(today(), time(9), VIETNAM),
            sender=model.Organ(unit.code, unit.name),
            responds_to=(answered,),
            staff=model.Staff(name="Văn thư"),
        )
    )
