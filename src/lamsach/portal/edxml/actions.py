"""Effects of incoming messages: statuses move the board, answers are noted, dispatches wait for filing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from lamsach.channels.edxml import model
from lamsach.channels.edxml.tables import tables
from lamsach.letters.form import parse_form
from lamsach.portal.campaigns import arrivals, dispatches
from lamsach.portal.campaigns.models import Campaign, CampaignState, Dispatch, How, Recipient, StepKind
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.edxml import statuses
from lamsach.portal.edxml.attachments import content, uploads_of
from lamsach.portal.edxml.identifiers import key_of, unit_of, units_of
from lamsach.portal.edxml.models import Message, State
from lamsach.portal.edxml.statuses import STATUS_NOTE
from lamsach.portal.jobs.queue import enqueue
from lamsach.portal.reports import arrivals as forms
from lamsach.portal.reports.models import Way as ReportWay
from lamsach.portal.units.models import Unit
from lamsach.portal.units.tree import descendants, today, under

FIRST_DEADLINE = timedelta(days=14)
"""Deadline of a dispatch that states none."""


def act(made: Message, found: model.Message, *, may_act: bool) -> None:
    """Apply a new message as far as no person has to decide."""
    if found.kind == "status":
        if may_act:
            move(made)
        return
    if made.files:
        enqueue("edxml.lists", made.user, message_id=made.pk)
    copies = _answered_copies(made)
    if copies and may_act:
        _answer(made, copies)
    elif may_act and (earlier := _earlier(made)) is not None and found.kind in ("update", "replace"):
        file(
            made,
            earlier.campaign,
            earlier.user or made.user or (made.connection and made.connection.created_by),
        )
    if made.connection_id and made.state in (State.WAITING, State.TAKEN):
        statuses.arrived(made, addressed(made))


def addressed(made: Message) -> list[Unit]:
    """Return the addressed units: those named at or under the message's unit, else that unit."""
    named = units_of(str(recipient.get("id", "")) for recipient in made.recipients)
    inside = set(
        under([made.unit_id])
        .filter(descendant__in=[unit.pk for unit in named])
        .values_list("descendant_id", flat=True)
    )
    return [unit for unit in named if unit.pk in inside] or [made.unit]


def move(made: Message) -> bool:
    """Apply a status to the board of the dispatch it answers; return whether anything changed."""
    status = tables().statuses.get(made.status, "")
    copies = _answered_copies(made)
    if not copies:
        about = Message.objects.filter(outgoing=False, document_key=made.answered_key).exclude(
            document_key=""
        )
        _set(made, State.TAKEN if about.exists() else State.WAITING)
        return False
    who = _who(made)
    day = made.time.date() if made.time else today()
    moved = False
    with transaction.atomic():
        for copy in copies:
            moved |= _step(copy, status, who, _within(day, copy.dispatch.day), made.reason)
        _set(made, State.TAKEN, dispatch=copies[0].dispatch, campaign=copies[0].dispatch.campaign)
    return moved


def _within(day: date, first: date) -> date:
    """Limit the day of a status to the days from the dispatch to today."""
    return min(max(day, min(first, today())), today())


def _step(copy: Recipient, status: str, who: str, day: date, reason: str) -> bool:
    step = tables().board_in.get(status, "")
    if step == "withdrawn" and copy.deployed:
        reason = reason or STATUS_NOTE[status]
        return dispatches.take_back(copy, None, how=How.API, reason=reason, who=who)
    if step:
        kind = StepKind.ACKNOWLEDGED if step == "withdrawn" else StepKind(step)
        return dispatches.take(copy, kind, how=How.API, who=who, day=day, note=reason)
    words = STATUS_NOTE.get(status, status)
    arrivals.note_message(copy, who, How.API, f"{words}. {reason}" if reason else words)
    return True


def _answer(made: Message, copies: list[Recipient]) -> None:
    """Note an answering dispatch and its files at the unit, and read a report form from them."""
    text = "\n\n".join(filter(None, (made.number, made.subject, made.body)))
    uploads = uploads_of(made.files)
    campaign = copies[0].dispatch.campaign
    form = parse_form(campaign.form.definition)
    values: Any = ()
    order = sorted(
        (row for row in made.files if row["name"].lower().rpartition(".")[2] in forms.ENDINGS),
        key=lambda row: forms.ENDINGS.index(row["name"].lower().rpartition(".")[2]),
    )
    best = next((row for row in order if (values := forms.read(row["name"], content(row), form))), None)
    with transaction.atomic():
        for copy in copies:
            arrivals.note_message(copy, _who(made), How.API, text, uploads)
        if best is not None:
            (file_,) = uploads_of([best])
            forms.store_received(
                campaign,
                copies[0].unit,
                file_,
                values,
                ReportWay.STICK,
                sender=made.sender_name,
                found_by="code",
            )
        _set(made, State.TAKEN, dispatch=copies[0].dispatch, campaign=campaign)


def file(made: Message, campaign: Campaign | None, by: Any, name: str = "") -> Dispatch | None:
    """File a dispatch under a campaign, or under a new one (None).

    The addressed units receive it if its sender is above them in the tree; otherwise it is only linked to the
    campaign. The caller has checked that the user may lead the campaign.
    """
    sender = unit_of(made.sender_code)
    units = [unit for unit in addressed(made) if sender is None or unit.pk != sender.pk]
    issuer = sender if sender is not None and _above(sender, units) else None
    due = made.due or (made.day or today()) + FIRST_DEADLINE
    with transaction.atomic():
        if campaign is None:
            campaign = Campaign.objects.create(
                name=(name or made.subject or made.number)[:200],
                owner=issuer or made.unit,
                summary=made.subject,
                starts=min(made.day or today(), due),
                ends=due,
                report_due=due,
                form=default_form(),
                state=CampaignState.RUNNING if issuer else CampaignState.DRAFT,
            )
        dispatch = None
        if issuer is not None:
            facts = {"number": made.number, "subject": made.subject[:300], "body": made.body}
            day = made.day or today()
            dispatch = Dispatch(campaign=campaign, issuer=issuer, day=day, deadline=due, **facts)
            arrivals.receive(dispatch, units, uploads_of(made.files), by)
        _set(made, State.TAKEN, campaign=campaign, dispatch=dispatch, user=made.user or by)
    return dispatch


def _above(sender: Unit, units: Iterable[Unit]) -> bool:
    wanted = {unit.pk for unit in units}
    return bool(wanted) and descendants(sender).filter(pk__in=wanted).count() == len(wanted)


def _answered_copies(made: Message) -> list[Recipient]:
    """Return the sender's copies of our dispatches that the message answers."""
    sender = unit_of(made.sender_code)
    keys = [key_of(row) for row in made.answers]
    if sender is None or not any(keys):
        return []
    ours = Message.objects.filter(
        outgoing=True, document_key__in=[key for key in keys if key], dispatch__isnull=False
    ).exclude(kind="status")
    dispatches = ours.filter(unit__in=descendants(made.unit)).values("dispatch")
    rows = Recipient.objects.filter(dispatch__in=dispatches, unit=sender)
    return list(rows.select_related("unit", "dispatch__campaign__form", "dispatch__issuer"))


def _earlier(made: Message) -> Message | None:
    """Return the filed dispatch of the same sender that the message updates or replaces."""
    keys = [key for row in made.answers if (key := key_of(row))] + (
        [made.document_key] if made.document_key else []
    )
    rows = Message.objects.filter(
        outgoing=False,
        unit=made.unit,
        document_key__in=keys,
        campaign__isnull=False,
        sender_code=made.sender_code,
    )
    return rows.exclude(pk=made.pk).exclude(kind="status").select_related("campaign", "user").first()


def _who(made: Message) -> str:
    return (made.sender_name or made.sender_code)[:254]


def _set(made: Message, state: State, **values: Any) -> None:
    for name, value in {"state": state, **values}.items():
        setattr(made, name, value)
    made.save(update_fields=["state", *values])
