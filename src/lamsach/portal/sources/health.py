"""Health endpoints: `/health`, `/ready` (database, schema), `/metrics` (Prometheus text 0.0.4)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from lamsach.portal.base.doors import anyone
from lamsach.portal.base.ratelimit import client_address
from lamsach.portal.findings.models import Bundle
from lamsach.portal.jobs.models import Clock, Job, JobState
from lamsach.portal.mail.models import Letter
from lamsach.portal.sources.models import Collector, LogSource

_PLAIN = "text/plain; charset=utf-8"


@anyone("GET")
def health(request: HttpRequest) -> HttpResponse:
    """Answer while the process is alive, for supervisors."""
    return HttpResponse("ok\n", content_type=_PLAIN)


@anyone("GET")
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 if the database is reachable with this version's schema, for load balancers."""
    try:
        executor = MigrationExecutor(connection)
        behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return HttpResponse("database\n", status=503, content_type=_PLAIN)
    if behind:
        return HttpResponse("schema\n", status=503, content_type=_PLAIN)
    return HttpResponse("ready\n", content_type=_PLAIN)


@anyone("GET")
def metrics(request: HttpRequest) -> HttpResponse:
    """Serve metrics to requests with the token of LAMSACH_METRICS_TOKEN. Http404."""
    if not _may_see(request):
        raise Http404
    return HttpResponse("".join(_lines()), content_type="text/plain; version=0.0.4; charset=utf-8")


_BY_PROXY = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def _may_see(request: HttpRequest) -> bool:
    """Allow by token; without a configured one only local requests on a portal without proxy."""
    if token := settings.METRICS_TOKEN:
        shown = request.headers.get("Authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    if settings.PROXIES or any(name in request.headers for name in _BY_PROXY):
        return False
    named = (f"//{request.get_host()}", settings.PUBLIC_URL or "//localhost")
    return all(map(_is_here, (client_address(request), *(urlsplit(url).hostname or "" for url in named))))


def _is_here(place: str) -> bool:
    try:
        return place == "localhost" or ip_address(place).is_loopback
    except ValueError:
        return False


def _lines() -> Iterator[str]:
    yield from _family("lamsach_jobs", "Jobs by state.", "state", _states(Job))
    yield from _family("lamsach_letters", "Letters by state.", "state", _states(Letter))
    yield from _family("lamsach_bundles", "Findings bundles by state.", "state", _states(Bundle))
    waiting = Job.objects.filter(state=JobState.QUEUED).aggregate(first=Min("created"))["first"]
    yield from _gauge(
        "lamsach_oldest_waiting_job_seconds", "Age of the oldest job that waits.", _age(waiting)
    )
    last = Clock.objects.filter(name="sources.lists").values_list("last", flat=True).first()
    yield from _gauge("lamsach_worker_idle_seconds", "Since a worker last turned.", _age(last))
    yield from _gauge("lamsach_collectors", "Collectors known.", Collector.objects.count())
    silent = LogSource.objects.filter(silent_since__isnull=False).count()
    yield from _gauge("lamsach_sources", "Sources known.", LogSource.objects.count())
    yield from _gauge("lamsach_sources_silent", "Sources that are silent.", silent)


def _states(model: type[Job] | type[Letter] | type[Bundle]) -> dict[str, int]:
    rows = model._default_manager.order_by().values_list("state").annotate(number=Count("pk"))
    return dict(rows)


def _age(moment: datetime | None) -> float:
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else 0.0


def _family(name: str, words: str, label: str, values: dict[str, int]) -> Iterator[str]:
    yield f"# HELP {name} {words}\n# TYPE {name} gauge\n"
    for value, number in sorted(values.items()):
        yield f'{name}{{{label}="{value}"}} {number}\n'


def _gauge(name: str, words: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {words}\n# TYPE {name} gauge\n{name} {value:g}\n"
