"""Access gate of traces: they name machines, so only members of the unit with a writing role."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from lamsach.portal.findings.access import own_units
from lamsach.portal.traces.models import Trace
from lamsach.portal.units.access import readable_units


def own_traces(user: Any) -> QuerySet[Trace]:
    """Traces of the user's own units."""
    return Trace.objects.filter(unit__in=own_units(user)).select_related("unit", "job")


def get_trace(user: Any, trace_id: int) -> Trace:
    """Return a trace, for members of its unit. Http404, PermissionDenied."""
    found = Trace.objects.filter(pk=trace_id, unit__in=readable_units(user)).select_related("unit", "job")
    trace = get_object_or_404(found)
    if trace.unit_id not in own_units(user):
        raise PermissionDenied
    return trace
