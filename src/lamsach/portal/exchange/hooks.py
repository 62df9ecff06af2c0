"""Webhooks after the Standard Webhooks specification.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

A step of a case adds a `Happening` in the same transaction, so that none is lost or invented. The worker
makes a delivery for each webhook of the unit and of the units above, and posts it, signed; until the address
answers with 2xx it is retried with growing pauses, then given up. An event may arrive twice (after a killed
worker), with the same `webhook-id`. Bodies carry numbers and codes of cases, never names or addresses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.portal.audit.trail import record, user_of
from lamsach.portal.cases.models import Step
from lamsach.portal.exchange import outbound
from lamsach.portal.exchange.models import Delivery, DeliveryState, Happening, Webhook
from lamsach.portal.exchange.unit_keys import lock, unlock
from lamsach.portal.jobs.claims import claim_each, moment, pause
from lamsach.portal.units.models import FOREVER, Unit, UnitLink

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Pause after each failed attempt (the specification's example); then the delivery is given up."""
RUN_S = 15.0
BATCH = 200
KEPT = timedelta(days=30)
OVERLAP = timedelta(days=1)
"""Period in which a replaced secret still signs."""
CACHE_S = 5.0
_PREFIX = "whsec_"
_known: dict[str, float | bool] = {"until": 0.0, "any": False}


@transaction.atomic
def make(unit: Unit, url: str, by: Any) -> tuple[Webhook, str]:
    """Make a webhook; return it and its secret, shown once. InputError for a forbidden address."""
    outbound.check(url)
    secret = _secret()
    made = Webhook.objects.create(unit=unit, url=url, secret=lock(secret), created_by=user_of(by))
    record(by, "webhook.made", made, unit, url=url)
    _known["until"] = 0.0
    return made, secret


def _secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


@transaction.atomic
def renew(hook: Webhook, by: Any) -> str:
    """Return a new secret, shown once; the former one also signs for a day."""
    held = Webhook.objects.select_for_update(no_key=True).get(pk=hook.pk)
    secret = _secret()
    Webhook.objects.filter(pk=hook.pk).update(
        secret=lock(secret), former=held.secret, former_until=timezone.now() + OVERLAP
    )
    record(by, "webhook.renewed", hook, hook.unit)
    return secret


def _valid(hook: Webhook) -> list[str]:
    """Secrets that sign now, the newest first."""
    former = hook.former_until is not None and hook.former_until > timezone.now()
    return [unlock(hook.secret), *([unlock(hook.former)] if former else [])]


def on_step(sender: Any, instance: Step, created: bool, raw: bool = False, **options: Any) -> None:
    """Queue a new step of a case, if any webhook is active."""
    if created and not raw and _any():
        Happening.objects.create(step=instance)


def _any() -> bool:
    """Return whether any webhook is active; cached for seconds, since an import adds many steps."""
    now = time.monotonic()
    if now >= _known["until"]:
        _known["any"] = Webhook.objects.filter(ended=None).exists()
        _known["until"] = now + CACHE_S
    return bool(_known["any"])


def event(step: Step) -> dict[str, Any]:
    """Build the event of a step."""
    case = step.case
    return {
        "type": "case.opened" if not step.before else "case.changed",
        "timestamp": step.at.isoformat(),
        "data": {
            "number": case.number,
            "unit": case.unit.code,
            "campaign": case.campaign_id,
            "before": step.before,
            "after": step.after,
            "found_by_rules": step.computed,
            "severity": case.severity,
            "threat": case.threat,
        },
    }


@transaction.atomic
def spread() -> int:
    """Make deliveries of queued steps; return their number."""
    rows = Happening.objects.select_related("step__case__unit").order_by("pk")[:BATCH]
    found = list(rows)
    if not found:
        return 0
    now = moment()
    units = {row.step.case.unit_id for row in found}
    links = UnitLink.objects.filter(descendant__in=units, valid_until=FOREVER)
    above: dict[int, set[int]] = {}
    for ancestor, descendant in links.values_list("ancestor_id", "descendant_id"):
        above.setdefault(descendant, set()).add(ancestor)
    hooks = list(Webhook.objects.filter(ended=None))
    made = [
        Delivery(
            webhook=hook,
            key=f"step-{row.step_id}-{hook.pk}",
            body=json.dumps(event(row.step), ensure_ascii=False, sort_keys=True),
            next_attempt=now,
        )
        for row in found
        for hook in hooks
        if hook.unit_id in above.get(row.step.case.unit_id, set()) and row.step.at >= hook.created
    ]
    Delivery.objects.bulk_create(made, ignore_conflicts=True)
    Happening.objects.filter(pk__in=[row.pk for row in found]).delete()
    return len(made)


def ping(hook: Webhook) -> Delivery:
    """Queue an event without content, to try the address."""
    now = moment()
    body = {"type": "ping", "timestamp": now.isoformat(), "data": {"unit": hook.unit.code}}
    key = f"ping-{secrets.token_hex(8)}-{hook.pk}"
    return Delivery.objects.create(webhook=hook, key=key, body=json.dumps(body), next_attempt=now)


def deliver() -> int:
    """Post due deliveries for at most `RUN_S`; return how many arrived. A failing address is skipped."""
    stop = time.monotonic() + RUN_S
    failing: set[int] = set()

    def post(found: Delivery) -> bool:
        arrived = _post(found)
        if not arrived:
            failing.add(found.webhook_id)
        return arrived

    return claim_each(
        Delivery.objects.filter(state=DeliveryState.WAITING, next_attempt__lte=moment(), webhook__ended=None)
        .select_related("webhook")
        .order_by("next_attempt", "pk"),
        post,
        hold=partial(pause, pauses=PAUSES),
        free=lambda found: found.webhook_id not in failing and time.monotonic() < stop,
    )


def headers(key: str, body: str, valid: Sequence[str], at: datetime) -> dict[str, str]:
    """Build the webhook headers: HMAC-SHA256 over `id.timestamp.body` with each secret."""
    stamp = str(int(at.timestamp()))
    signatures = []
    for secret in valid:
        raw = base64.b64decode(secret.removeprefix(_PREFIX))
        digest = hmac.new(raw, f"{key}.{stamp}.{body}".encode(), hashlib.sha256).digest()
        signatures.append("v1," + base64.b64encode(digest).decode())
    return {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": " ".join(signatures)}


def _post(found: Delivery) -> bool:
    try:
        sent: Mapping[str, str] = headers(found.key, found.body, _valid(found.webhook), timezone.now())
        answer = outbound.post(found.webhook.url, found.body.encode(), sent)
        problem = "" if 200 <= answer.status < 300 else str(answer.status)
    except LamsachError as error:
        problem = error.what[:300]
    row = Delivery.objects.filter(pk=found.pk)
    if not problem:
        row.update(state=DeliveryState.DONE, delivered=timezone.now(), problem="")
        return True
    given_up = found.attempts > len(PAUSES)
    row.update(problem=problem, state=DeliveryState.GIVEN_UP if given_up else DeliveryState.WAITING)
    return False


def retry(hook: Webhook) -> int:
    """Reschedule waiting and given-up deliveries; return their number."""
    rows = Delivery.objects.filter(webhook=hook).exclude(state=DeliveryState.DONE)
    return rows.update(state=DeliveryState.WAITING, attempts=0, next_attempt=moment())


def forget() -> int:
    """Delete old deliveries; return their number."""
    old = Delivery.objects.filter(created__lt=timezone.now() - KEPT).exclude(state=DeliveryState.WAITING)
    return old.delete()[0]
