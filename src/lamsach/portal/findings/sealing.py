"""A device whose names were purged is told again by keyed digests of them: who has the database alone learns no address from these, and an old log that is searched again,
or a reinfection months later, finds the case that was there and counts nothing twice."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings

from lamsach.portal.findings.models import Identity, IdentityKind

_PURPOSE = "lamsach.findings.identity/1"
_MARK = "~"


def sealed(kind: str, value: str) -> str:
    """The digest that stands for a value: HMAC-SHA256 with the portal's secret key."""
    said = f"{_PURPOSE}\n{kind}\n{value}".encode()
    return _MARK + hmac.new(settings.SECRET_KEY.encode(), said, hashlib.sha256).hexdigest()


def seal(devices: Iterable[int]) -> None:
    """Put digests in place of the values by which these devices are told again. A hunt's own key, often an address that others bear later, goes."""
    rows = Identity.objects.filter(device__in=list(devices))
    rows.filter(kind=IdentityKind.KEY).delete()
    for row in rows.exclude(value__startswith=_MARK):
        digest = sealed(row.kind, row.value)
        if Identity.objects.filter(
            unit=row.unit_id, kind=row.kind, value=digest, device=row.device_id
        ).exists():
            row.delete()
        else:
            Identity.objects.filter(pk=row.pk).update(value=digest)
