"""Other official documents: dispatch with its form, reminder of reports, minutes of cleaning.

Documents are Vietnamese in any interface language.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils import translation

from lamsach.i18n import format_date
from lamsach.letters import dispatch as letters
from lamsach.letters.form import Filled, parse_form
from lamsach.letters.layout import form_appendix
from lamsach.letters.minutes import Cleaning, CleaningStep, Contact, minutes
from lamsach.letters.model import Document
from lamsach.portal.campaigns.models import Campaign, Dispatch
from lamsach.portal.cases.upkeep import policy, sightings_of
from lamsach.portal.letterheads import heads
from lamsach.portal.reports.consolidation import Line
from lamsach.portal.reports.documents import STATES
from lamsach.portal.reports.models import DONE
from lamsach.portal.units.models import Unit


def dispatch_paper(dispatch: Dispatch) -> Document:
    """The dispatch as sent, with the blank form; before sending, addressed to the issuer's children."""
    number, symbol = letters.number_and_symbol(dispatch.number)
    issuer = dispatch.issuer
    head = heads.letterhead_of(issuer)
    if number is None and symbol.isdecimal() and heads.symbol(head):  # "05", without symbol
        number, symbol = int(symbol[:8]), ""
    names = list(dispatch.recipients.order_by("unit__code").values_list("unit__name", flat=True)[:50])
    form = Filled(
        parse_form(dispatch.campaign.form.definition),
        receiver=issuer.name,
        email=issuer.email,
        number=dispatch.number or "        ",
        day=f"{dispatch.day:%d/%m/%Y}",
        issuer=issuer.name,
    )
    return letters.dispatch(
        heads.head(issuer, number=number, symbol=symbol or heads.symbol(head), day=dispatch.day, given=head),
        dispatch.subject,
        dispatch.body,
        letters.recipients(names, f"Các đơn vị trực thuộc {issuer.name}"),
        appendices=(form_appendix(form),),
        signature=heads.signature(head),
        copies=heads.copies(head),
        address=head.address,
    )


def reminder_paper(campaign: Campaign, unit: Unit, lines: Iterable[Line], day: date) -> Document | None:
    """Reminder to units whose report is missing; None if there are none."""
    owing = [
        letters.OwingUnit(line.unit.name, line.due, STATES[line.state])
        for line in lines
        if line.newest is None or line.newest.state not in DONE
    ]
    if not owing:
        return None
    dispatch = (
        Dispatch.objects.filter(campaign=campaign, issuer=unit, sent__isnull=False).order_by("-pk").first()
    )
    contact = ", ".join(part for part in (unit.contact_name, unit.contact_phone, unit.email) if part)
    head = heads.letterhead_of(unit)
    return letters.reminder(
        heads.head(unit, symbol=heads.symbol(head), year=day.year, given=head),
        campaign.name,
        owing,
        day,
        asked=f"Công văn số {dispatch.number} ngày {format_date(dispatch.day)}"
        if dispatch and dispatch.number
        else "",
        contact=contact,
        signature=heads.signature(head),
        copies=heads.copies(head),
        address=head.address,
    )


def minutes_paper(case: Any, day: date, *, named: bool) -> Document:
    """Minutes of cleaning a case's machine. `named`: with the identity of machine and user."""
    device = case.device
    facts = [
        ("Tên máy", device.name),
        ("Địa chỉ IP", device.ip),
        ("Địa chỉ MAC", device.mac),
        ("Phòng, ban", device.department),
    ]
    with translation.override("vi"):
        done = [
            CleaningStep(step.day, _step_text(step), step.who if named else "")
            for step in case.steps.select_related("user")
        ]
    cleaning = Cleaning(
        number=case.number,
        campaign=case.campaign.name,
        facts=facts if named else [],
        contacts=_contacts(sightings_of(case.campaign_id, case.device_id)),
        done=done,
        state=case.state,
        quiet=case.quiet,
        needed=policy(case.campaign).quiet_days,
        person=case.person_name if named else "",
    )
    head = heads.letterhead_of(case.unit)
    symbol = heads.symbol(head, heads.MINUTES)
    return minutes(
        cleaning,
        heads.head(case.unit, symbol=symbol, day=day, given=head),
        day,
        position=head.position,
        signer=head.signer,
        authority=head.authority,
    )


def _step_text(step: Any) -> str:
    words = str(step.get_after_display())
    text = f"{words}. {translation.gettext(step.why)}" if step.why else words
    return f"{text} Chưa thực hiện bước nào của quy trình: {step.unfollowed}" if step.unfollowed else text


def _contacts(seen: Iterable[Any]) -> list[Contact]:
    """One row per address, the most frequent first."""
    rows: dict[str, Contact] = {}
    for sighting in seen:
        row = rows.get(sighting.indicator)
        first = min(row.first, sighting.day) if row and row.first else sighting.day
        last = max(row.last, sighting.day) if row and row.last else sighting.day
        count = sighting.count + (row.count if row else 0)
        rows[sighting.indicator] = Contact(sighting.indicator, sighting.threat, count, first, last)
    return sorted(rows.values(), key=lambda contact: (-contact.count, contact.address))
