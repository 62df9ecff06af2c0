"""Dispatches going out, each once, and the steps of the units that receive them."""

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
from lamsach.portal.base.uploads import Kept
from lamsach.portal.campaigns import deadlines
from lamsach.portal.campaigns.deadline_moves import state
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
    """The units that the dispatch goes to: those directly under its issuer, or everything under it."""
    if whole:
        return descendants(dispatch.issuer).exclude(pk=dispatch.issuer_id)
    return Unit.objects.filter(parent=dispatch.issuer, valid_until=FOREVER)


@transaction.atomic
def send(dispatch: Dispatch, by: Any, *, whole: bool = False) -> int:
    """Send the dispatch and queue its e-mails at once; how many units. 0 for a second call or no audience."""
    now = timezone.now()
    if not audience(dispatch, whole=whole).exists():
        return 0
    if not Dispatch.objects.filter(pk=dispatch.pk, sent=None).update(sent=now, version=F("version") + 1):
        return 0
    units = list(audience(dispatch, whole=whole))
    recipients = Recipient.objects.bulk_create(
        [Recipient(dispatch=dispatch, unit=unit) for unit in units], batch_size=BATCH
    )
    state(dispatch, by)
    dues = take_part(dispatch.campaign, units, issuer=dispatch.issuer)
    links = _links(recipients, StepKind.ACKNOWLEDGED, dues)
    files, left = _letter_files(dispatch)
    enclosed = {"enclosed": [file["name"] for file in files], "left": left}
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
        _passed_on(dispatch, by, now)
    refresh(len(units), Recipient, Participation, AnswerLink, Letter)
    record(by, "dispatch.sent", dispatch, dispatch.issuer, units=len(units), whole=whole)
    return len(units)


def take_part(campaign: Campaign, units: Iterable[Unit], issuer: Unit | None = None) -> dict[int, UnitDates]:
    """Let units, and the issuer, take part from today; their deadlines. In the caller's transaction."""
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
        for day in {one.report.day for one in dues.values()}
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
    """Address of an answer with `TOKEN` in it; finding it once saves seconds at 20,000 units."""
    return absolute("campaigns:answer", token="TOKEN")  # noqa: S106


def _letter_files(dispatch: Dispatch) -> tuple[list[dict[str, str]], int]:
    """PDFs of the dispatch and those it passes on that fit into an e-mail; how many files are left out."""
    room, taken, left = settings.MAIL_FILES_BYTES, [], 0
    for file in (file for one in dispatch.chain() for file in one.attachments.all()):
        if file.name.lower().endswith(".pdf") and file.size <= room:
            room -= file.size
            taken.append({"name": file.name, "path": file.path})
        else:
            left += 1
    return taken, left


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
            **due_words(dues[recipient.unit_id], recipient.acknowledged),
            "unit": recipient.unit.name,
            "address": _answer_address().replace("TOKEN", links.sign(PURPOSE, link.nonce)),
        },
        common=common,
        attachments=list(files),
    )


def _shared(dispatch: Dispatch) -> dict[str, Any]:
    """Return what all letters of a dispatch say."""
    return {
        "issuer": dispatch.issuer.name,
        "campaign": dispatch.campaign.name,
        "number": dispatch.number,
        "day": f"{dispatch.day:%d/%m/%Y}",
        "subject": dispatch.subject,
        "body": dispatch.body,
        "contact": dispatch.issuer.contact,
    }


def due_words(dues: UnitDates, acknowledged: object) -> dict[str, Any]:
    """Return what a letter says of a unit's deadlines: by when the answer is due, and what is due later."""
    answer = dues.answer(acknowledged)
    later = [one for one in dues if one.day > answer.day]
    return {
        "deadline": f"{answer.day:%d/%m/%Y}",
        "late": answer.late,
        "later": [{"kind": one.kind, "day": f"{one.day:%d/%m/%Y}"} for one in later],
    }


def _passed_on(dispatch: Dispatch, by: Any, now: datetime) -> None:
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
    evidence: Kept | None = None,
) -> bool:
    """Note a step of a unit.

    Acknowledging and opening count once, and so does what is said with the same words again (a form that is
    sent twice): a second time changes nothing and gives False. Deploying acknowledges too.
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
    if not fresh and _was_said(recipient, kind, day=counted, user=user, note=note, evidence_sha256=digest):
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
    evidence: Kept | None = None,
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


def _was_said(recipient: Recipient, kind: StepKind, **words: Any) -> bool:
    """Return whether the unit's last step says just this."""
    last = Step.objects.filter(recipient=recipient).order_by("-pk").first()
    return last is not None and last.kind == kind and all(getattr(last, n) == v for n, v in words.items())


def _reach(recipient: Recipient, kind: StepKind, day: date) -> None:
    """Carry the step into the unit's participation: the first day counts."""
    columns = ["opened_on"]
    if kind != StepKind.OPENED:
        columns.append("informed_on")
    if kind == StepKind.DEPLOYED:
        columns.append("deployed_on")
    row = Participation.objects.filter(campaign=recipient.dispatch.campaign_id, unit=recipient.unit_id)
    for column in columns:
        row.filter(Q(**{column: None}) | Q(**{f"{column}__gt": day})).update(**{column: day})


def open_link(token: str) -> AnswerLink | None:
    """The unexpired link behind a token. A used one still shows its dispatch, and takes no second answer."""
    word = links.read(PURPOSE, token)
    found = AnswerLink.objects.filter(nonce=word or "", expires__gt=timezone.now())
    return found.select_related(
        "recipient__unit", "recipient__dispatch__campaign", "recipient__dispatch__issuer"
    ).first()


@transaction.atomic
def answer(link: AnswerLink, kind: StepKind, *, who: str, day: date | None, note: str) -> bool:
    """Use the link for one step; False when used meanwhile. An acknowledgement brings a link to deploy."""
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
    """Queue reminders with a fresh link each, once an occasion, else not just after another; how many."""
    chosen = [r for r in recipients if r.unit.email and r.deployed is None]
    if not occasion:
        since = timezone.now() - JUST_NOW
        recent = Letter.objects.filter(kind="reminder", created__gt=since).values_list("about", flat=True)
        done = set(recent) if chosen else set()
        chosen = [recipient for recipient in chosen if f"recipient:{recipient.pk}" not in done]
    occasion = occasion or timezone.localtime().strftime("%Y%m%d%H%M")
    found = deadlines.dates((one.dispatch.campaign, one.unit_id) for one in chosen)
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
    """Take the statement back; False when there is none. The unit stays informed, and is due again."""
    if not Recipient.objects.filter(pk=recipient.pk, deployed__isnull=False).update(deployed=None):
        return False
    words = {"who": who or str(by or ""), "note": reason, "user": user_of(by)}
    note_step(recipient, StepKind.WITHDRAWN, how, **words)
    _recount(recipient)
    record(by, "dispatch.withdrawn", recipient, recipient.unit, who=who, how=str(how), reason=reason[:500])
    return True


def _recount(recipient: Recipient) -> None:
    """Recompute the day of deployment from the statements that hold, over all dispatches of the campaign."""
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
