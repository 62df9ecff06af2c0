"""Regular tasks and jobs of exchange."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.portal.exchange import hooks, misp, online
from lamsach.portal.exchange.models import MispServer, Partner, Waiting
from lamsach.portal.jobs.queue import Progress, job, regular

regular("exchange.misp", timedelta(hours=1), long=True)(misp.push_all)

WAITING = timedelta(days=7)


@regular("exchange.webhooks", timedelta(seconds=5))
def webhooks() -> int:
    """Deliver queued events to webhooks; return how many arrived."""
    while hooks.spread():
        pass
    return hooks.deliver()


@regular("exchange.online", timedelta(minutes=10), long=True)
def online_partners() -> int:
    """Exchange files with connected partners; return the number of successes."""
    found = Partner.objects.filter(ended=None, online_by__isnull=False).exclude(url="")
    return sum(online.exchange(partner) for partner in found.select_related("unit", "online_by"))


@job("exchange.misp", long=True)
def misp_now(progress: Progress, server_id: int) -> dict[str, int | str]:
    """Push to a MISP server now."""
    result = misp.push(MispServer.objects.select_related("unit").get(pk=server_id))
    return {"added": result.added, "unknown": result.unknown, "problem": result.problem}


@regular("exchange.forget", timedelta(hours=12))
def forget() -> int:
    """Delete old deliveries and unconfirmed uploads; return their number."""
    old = Waiting.objects.filter(at__lt=timezone.now() - WAITING, done=None)
    for upload in old:
        default_storage.delete(upload.path)
    return old.update(done=timezone.now(), path="") + hooks.forget()
