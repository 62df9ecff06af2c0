"""Acceptance of edXML files: each once, whole, and never with an invalid signature.

A status or an answer to our dispatch is applied immediately when it arrives by a connection or upload, or is
validly signed; by e-mail without a valid signature it waits for a decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.channels.edxml import model
from lamsach.channels.edxml.model import as_mapping
from lamsach.channels.edxml.reader import read
from lamsach.channels.edxml.writer import SUFFIX
from lamsach.channels.xml_signature import CHANGED
from lamsach.errors import InputError, LamsachError
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.edxml import actions, secrets
from lamsach.portal.edxml.attachments import store
from lamsach.portal.edxml.identifiers import answered_key, document_key, key_of, units_of
from lamsach.portal.edxml.models import Connection, Message, State, Way
from lamsach.portal.mail.inbox import Saver, attachment_reader
from lamsach.portal.mail.models import Incoming, Letter
from lamsach.portal.mail.parser import Parsed
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import ancestors


@dataclass(frozen=True, slots=True)
class Source:
    """Origin of a file: our unit, way, connection, uploading user."""

    unit: Unit
    way: Way
    connection: Connection | None = None
    user: Any = None


def accept(data: bytes, name: str, source: Source) -> tuple[Message, bool]:
    """Accept a file; return its message, and whether it is new. InputError if unreadable or refused."""
    found = read(data, name, secrets.trusted(_trusting(source)))
    _check(found, name, source)
    digest = hashlib.sha256(data).hexdigest()
    key = f"in:{source.unit.pk}:{digest}"
    if known := Message.objects.filter(key=key).first():
        return known, False
    path = store(data, digest)
    files = [_stored_file(attachment) for attachment in found.attachments]
    values = {**_facts(found), "files": files, "path": path, "size": len(data), "sha256": digest}
    with transaction.atomic():
        made, fresh = Message.objects.get_or_create(key=key, defaults={**values, **_origin(source)})
        if fresh:
            record(source.user, "edxml.taken", made, source.unit, kind=found.kind, sha256=digest)
    if fresh:
        actions.act(made, found, may_act=source.way != Way.MAIL or made.signature == "valid")
    return made, fresh


def _trusting(source: Source) -> list[Connection]:
    if source.connection is not None:
        return [source.connection]
    units = [source.unit.pk, *(unit.pk for unit in ancestors(source.unit))]
    return list(Connection.objects.filter(unit__in=units, ended=None))


def _check(found: model.Message, name: str, source: Source) -> None:
    signature = found.signature
    if signature.verdict == "invalid":
        raise InputError(
            mark("The signature of the file is not valid, so it was not accepted."), name, signature.reason
        )
    for file in found.attachments:
        if file.signature.reason == CHANGED:
            raise InputError(
                mark("An attached PDF was changed after it was signed, so the file was not accepted."),
                f"{name}: {file.name}",
            )
    must = source.connection is not None and source.connection.must_be_signed
    if must and signature.verdict != "valid":
        raise InputError(
            mark("The connection takes only files with a valid signature, and this one has none."),
            name,
            signature.reason,
        )


def _origin(source: Source) -> dict[str, Any]:
    return {
        "unit": source.unit,
        "way": source.way,
        "connection": source.connection,
        "user": source.user if getattr(source.user, "pk", None) else None,
        "state": State.WAITING,
        "at": timezone.now(),
    }


def _stored_file(file: model.Attachment) -> dict[str, Any]:
    return {
        "name": file.name,
        "type": file.type[:100],
        "path": store(file.content, file.sha256),
        "size": len(file.content),
        "sha256": file.sha256,
        "signature": file.signature.verdict,
    }


def _facts(found: model.Message) -> dict[str, Any]:
    shown = model.as_mapping(found)
    answers: Sequence[model.Answered] = found.responds_to
    return {
        "kind": found.kind,
        "document_id": found.identity[:300],
        "document_key": document_key(found.document_id, found.sender.id, found.date, found.code),
        "number": found.code[:60],
        "day": found.date,
        "due": found.due,
        "subject": found.subject[:1000],
        "body": found.content,
        "type": found.type[:100],
        "status": found.status[:10],
        "reason": found.reason,
        "time": found.time,
        "sender_code": found.sender.id[:60],
        "sender_name": found.sender.name[:300],
        "recipients": shown["to"],
        "answers": shown["responds_to"],
        "answered_key": answered_key(answers[0]) if answers else "",
        "signature": found.signature.verdict,
        "signature_reason": found.signature.reason[:200],
        "signed_by": found.signature.signer[:300],
        "missing": list(found.missing),
    }


MOST = 5
"""Limit of files read from an e-mail."""


@attachment_reader
def from_mail(letter: Letter | None, parsed: Parsed) -> Saver | None:
    """Accept the edXML files of an e-mail; None when there is none for a unit of ours."""
    files = [file for file in parsed.files if file.name.lower().endswith(SUFFIX)][:MOST]
    accepted, problem = [], ""
    for file in files:
        try:
            unit = _unit(file.content, letter)
            if unit is not None:
                accepted.append(accept(file.content, file.name, Source(unit, Way.MAIL))[0])
        except LamsachError as error:
            problem = f"{error.what} {error.where}"[:500]
    return partial(_keep, accepted, problem) if accepted or problem else None


def _keep(accepted: list[Message], problem: str, incoming: Incoming) -> str:
    incoming.problem = problem or incoming.problem
    if not accepted:
        return ""
    incoming.unit = incoming.unit or accepted[0].unit
    return f"edxml:{accepted[0].pk}"


def _unit(data: bytes, letter: Letter | None) -> Unit | None:
    """Return the addressed unit, else that of the answered dispatch, else that of the letter."""
    found = read(data, "")
    named = units_of(recipient.id for recipient in found.recipients)
    if named:
        return named[0]

    keys = [key for row in as_mapping(found)["responds_to"] if (key := key_of(row))]
    ours = Message.objects.filter(outgoing=True, document_key__in=keys).select_related("unit").first()
    return ours.unit if ours else (letter.unit if letter else None)
