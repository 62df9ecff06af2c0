"""Access gate of malware reports: people of the unit itself, since a report may name its machines."""

from __future__ import annotations

from typing import Any

from lamsach.portal.avreports.models import AvReport, Plan
from lamsach.portal.units.access import get_of_unit, get_own_unit


def get_plan(user: Any, unit_id: int) -> Plan:
    """Return the plan of an own unit; an unsaved, inactive one if it has none."""
    unit = get_own_unit(user, unit_id)
    return Plan.objects.filter(unit=unit).select_related("unit").first() or Plan(unit=unit)


def get_report(user: Any, report_id: int) -> AvReport:
    """Return a report of an own unit."""
    rows = AvReport.objects.filter(pk=report_id).select_related("unit", "made_by")
    return get_of_unit(user, rows, own=True)
