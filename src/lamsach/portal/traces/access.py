"""Access gate of traces: they name machines, so only members of the unit with a writing role."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from lamsach.portal.traces.models import Trace
from lamsach.portal.units.access import get_of_unit, own_units


def own_traces(user: Any) -> QuerySet[Trace]:
    """Traces of the user's own units."""
    return Trace.objects.filter(unit__in=own_units(user)).select_related("unit", "job")


def get_trace(user: Any, trace_id: int) -> Trace:
    """Return a trace, for members of its unit. Http404, PermissionDenied."""
    rows = Trace.objects.filter(pk=trace_id).select_related("unit", "job")
    return get_of_unit(user, rows, own=True)
