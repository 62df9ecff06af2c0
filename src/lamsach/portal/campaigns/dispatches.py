"""Sending of dispatches, each once, and the steps of the receiving units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, Min, Q, QuerySet
from django.utils import timezone

from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.base import links
from lamsach.portal.base.links import absolute
from lamsach.portal.base.queries import refresh
from lamsach.portal.base.uploads import StoredFile
from lamsach.portal.campaigns import deadlines
from lamsach.portal.campaigns.deadline_moves import apply_stated
from lamsach.portal.campaigns.deadlines import UnitDates
from lamsach.portal.campaigns.models import (
    AnswerLink,
    Campaign,
    CampaignState,
    Dispatch,
    How,
    Participation,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.mail.letters import Draft, queue
from lamsach.portal.mail.models import Common, Letter
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import descendants, today

PURPOSE = "answer"
LINK_OUTLASTS = timedelta(days=60)
JUST_NOW = timedelta(minutes=10)
BATCH = 1000


def audience(dispatch: Dispatch, *, whole: bool = False) -> QuerySet[Unit]:
    """Recipients of the dispatch: direct children of its issuer, or all units below."""
    if whole:
        return descendants(dispatch.issuer).exclude(pk=dispatch.issuer_id)
    return Unit.objects.filter(parent=dispatch.issuer, valid_until=FOREVER)


@transaction.atomic
def send(dispatch: Dispatch, by: Any, *, whole: bool = False) -> int:
    """Send the dispatch and queue its e-mails together; counts units, 0 if already sent or no audience."""
    if not audience(dispatch, whole=whole).exists():
        return 0
    if not Dispatch.objects.filter(pk=dispatch.pk, sent=None).update(
        sent=timezone.now(), version=F("version") + 1
    ):
        return 0
    units = list(audience(dispatch, whole=whole))
    recipients = Recipient.objects.bulk_create(
        [Recipient(dispatch=dispatch, unit=unit) for unit in units], batch_size=BATCH
    )
    apply_stated(dispatch, by)
    dues = take_part(dispatch.campaign, units, issuer=dispatch.issuer)
    links = _links(recipients, StepKind.ACKNOWLEDGED, dues)
    files, omitted = _letter_files(dispatch)
    enclosed = {"enclosed": [file["name"] for file in files], "left": omitted}
    common = Common.objects.create(context={**_shared(dispatch), **enclosed})
    queue(
        _draft(
            "dispatch", recipient, link, f"dispatch:{dispatch.pk}:{recipient.unit_id}", dues, common, files
        )
        for recipient, link in zip(recipients, links, strict=True)
    )
    started = Campaign.objects.filter(pk=dispatch.campaign_id, state=CampaignState.DRAFT)
    if started.update(state=CampaignState.RUNNING):
        record(by, "campaign.running", dispatch.campaign, dispatch.campaign.owner, occasion="dispatch")
    if dispatch.parent_id is not None:
        _passed_on(dispatch, by)
    refresh(len(units), Recipient, Participation, AnswerLink, Letter)
    record(by, "dispatch.sent", dispatch, dispatch.issuer, units=len(units), whole=whole)
    return len(units)


def take_part(campaign: Campaign, units: Iterable[Unit], issuer: Unit | None = None) -> dict[int, UnitDates]:
    """Let units, and the issuer, participate from today; returns their deadlines. In a transaction."""
    chosen = {unit.pk: {"sent_on": today()} for unit in units}
    if issuer is not None:
        chosen.setdefault(issuer.pk, dict.fromkeys(("sent_on", "opened_on", "informed_on"), today()))
    dues = deadlines.of_units(campaign, chosen)
    Participation.objects.bulk_create(
        [
            Participation(
                campaign=campaign,
                unit_id=unit,
                **reached,
                **dict(zip(deadlines.COLUMNS, dues[unit].days, strict=True)),
            )
            for unit, reached in chosen.items()
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    return dues


def _links(recipients: list[Recipient], kind: StepKind, dues: Mapping[int, UnitDates]) -> list[AnswerLink]:
    last = {
        day: timezone.make_aware(datetime.combine(max(day, today()), time(12))) + LINK_OUTLASTS
        for day in {due.report.day for due in dues.values()}
    }
    return AnswerLink.objects.bulk_create(
        [
            AnswerLink(
                recipient=recipient,
                kind=kind,
                nonce=links.nonce(),
                expires=last[dues[recipient.unit_id].report.day],
            )
            for recipient in recipients
        ],
        batch_size=BATCH,
    )


@cache
def _answer_address() -> str:
    """Address of an answer with `TOKEN` in it, cached: saves seconds for 20,000 units."""
    return absolute("campaigns:answer", token="TOKEN")  # noqa: S106


def _letter_files(dispatch: Dispatch) -> tuple[list[dict[str, str]], int]:
    """PDFs of the dispatch and those it forwards that fit into an e-mail; number of omitted files."""
    room, attached, omitted = settings.MAIL_FILES_BYTES, [], 0
    for file in (file for link in dispatch.chain() for file in link.attachments.all()):
        if file.name.lower().endswith(".pdf") and file.size <= room:
            room -= file.size
            attached.append({"name": file.name, "path": file.path})
        else:
            omitted += 1
    return attached, omitted


def _draft(
    kind: str,
    recipient: Recipient,
    link: AnswerLink,
    key: str,
    dues: Mapping[int, UnitDates],
    common: Common | None = None,
    files: Sequence[dict[str, str]] = (),
) -> Draft:
    return Draft(
        kind,
        to=recipient.unit.email,
        key=key,
        unit_id=recipient.unit_id,
        about=f"recipient:{recipient.pk}",
        context={
            **({} if common else _shared(recipient.dispatch)),
            **deadline_context(dues[recipient.unit_id], recipient.acknowledged),
            "unit": recipient.unit.name,
            "address": _answer_address().replace("TOKEN", links.sign(PURPOSE, link.nonce)),
        },
        common=common,
        attachments=list(files),
    )


def _shared(dispatch: Dispatch) -> dict[str, Any]:
    """Context common to all letters of a dispatch."""
    return {
        "issuer": dispatch.issuer.name,
        "campaign": dispatch.campaign.name,
        "number": dispatch.number,
        "day": f"{dispatch.day:%d/%m/%Y}",
        "subject": dispatch.subject,
        "body": dispatch.body,
        "contact": dispatch.issuer.contact,
    }


def deadline_context(dues: UnitDates, acknowledged: object) -> dict[str, Any]:
    """Context of a unit's deadlines in a letter: when the answer is due, and what is due later."""
    answer = dues.answer(acknowledged)
    later = [due for due in dues if due.day > answer.day]
    return {
        "deadline": f"{answer.day:%d/%m/%Y}",
        "late": answer.late,
        "later": [{"kind": due.kind, "day": f"{due.day:%d/%m/%Y}"} for due in later],
    }


def _passed_on(dispatch: Dispatch, by: Any) -> None:
    copy = Recipient.objects.filter(dispatch=dispatch.parent, unit=dispatch.issuer).first()
    if copy is not None:
        take(copy, StepKind.FORWARDED, by=by, how=How.PORTAL)


@transaction.atomic
def take(
    recipient: Recipient,
    kind: StepKind,
    *,
    by: Any = None,
    how: How,
    who: str = "",
    day: date | None = None,
    note: str = "",
    evidence: StoredFile | None = None,
) -> bool:
    """Record a step of a unit.

    Acknowledging and opening count once, and so does a statement with identical content (a form sent twice):
    repeated ones change nothing and return False. Deploying acknowledges too.
    """
    counted = day or today()
    column = {
        StepKind.OPENED: "opened",
        StepKind.ACKNOWLEDGED: "acknowledged",
        StepKind.FORWARDED: "acknowledged",
        StepKind.DEPLOYED: "deployed",
    }[kind]
    row = Recipient.objects.filter(pk=recipient.pk)
    fresh = row.filter(**{column: None}).update(**{column: timezone.now()})
    user, digest = user_of(by), evidence.sha256 if evidence else ""
    if not fresh and kind in (StepKind.OPENED, StepKind.ACKNOWLEDGED):
        return False
    if not fresh and _is_repeated(recipient, kind, day=counted, user=user, note=note, evidence_sha256=digest):
        return False
    row.filter(opened=None).update(opened=timezone.now())
    if kind == StepKind.DEPLOYED:
        row.filter(acknowledged=None).update(acknowledged=timezone.now())
    words = {"who": who or str(by or ""), "note": note, "user": user, "evidence": evidence}
    note_step(recipient, kind, how, day=counted, **words)
    _reach(recipient, kind, counted)
    if kind != StepKind.OPENED:
        record(by, f"dispatch.{kind}", recipient, recipient.unit, who=who, how=str(how))
    return True


def note_step(
    recipient: Recipient,
    kind: StepKind,
    how: How,
    *,
    who: str,
    note: str,
    user: Any = None,
    day: date | None = None,
    evidence: StoredFile | None = None,
) -> None:
    """Add a step to the unit's history."""
    files = {"name": "", "path": "", "sha256": ""} if evidence is None else asdict(evidence)
    files.pop("size", None)
    Step.objects.create(
        recipient=recipient,
        kind=kind,
        at=timezone.now(),
        day=day or today(),
        user=user,
        who=who[:254],
        how=how,
        note=note,
        **{f"evidence_{name}": value for name, value in files.items()},
    )


def _is_repeated(recipient: Recipient, kind: StepKind, **content: Any) -> bool:
    """Return whether the unit's last step is identical."""
    last = Step.objects.filter(recipient=recipient).order_by("-pk").first()
    return last is not None and last.kind == kind and all(getattr(last, n) == v for n, v in content.items())


def _reach(recipient: Recipient, kind: StepKind, day: date) -> None:
    """Update the unit's participation from the step: the first day counts."""
    columns = ["opened_on"]
    if kind != StepKind.OPENED:
        columns.append("informed_on")
    if kind == StepKind.DEPLOYED:
        columns.append("deployed_on")
    row = Participation.objects.filter(campaign=recipient.dispatch.campaign_id, unit=recipient.unit_id)
    for column in columns:
        row.filter(Q(**{column: None}) | Q(**{f"{column}__gt": day})).update(**{column: day})


def open_link(token: str) -> AnswerLink | None:
    """The unexpired link of a token. A used one still shows its dispatch, but accepts no second answer."""
    nonce = links.read(PURPOSE, token)
    found = AnswerLink.objects.filter(nonce=nonce or "", expires__gt=timezone.now())
    return found.select_related(
        "recipient__unit", "recipient__dispatch__campaign", "recipient__dispatch__issuer"
    ).first()


@transaction.atomic
def answer(link: AnswerLink, kind: StepKind, *, who: str, day: date | None, note: str) -> bool:
    """Use the link for one step; False if already used. An acknowledgement creates a link to deploy."""
    if not AnswerLink.objects.filter(pk=link.pk, used=None).update(used=timezone.now()):
        return False
    take(link.recipient, kind, how=How.LINK, who=who, day=day, note=note)
    if kind == StepKind.ACKNOWLEDGED:
        recipient = link.recipient
        recipient.acknowledged = timezone.now()
        dues = deadlines.of_units(recipient.dispatch.campaign, [recipient.unit_id])
        (further,) = _links([recipient], StepKind.DEPLOYED, dues)
        queue([_draft("deploy_link", recipient, further, f"deploy:{link.pk}", dues)])
    return True


def remind(recipients: Iterable[Recipient], by: Any = None, occasion: str = "") -> int:
    """Queue reminders with new links, once an occasion, otherwise not right after another; counts them."""
    chosen = [r for r in recipients if r.unit.email and r.deployed is None]
    if not occasion:
        since = timezone.now() - JUST_NOW
        recent = Letter.objects.filter(kind="reminder", created__gt=since).values_list("about", flat=True)
        recent_ones = set(recent) if chosen else set()
        chosen = [recipient for recipient in chosen if f"recipient:{recipient.pk}" not in recent_ones]
    occasion = occasion or timezone.localtime().strftime("%Y%m%d%H%M")
    found = deadlines.dates((recipient.dispatch.campaign, recipient.unit_id) for recipient in chosen)
    with transaction.atomic():
        for recipient in chosen:
            kind = StepKind.DEPLOYED if recipient.acknowledged else StepKind.ACKNOWLEDGED
            dues = {recipient.unit_id: found[recipient.dispatch.campaign_id, recipient.unit_id]}
            (link,) = _links([recipient], kind, dues)
            queue([_draft("reminder", recipient, link, f"remind:{recipient.pk}:{occasion}", dues)])
        if chosen:
            record(
                by,
                "dispatch.reminded",
                chosen[0].dispatch,
                chosen[0].dispatch.issuer,
                units=len(chosen),
                occasion=occasion,
            )
    return len(chosen)


@transaction.atomic
def take_back(recipient: Recipient, by: Any, *, how: How, reason: str, who: str = "") -> bool:
    """Withdraw the statement; False if there is none. The unit remains informed, and is due again."""
    if not Recipient.objects.filter(pk=recipient.pk, deployed__isnull=False).update(deployed=None):
        return False
    words = {"who": who or str(by or ""), "note": reason, "user": user_of(by)}
    note_step(recipient, StepKind.WITHDRAWN, how, **words)
    _recount(recipient)
    record(by, "dispatch.withdrawn", recipient, recipient.unit, who=who, how=str(how), reason=reason[:500])
    return True


def _recount(recipient: Recipient) -> None:
    """Recompute the day of deployment from the valid statements, over all dispatches of the campaign."""
    copies = Recipient.objects.filter(
        dispatch__campaign=recipient.dispatch.campaign_id, unit=recipient.unit_id, deployed__isnull=False
    )
    days = []
    for copy in copies:
        steps = Step.objects.filter(recipient=copy)
        last = steps.filter(kind=StepKind.WITHDRAWN).aggregate(last=Max("pk"))["last"] or 0
        day = steps.filter(kind=StepKind.DEPLOYED, pk__gt=last).aggregate(day=Min("day"))["day"]
        if day is not None:
            days.append(day)
    Participation.objects.filter(campaign=recipient.dispatch.campaign_id, unit=recipient.unit_id).update(
        deployed_on=min(days, default=None)
    )
