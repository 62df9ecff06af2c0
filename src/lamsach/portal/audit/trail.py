"""Recording in the audit trail. Call `record` in the transaction of the act: both commit or neither."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from lamsach.portal.audit.models import Entry
from lamsach.portal.base.ratelimit import client_address


def user_of(by: HttpRequest | Any | None) -> Any:
    """Return the user of a request, or `by` itself if a user; None for programs and anonymous requests."""
    user = getattr(by, "user", by)
    return user if getattr(user, "pk", None) else None


def record(
    by: HttpRequest | Any | None,
    action: str,
    target: Any = None,
    unit: Any = None,
    who: str = "",
    user: Any = None,
    **details: Any,
) -> None:
    """Record an act `by` a request, a user or (None) the portal; `user` overrides the request's."""
    request = by if isinstance(by, HttpRequest) else None
    user = user or (getattr(request, "user", None) if request is not None else by)
    if isinstance(user, AnonymousUser):
        user = None
    Entry.objects.create(
        time=timezone.now(),
        user=user,
        who=(who or (user.email if user is not None else ""))[:254],
        address=client_address(request)[:64] if request is not None else "",
        action=action,
        object_type=target._meta.label_lower if target is not None else "",
        object_id=target.pk if target is not None else None,
        unit_id=unit.pk if unit is not None else None,
        details=details,
    )


@transaction.atomic
def end(
    row: Any, by: Any, action: str, column: str = "ended", clear: Iterable[str] = (), **details: Any
) -> bool:
    """End a unit's row by the time in `column`, empty the texts to `clear`, and record it; once."""
    rows = type(row)._default_manager.filter(**{"pk": row.pk, column: None})
    changed = bool(rows.update(**{column: timezone.now()}, **dict.fromkeys(clear, "")))
    if changed:
        record(by, action, row, row.unit, **details)
    return changed
