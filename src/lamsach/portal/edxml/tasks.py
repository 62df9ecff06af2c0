"""Regular tasks and jobs of the exchange by edXML."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.portal.base.roles import COORDINATORS
from lamsach.portal.base.tasks import Counted, Row, Tally, register_count
from lamsach.portal.edxml import carrier, lists, outbox
from lamsach.portal.edxml.access import messages
from lamsach.portal.edxml.models import Connection, Message, State
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.reports.models import Report


@regular("edxml.carry", timedelta(seconds=30), long=True)
def carry() -> None:
    """Receive and send the messages of each connection."""
    for connection in Connection.objects.filter(ended=None).select_related("unit"):
        carrier.carry(connection)


@job("edxml.carry", long=True)
def carry_now(progress: Progress, connection_id: int) -> dict[str, int]:
    """Receive and send the messages of a connection now."""
    return carrier.carry(Connection.objects.select_related("unit").get(pk=connection_id))


@job("edxml.lists", long=True)
def add_lists(progress: Progress, message_id: int) -> dict[str, int]:
    """Add the indicator lists among a message's files."""
    return {"lists": lists.add_lists(Message.objects.select_related("unit", "user").get(pk=message_id))}


@job("edxml.report", long=True)
def send_report(progress: Progress, report_id: int) -> dict[str, int]:
    """Queue a unit's report."""
    sent = outbox.queue_report(
        Report.objects.select_related("unit", "campaign").get(pk=report_id), progress.job.user
    )
    return {"queued": int(sent is not None)}


@register_count(
    gettext_lazy("Exchanged documents"),
    COORDINATORS,
    78,
    lambda user: Counted(messages(user).filter(state=State.WAITING, outgoing=False), "at"),
)
def to_file(found: Tally) -> Row:
    """Count received documents waiting for a decision."""
    words = _("Documents that wait for a decision: {count}").format(count=found.count)
    return Row(words, reverse("edxml:overview"), _("Decide"), found.day, since=True, count=found.count)
