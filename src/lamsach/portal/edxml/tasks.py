"""Regular work and jobs of the exchange by edXML."""

from __future__ import annotations

from datetime import timedelta

from lamsach.portal.edxml import carrying, listing, sending
from lamsach.portal.edxml.models import Connection, Message
from lamsach.portal.jobs.queue import Progress, job, regular
from lamsach.portal.reports.models import Report


@regular("edxml.carry", timedelta(seconds=30), long=True)
def carry() -> None:
    """Take in and send what waits at each connection."""
    for connection in Connection.objects.filter(ended=None).select_related("unit"):
        carrying.carry(connection)


@job("edxml.carry", long=True)
def carry_now(progress: Progress, connection_id: int) -> dict[str, int]:
    """The same for one connection, now."""
    return carrying.carry(Connection.objects.select_related("unit").get(pk=connection_id))


@job("edxml.lists", long=True)
def take_lists(progress: Progress, message_id: int) -> dict[str, int]:
    """Take the indicator lists out of a message's files."""
    return {"lists": listing.take_lists(Message.objects.select_related("unit", "user").get(pk=message_id))}


@job("edxml.report", long=True)
def send_report(progress: Progress, report_id: int) -> dict[str, int]:
    """Queue a unit's report."""
    sent = sending.queue_report(
        Report.objects.select_related("unit", "campaign").get(pk=report_id), progress.job.user
    )
    return {"queued": int(sent is not None)}
