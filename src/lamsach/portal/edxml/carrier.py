"""Transfer of a connection's messages, in and out, by its folders or its service."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache

from django.db.models import Q
from django.utils import timezone

from lamsach.channels.edxml.writer import SUFFIX
from lamsach.errors import InputError, LamsachError
from lamsach.portal.base.models import stored_problem
from lamsach.portal.base.once import exclusive
from lamsach.portal.edxml import folders, outbox, secrets, service
from lamsach.portal.edxml.attachments import store
from lamsach.portal.edxml.inbox import Source, accept
from lamsach.portal.edxml.models import Connection, Message, State, Way
from lamsach.portal.jobs.claims import claim_each, moment, owned, pause

ATTEMPTS = 12
AT_ONCE = 200
MOST_FAILURES = 3
_PAUSES = tuple(timedelta(minutes=2**times) for times in range(1, 11))


def carry(connection: Connection) -> dict[str, int]:
    """Receive and send a connection's messages, one worker at a time; return counts. Problems are stored."""
    with exclusive(f"edxml:{connection.pk}"):
        return _carry(connection)


def _carry(connection: Connection) -> dict[str, int]:
    problems: list[LamsachError] = []
    received = _folder(connection, problems)
    if connection.url:
        received += _service(connection, problems)
    sent = deliver(connection, problems)
    text = stored_problem(problems[0]) if problems else ""
    Connection.objects.filter(pk=connection.pk).update(last=timezone.now(), problem=text)
    return {"taken": received, "sent": sent, "problems": len(problems)}


def _folder(connection: Connection, problems: list[LamsachError]) -> int:
    count = 0
    try:
        for path in folders.waiting(connection):
            try:
                _message, fresh = accept(
                    folders.read(path), path.name, Source(connection.unit, Way.FOLDER, connection)
                )
            except InputError as problem:
                if not folders.is_unfinished(path):
                    _refused(connection, path.name, problem)
                    folders.put_aside(connection, path, "refused", problem)
                    problems.append(problem)
                continue
            folders.put_aside(connection, path, "taken")
            count += fresh
    except LamsachError as problem:
        problems.append(problem)
    return count


def _service(connection: Connection, problems: list[LamsachError]) -> int:
    """Receive the messages waiting at the service; `MOST_FAILURES` failed ones end the run."""
    count = failures = 0
    try:
        for number in service.waiting(connection):
            try:
                count += _fetched(connection, number, problems)
            except LamsachError as problem:
                problems.append(problem)
                failures += 1
                if failures >= MOST_FAILURES:
                    break
    except LamsachError as problem:
        problems.append(problem)
    return count


def _fetched(connection: Connection, number: str, problems: list[LamsachError]) -> bool:
    data, fresh = service.fetch(connection, number), False
    try:
        _message, fresh = accept(data, number, Source(connection.unit, Way.REST, connection))
    except InputError as problem:
        _refused(connection, number, problem)
        problems.append(problem)
    service.confirm(connection, number)
    return fresh


def _refused(connection: Connection, name: str, problem: LamsachError) -> None:
    """Record a refused file and the reason, without its content."""
    text = stored_problem(problem)
    key = f"refused:{connection.pk}:{hashlib.sha256(f'{name} {text}'.encode()).hexdigest()}"
    values = {
        "connection": connection,
        "unit": connection.unit,
        "way": Way.REST if connection.url else Way.FOLDER,
        "state": State.REFUSED,
        "at": timezone.now(),
        "subject": name[:200],
        "problem": text,
    }
    Message.objects.get_or_create(key=key, defaults=values)


def deliver(connection: Connection, problems: list[LamsachError]) -> int:
    """Send queued messages; return their number. Failures are retried with growing pauses, ATTEMPTS times."""
    due = Message.objects.filter(
        Q(next_attempt=None) | Q(next_attempt__lte=moment()),
        connection=connection,
        outgoing=True,
        state=State.QUEUED,
    )
    rows = due.select_related("unit__parent", "user", "connection").order_by("pk")
    signer_of = cache(secrets.signer_of)  # key files use a slow password hash

    def send(message: Message) -> bool:
        try:
            data = outbox.file_of(message, signer_of)
            if connection.url:
                service.send(connection, data)
            else:
                folders.put_out(connection, file_name(message), data)
        except LamsachError as problem:
            problems.append(problem)
            state = State.FAILED if message.attempts >= ATTEMPTS else State.QUEUED
            owned(message).update(state=state, problem=stored_problem(problem))
            return False
        digest = hashlib.sha256(data).hexdigest()
        file_facts = {"path": store(data, digest), "size": len(data), "sha256": digest}
        return bool(owned(message).update(state=State.SENT, problem="", **file_facts))

    return claim_each(rows, send, AT_ONCE, hold=lambda message: pause(message, _PAUSES))


def file_name(message: Message) -> str:
    """Build the stable name of a message's file."""
    return f"{message.sender_code}-{message.pk}-{message.status or message.kind}{SUFFIX}"
