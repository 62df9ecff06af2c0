"""Statuses for the system that a dispatch came from: its arrival, and the steps of its units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from lamsach.channels.edxml.tables import tables
from lamsach.portal.audit.trail import user_of
from lamsach.portal.edxml.models import Connection, Message, State, Way
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.reports.models import ReportState
from lamsach.portal.units.models import Unit


def way_of(connection: Connection) -> Way:
    """Return the transport of a connection's messages."""
    return Way.REST if connection.url else Way.FOLDER


def status(
    about: Message,
    unit: Unit,
    name: str,
    *,
    key: str,
    reason: str = "",
    by: Any = None,
) -> Message:
    """Queue a unit's status about a message of a connection, once per key."""
    assert about.connection is not None
    return queue(
        about.connection,
        unit,
        key=key,
        kind="status",
        status=tables().status_code(name),
        reason=reason,
        time=timezone.now(),
        recipients=[{"id": about.sender_code, "name": about.sender_name}],
        answers=[answer_to(about)],
        answered_key=about.document_key,
        campaign=about.campaign,
        dispatch=about.dispatch,
        user=user_of(by),
    )[0]


def queue(connection: Connection, unit: Unit, *, key: str, **values: Any) -> tuple[Message, bool]:
    """Queue a unit's message, once per key; return it, and whether it is new."""
    common = {"connection": connection, "unit": unit, "outgoing": True, "way": way_of(connection)}
    sender = {"state": State.QUEUED, "at": timezone.now(), "sender_code": unit.code, "sender_name": unit.name}
    return Message.objects.get_or_create(key=key, defaults={**common, **sender, **values})


def answer_to(about: Message) -> dict[str, str]:
    """Describe a message's document as an answered one."""
    number, _slash, notation = about.number.partition("/")
    values = {
        "document_id": about.document_id,
        "id": about.sender_code,
        "number": number,
        "notation": notation,
        "date": about.day.isoformat() if about.day else "",
    }
    return {name: value for name, value in values.items() if value}


def arrived(about: Message, units: Iterable[Unit]) -> None:
    """Queue the status "arrived" for each unit."""
    if about.connection is not None:
        for unit in units:
            status(about, unit, "arrived", key=f"arrived:{about.pk}:{unit.pk}")


def on_step(sender: Any, instance: Any, created: bool, **_: Any) -> None:
    """Queue a status about a unit's step for the system that the dispatch came from."""
    name = tables().board_out.get(instance.kind)
    if not created or name is None:
        return
    about = _received(dispatch=instance.recipient.dispatch_id).order_by("pk").first()
    if about is not None:
        key, unit = f"step:{instance.pk}", instance.recipient.unit
        status(about, unit, name, key=key, reason=instance.note, by=instance.user)


def _received(**filters: Any) -> QuerySet[Message]:
    """Documents received by a connection that has not ended."""
    rows = Message.objects.filter(outgoing=False, connection__isnull=False, connection__ended=None, **filters)
    return rows.exclude(kind="status").select_related("connection", "dispatch")


def on_report(sender: Any, instance: Any, created: bool, **_: Any) -> None:
    """Queue a unit's sent report for the system that its campaign's dispatch came from."""
    if created and instance.after == ReportState.SENT and about_of(instance.report) is not None:
        enqueue("edxml.report", instance.user, report_id=instance.report_id)


def about_of(report: Any) -> Message | None:
    """Return the dispatch, received by a connection, that a report answers, or None."""
    answered = _received(campaign=report.campaign_id, dispatch__recipients__unit=report.unit_id)
    return answered.order_by("-pk").first()


STATUS_NOTE: Mapping[str, str] = {
    "arrived": "Văn bản đã đến",
    "refused": "Từ chối tiếp nhận",
    "received": "Đã tiếp nhận",
    "assigned": "Đã phân công xử lý",
    "handling": "Đang xử lý",
    "done": "Hoàn thành",
    "take_back": "Đề nghị lấy lại văn bản",
    "agreed": "Đồng ý lấy lại hoặc cập nhật",
    "declined": "Từ chối lấy lại hoặc cập nhật",
}
