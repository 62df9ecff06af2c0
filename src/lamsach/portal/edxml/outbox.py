"""Queue of dispatches and reports for connections, and the files of queued messages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from lamsach.channels.edxml import model
from lamsach.channels.edxml.writer import write
from lamsach.channels.xml_signature import Signer
from lamsach.errors import InputError
from lamsach.i18n import mark
from lamsach.letters.output import writer_for
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base.uploads import DOCUMENTS
from lamsach.portal.campaigns.models import Attachment, Dispatch
from lamsach.portal.edxml import secrets
from lamsach.portal.edxml.attachments import content, store
from lamsach.portal.edxml.identifiers import answered, document_key, organ
from lamsach.portal.edxml.models import Connection, Message
from lamsach.portal.edxml.statuses import about_of, answer_to, queue
from lamsach.portal.reports import documents, papers
from lamsach.portal.reports.content import filled_form
from lamsach.portal.reports.models import Report
from lamsach.portal.units.models import Unit

DISPATCH, REPORT = "Công văn", "Báo cáo"
_NO_NUMBER = mark(
    "The dispatch has no number, by which the others would answer it. Write a new one with its number."
)


def queue_dispatch(
    found: Dispatch,
    connection: Connection,
    by: Any,
    *,
    kind: str = "new",
    about: Message | None = None,
    reason: str = "",
) -> Message:
    """Queue a sent dispatch with its official document and files, once per connection and kind.

    `about`: the message to update or replace. InputError for a dispatch without a number.
    """
    if not found.number.strip():
        raise InputError(_NO_NUMBER)
    rows = found.recipients.select_related("unit__parent")
    recipients = [organ(row.unit, older=connection.older_codes) for row in rows]
    return _queue(
        connection,
        found.issuer,
        by,
        {"kind": kind, "units": len(recipients)},
        key=f"dispatch:{found.pk}:{connection.pk}:{kind}",
        kind=kind,
        number=found.number,
        day=found.day,
        due=found.deadline,
        subject=found.subject,
        body=found.body,
        type=DISPATCH,
        recipients=[{"id": recipient.id, "name": recipient.name} for recipient in recipients],
        answers=[answer_to(about)] if about else _forwarded(found),
        files=_dispatch_files(found),
        campaign=found.campaign,
        dispatch=found,
        reason=reason,
    )


def _dispatch_files(found: Dispatch) -> list[dict[str, Any]]:
    """Collect the official document and the files of the dispatch and of those it forwards."""
    paper = papers.dispatch_paper(found)
    made = [
        _row(f"cong-van-{found.pk}.{kind}", kind, writer_for(f".{kind}")(paper)) for kind in ("pdf", "docx")
    ]
    return made + [
        {"name": file.name, "type": "", "path": file.path, "size": file.size, "sha256": file.sha256}
        for file in _attached(found)
    ]


def _attached(found: Dispatch) -> list[Attachment]:
    """Return the files of a dispatch and of those it forwards, deduplicated."""
    files = Attachment.objects.filter(dispatch__in=found.chain()).order_by("-dispatch", "pk")
    return list({file.sha256: file for file in files}.values())


def _forwarded(found: Dispatch) -> list[dict[str, str]]:
    """Return the received document that a dispatch forwards, as answered."""
    if found.parent_id is None:
        return []
    above = Message.objects.filter(outgoing=False, dispatch=found.parent_id).exclude(kind="status").first()
    return [answer_to(above)] if above else []


def queue_report(report: Report, by: Any) -> Message | None:
    """Queue a report for the system its dispatch came from, or return None. InputError without a number."""
    about = about_of(report)
    if about is None or about.connection is None:
        return None
    if report.number is None or not report.symbol:
        raise InputError(
            mark("The report has no number and symbol, without which it is no official document.")
        )
    number = f"{report.number}/{report.symbol}"
    return _queue(
        about.connection,
        report.unit,
        by,
        {"kind": "report"},
        key=f"report:{report.pk}:{about.connection.pk}",
        kind="new",
        number=number,
        day=report.day or timezone.localdate(),
        subject=report.campaign.name,
        type=REPORT,
        recipients=[{"id": about.sender_code, "name": about.sender_name}],
        answers=[answer_to(about)],
        files=_report_files(report),
        campaign=report.campaign,
        dispatch=about.dispatch,
    )


def queue_revocation(about: Message, by: Any, reason: str) -> Message:
    """Queue the revocation of a sent dispatch. InputError."""
    connection = about.connection
    if connection is None or not about.outgoing or about.kind == "status":
        raise InputError(mark("Only a dispatch that went out can be revoked."))
    return _queue(
        connection,
        about.unit,
        by,
        {"kind": "revoke", "reason": reason[:500]},
        key=f"revoke:{about.pk}",
        kind="revoke",
        number=about.number,
        day=about.day,
        subject=about.subject,
        type=about.type,
        reason=reason,
        recipients=about.recipients,
        answers=[answer_to(about)],
        campaign=about.campaign,
        dispatch=about.dispatch,
    )


def file_of(message: Message, signer_of: Callable[[Connection], Signer | None] = secrets.signer_of) -> bytes:
    """Write the edXML file of a queued message, signed by the connection's key; deterministic."""
    connection = message.connection
    older = connection is not None and connection.older_codes
    sender = organ(message.unit, older=older)
    number, _slash, notation = message.number.partition("/")
    whole = model.Message(
        kind=message.kind,
        document_id=message.document_id,
        number=number,
        notation=notation,
        date=message.day,
        due=message.due,
        subject=message.subject,
        content=message.body,
        type=message.type,
        status=message.status,
        reason=message.reason,
        time=message.time,
        sender=sender,
        recipients=tuple(
            model.Organ(id=row.get("id", ""), name=row.get("name", "")) for row in message.recipients
        ),
        responds_to=tuple(map(answered, message.answers)),
        staff=_staff(message),
        trace=(model.Hop(sender.id, message.at),),
        attachments=tuple(
            model.Attachment(row["name"], content(row), row.get("type", "")) for row in message.files
        ),
    )
    return write(whole, signer_of(connection) if connection else None)


def _staff(message: Message) -> model.Staff:
    user = message.user
    return (
        model.Staff(department=message.unit.name, name=user.name, email=user.email) if user else model.Staff()
    )


def _queue(
    connection: Connection, unit: Unit, by: Any, noted: dict[str, Any], *, key: str, **values: Any
) -> Message:
    """Queue a document of the unit, once per key; a new one is recorded with what is `noted`."""
    sender = organ(unit, older=connection.older_codes)
    made = model.build_id(sender.id, values.get("day"), values.get("number", ""), "")
    values |= {"sender_code": sender.id, "document_id": made, "document_key": document_key(made)}
    sent, fresh = queue(connection, unit, key=key, user=user_of(by), **values)
    if fresh:
        record(by, "edxml.queued", sent, unit, **noted)
    return sent


def _report_files(report: Report) -> list[dict[str, Any]]:
    paper, filled, about = documents.document_of(report), filled_form(report), documents.report_facts(report)
    return [
        _row(f"bao-cao-{report.unit.code}.{kind}", kind, documents.render(paper, filled, kind, about))
        for kind in ("pdf", "docx", "json")
    ]


def _row(name: str, kind: str, data: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    return {
        "name": name,
        "type": DOCUMENTS[kind],
        "path": store(data, digest),
        "size": len(data),
        "sha256": digest,
    }
