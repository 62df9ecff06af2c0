"""Other official papers: the dispatch with its form, the reminder of reports, minutes of cleaning.

Documents are Vietnamese, whatever language the pages are in.
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
from lamsach.letters.minutes import Cleaning, Contact, Done, minutes
from lamsach.letters.model import Document
from lamsach.portal.campaigns.models import Campaign, Dispatch
from lamsach.portal.cases.upkeep import policy, sightings_of
from lamsach.portal.letterheads import heads
from lamsach.portal.reports.consolidation import Line
from lamsach.portal.reports.documents import STATES
from lamsach.portal.reports.models import DONE
from lamsach.portal.units.models import Unit


def dispatch_paper(found: Dispatch) -> Document:
    """The dispatch as it goes out, with the blank form; before it is sent, to the issuer's children."""
    number, symbol = letters.number_and_symbol(found.number)
    issuer = found.issuer
    kept = heads.letterhead_of(issuer)
    if number is None and symbol.isdecimal() and heads.symbol(kept):  # "05": the letterhead has the rest
        number, symbol = int(symbol[:8]), ""
    names = list(found.recipients.order_by("unit__code").values_list("unit__name", flat=True)[:50])
    form = Filled(
        parse_form(found.campaign.form.definition),
        receiver=issuer.name,
        email=issuer.email,
        number=found.number or "        ",
        day=f"{found.day:%d/%m/%Y}",
        issuer=issuer.name,
    )
    return letters.dispatch(
        heads.head(issuer, number=number, symbol=symbol or heads.symbol(kept), day=found.day, given=kept),
        found.subject,
        found.body,
        letters.recipients(names, f"Các đơn vị trực thuộc {issuer.name}"),
        appendices=(form_appendix(form),),
        signature=heads.signature(kept),
        copies=heads.copies(kept),
        address=kept.address,
    )


def reminder_paper(campaign: Campaign, unit: Unit, lines: Iterable[Line], day: date) -> Document | None:
    """The reminder to those whose report is not there; None when all are."""
    owing = [
        letters.Owing(line.unit.name, line.due, STATES[line.state])
        for line in lines
        if line.newest is None or line.newest.state not in DONE
    ]
    if not owing:
        return None
    asked = (
        Dispatch.objects.filter(campaign=campaign, issuer=unit, sent__isnull=False).order_by("-pk").first()
    )
    contact = ", ".join(part for part in (unit.contact_name, unit.contact_phone, unit.email) if part)
    kept = heads.letterhead_of(unit)
    return letters.reminder(
        heads.head(unit, symbol=heads.symbol(kept), year=day.year, given=kept),
        campaign.name,
        owing,
        day,
        asked=f"Công văn số {asked.number} ngày {format_date(asked.day)}" if asked and asked.number else "",
        contact=contact,
        signature=heads.signature(kept),
        copies=heads.copies(kept),
        address=kept.address,
    )


def minutes_paper(case: Any, day: date, *, named: bool) -> Document:
    """The minutes of cleaning a case's machine. `named`: with what tells which machine and who uses it."""
    device = case.device
    facts = [
        ("Tên máy", device.name),
        ("Địa chỉ IP", device.ip),
        ("Địa chỉ MAC", device.mac),
        ("Phòng, ban", device.department),
    ]
    with translation.override("vi"):
        done = [
            Done(step.day, _said(step), step.who if named else "")
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
    kept = heads.letterhead_of(case.unit)
    symbol = heads.symbol(kept, heads.MINUTES)
    return minutes(
        cleaning,
        heads.head(case.unit, symbol=symbol, day=day, given=kept),
        day,
        position=kept.position,
        signer=kept.signer,
        authority=kept.authority,
    )


def _said(step: Any) -> str:
    words = str(step.get_after_display())
    said = f"{words}. {translation.gettext(step.why)}" if step.why else words
    return f"{said} Chưa thực hiện bước nào của quy trình: {step.unfollowed}" if step.unfollowed else said


def _contacts(seen: Iterable[Any]) -> list[Contact]:
    """One row an address, the most frequent first."""
    rows: dict[str, Contact] = {}
    for one in seen:
        held = rows.get(one.indicator)
        first = min(held.first, one.day) if held and held.first else one.day
        last = max(held.last, one.day) if held and held.last else one.day
        count = one.count + (held.count if held else 0)
        rows[one.indicator] = Contact(one.indicator, one.threat, count, first, last)
    return sorted(rows.values(), key=lambda row: (-row.count, row.address))
