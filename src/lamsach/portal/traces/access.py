"""The one gate to traces: they name machines, so only the unit's own people with a writing role."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from lamsach.portal.findings.access import own_units, uploading_units
from lamsach.portal.traces.models import Trace
from lamsach.portal.units.access import readable_units
from lamsach.portal.units.models import Unit


def tracing_units(user: Any) -> QuerySet[Unit]:
    """The units that the person may trace for."""
    return uploading_units(user).filter(pk__in=own_units(user))


def own_traces(user: Any) -> QuerySet[Trace]:
    """The traces of the person's own units."""
    return Trace.objects.filter(unit__in=own_units(user)).select_related("unit", "job")


def get_trace(user: Any, trace_id: int) -> Trace:
    """A trace, for those who belong to its unit."""
    found = Trace.objects.filter(pk=trace_id, unit__in=readable_units(user)).select_related("unit", "job")
    trace = get_object_or_404(found)
    if trace.unit_id not in own_units(user):
        raise PermissionDenied
    return trace
