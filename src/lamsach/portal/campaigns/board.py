"""Coordinator's board: progress of all units, call list, reminders, export."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamsach.documents.spreadsheets import text_cell
from lamsach.i18n import mark
from lamsach.portal.audit.trail import record
from lamsach.portal.base.charts import Branch, Part, bar, branch_cells
from lamsach.portal.base.doors import member
from lamsach.portal.base.lists import Below, Cell, Link, Listing, Quiet, State, Ticks, paged
from lamsach.portal.base.parameters import numbers
from lamsach.portal.base.roles import ALL, COORDINATORS, WRITERS
from lamsach.portal.base.uploads import attachment
from lamsach.portal.campaigns import access, dispatches
from lamsach.portal.campaigns.checks import last_reminded, remind_after_check
from lamsach.portal.campaigns.models import Campaign, Recipient
from lamsach.portal.campaigns.tally import branches, counts, late_on
from lamsach.portal.mail.models import BadAddress
from lamsach.portal.units.access import (
    matching,
    may_act,
    readable_above,
    unit_in_address,
    writable_units,
)
from lamsach.portal.units.models import FOREVER, Unit
from lamsach.portal.units.tree import ancestors, descendants, today
from lamsach.results.safe_text import visible_line

STEPS = (
    ("reported", "good", gettext_lazy("reported")),
    ("deployed", "info", gettext_lazy("deployed, not reported")),
    ("informed", "busy", gettext_lazy("acknowledged, not deployed")),
    ("late", "bad", gettext_lazy("late")),
    ("silent", "none", gettext_lazy("not reached")),
)
"""Parts of a branch's bar: key of `branches`, tone, text."""
SHEET = (
    (gettext_lazy("Unit code"), "code", 16),
    (gettext_lazy("Unit"), "name", 60),
    (gettext_lazy("Contact person"), "contact_name", 28),
    (gettext_lazy("Phone"), "contact_phone", 18),
    (gettext_lazy("E-mail"), "email", 32),
    (gettext_lazy("Sent"), "sent_on", 12),
    (gettext_lazy("Opened"), "opened_on", 12),
    (gettext_lazy("Acknowledged"), "informed_on", 12),
    (gettext_lazy("Deployed"), "deployed_on", 12),
    (gettext_lazy("Acknowledge by"), "acknowledge_due", 12),
    (gettext_lazy("Deploy by"), "deploy_due", 12),
    (gettext_lazy("Report by"), "report_due", 12),
)
"""Columns of the exported board: heading, attribute of the row, width in characters."""


def _answer(row: Any) -> Any:
    for tone, words, name in (
        ("good", _("deployed"), "deployed_on"),
        ("info", _("acknowledged"), "informed_on"),
        ("busy", _("opened"), "opened_on"),
        ("none", _("sent"), "sent_on"),
    ):
        if day := getattr(row, name):
            return State(tone, words), day
    return (State("none", _("not sent to yet")),)


def _contact(row: Unit) -> Any:
    phone = row.contact_phone and Link(row.contact_phone, f"tel:{row.contact_phone}")
    return row.contact_name, phone, Quiet(row.email)


def _dates(row: Any) -> str:
    days = (row.acknowledge_due, row.deploy_due, row.report_due)
    return ", ".join(f"{day:%d/%m/%Y}" for day in days) if row.report_due else ""


BRANCHES = Listing(
    title="Who has answered",
    cells=branch_cells(
        mark("Units in it"),
        [words for _name, _tone, words in STEPS],
        "",
        Cell("State", lambda row: _answer(row.unit), css="wide"),
    ),
    empty="No unit here.",
    css="branches",
    template="campaigns/board.html",
)
UNITS = Listing(
    title="Who has answered",
    cells=(
        Cell("Unit", lambda row: (row.name, Quiet(row.code)), "name", view="web:unit"),
        Cell("Contact", _contact),
        Cell("State", lambda row: (_answer(row), row.reminded and Below(_("reminded")), row.reminded)),
        Cell("Deadlines: acknowledge, deploy, report", _dates, "report_due"),
    ),
    empty="No unit here.",
    ticks=Ticks("unit", Cell("", "name")),
    template="campaigns/board.html",
)


def filtered(campaign: Campaign, unit: Unit, state: str, search: str = "") -> QuerySet[Unit]:
    """Units below a unit in one state today, or its direct children without state and search."""
    day = today()
    chosen = descendants(unit) if state or search else Unit.objects.filter(parent=unit, valid_until=FOREVER)
    rows = (
        chosen.exclude(pk=unit.pk)
        .annotate(p=FilteredRelation("participations", condition=Q(participations__campaign=campaign)))
        .annotate(**{name: F(f"p__{name}") for _label, name, _width in SHEET[5:]})
    )
    conditions = {
        "missing": Q(p__sent_on=None),
        "silent": Q(p__sent_on__lte=day, p__informed_on=None),
        "informed": Q(p__informed_on__lte=day, p__deployed_on=None),
        "deployed": Q(p__deployed_on__lte=day),
        "late": late_on(day),
        "unreachable": (Q(email="") | Q(address__in=BadAddress.objects.values("address")))
        & Q(p__informed_on=None),
    }
    if state == "unreachable":
        rows = rows.annotate(address=Lower("email"))
    if state in conditions:
        rows = rows.filter(conditions[state])
    if search:
        rows = rows.filter(matching(search))
    return rows.order_by("code")


def _bar(counted: Collection[Mapping[str, int]]) -> list[Part]:
    return bar(Part(tone, words, sum(row.get(name, 0) for row in counted)) for name, tone, words in STEPS)


@member(ALL, WRITERS, ("GET",))
def board(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The tree with its counts, or the units in one state."""
    campaign = access.get_campaign(request.user, campaign_id)
    unit = unit_in_address(request, campaign.owner)
    state, search = request.GET.get("state", ""), request.GET.get("q", "").strip()
    context: dict[str, Any] = {
        "campaign": campaign,
        "unit": unit,
        "above": readable_above(request.user, ancestors(unit)),
        "state": state,
        "search": search,
        "counts": counts(campaign, unit.pk),
        "may_tick": may_act(request.user, unit.pk, COORDINATORS) and state not in ("deployed", "missing"),
    }
    part = "campaigns/board_rows.html" if request.headers.get("HX-Target") == "rows" else ""
    units = filtered(campaign, unit, state, search)
    if not state and not search:
        steps = branches(campaign, unit.pk)
        context["whole"] = _bar(steps.values())
        rows = [Branch(child, _bar([steps.get(child.pk, {})])) for child in units]
        return BRANCHES.page(request, rows, context, part)
    page = paged(request, UNITS.chosen(request.GET, units))
    reminded = last_reminded(campaign, [row.pk for row in page])
    for row in page:
        row.reminded = reminded.get(row.pk)
    return UNITS.page(request, page, context, part)


@member(COORDINATORS, COORDINATORS, ("POST",))
def remind(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Remind ticked units, or `all` in a state, of their newest dispatch; without ticks, nobody."""
    campaign = access.get_campaign(request.user, campaign_id)
    unit = unit_in_address(request, campaign.owner)
    wanted = Recipient.objects.filter(
        dispatch__campaign=campaign,
        dispatch__sent__isnull=False,
        deployed=None,
        unit__in=writable_units(request.user, COORDINATORS),
    )
    if request.POST.get("all") == "yes":
        wanted = wanted.filter(
            unit__in=filtered(campaign, unit, request.GET.get("state") or "late").values("pk")
        )
    else:
        wanted = wanted.filter(unit__in=numbers(request.POST, "unit", 1000))
    back = reverse("campaigns:board", args=(campaign_id,)) + (
        f"?{request.GET.urlencode()}" if request.GET else ""
    )
    newest: dict[int, Recipient] = {}
    for recipient in wanted.select_related("unit", "dispatch__issuer", "dispatch__campaign").order_by("pk"):
        newest[recipient.unit_id] = recipient
    units = sorted((copy.unit for copy in newest.values()), key=lambda copy: copy.code)

    def send() -> int:
        return dispatches.remind(newest.values(), request.user)

    return remind_after_check(request, campaign, units, back, send)


@member(ALL, WRITERS, ("GET",))
def export(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Export the board's units as XLSX."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    campaign = access.get_campaign(request.user, campaign_id)
    unit = unit_in_address(request, campaign.owner)
    record(request, "board.exported", campaign, unit)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Lamsach")
    sheet.freeze_panes = "A2"
    for index, (_label, _name, width) in enumerate(SHEET):
        sheet.column_dimensions[chr(ord("A") + index)].width = width
    sheet.append([str(label) for label, _name, _width in SHEET])

    def cell(value: Any) -> Any:
        if isinstance(value, str):
            return text_cell(sheet, visible_line(value))
        date_cell = WriteOnlyCell(sheet, value=value)
        date_cell.number_format = "DD/MM/YYYY"
        return date_cell

    rows = filtered(campaign, unit, request.GET.get("state") or "all", request.GET.get("q", "").strip())
    for row in rows.iterator(chunk_size=2000):
        sheet.append([cell(getattr(row, name)) for _label, name, _width in SHEET])
    buffer = io.BytesIO()
    book.save(buffer)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return attachment(buffer.getvalue(), f"board-{campaign.pk}.xlsx", kind)
